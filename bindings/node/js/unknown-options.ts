/** Options that nobody knows: most often misspelt ones. */
import { LOCAL, SESSION } from "./generated/options.js";

const KNOWN = [...Object.keys(SESSION), ...LOCAL, "extra"];
const told = new Set<string>();

/** Warns once of each option of a session that has no effect, with the nearest one that has. */
export function warnOfUnknown(config: object): void {
  for (const name of Object.keys(config)) {
    if (KNOWN.includes(name) || name.startsWith("_") || told.has(name)) continue;
    told.add(name);
    process.emitWarning(
      `the session option "${name}" is not known and has no effect; did you mean "${nearest(name)}"? ` +
        "What a newer runtime takes can be given as a member of `extra`.",
      "CopilotOptionWarning",
    );
  }
}

function nearest(name: string): string {
  const byDistance = KNOWN.map((known) => ({
    known,
    far: distance(name.toLowerCase(), known.toLowerCase()),
  }));
  return byDistance.reduce((best, next) => (next.far < best.far ? next : best)).known;
}

/** How many letters must be changed, added or taken away. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const letter of a) {
    const next = [(row[0] ?? 0) + 1];
    for (let at = 1; at <= b.length; at += 1) {
      const changed = (row[at - 1] ?? 0) + (letter === b[at - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
