/** Options that nobody knows: most often misspelt ones. */
import { CLIENT, CLIENT_LOCAL, LOCAL, SESSION } from "./generated/options.js";
import type { SessionHooks } from "./types/hooks.js";

const OF_SESSIONS: ReadonlySet<string> = new Set([...Object.keys(SESSION), ...LOCAL, "extra"]);
const OF_CLIENTS: ReadonlySet<string> = new Set([...Object.keys(CLIENT), ...CLIENT_LOCAL]);
const HOOKS: ReadonlySet<string> = new Set(
  Object.keys({
    onPreToolUse: true,
    onPreMcpToolCall: true,
    onPostToolUse: true,
    onPostToolUseFailure: true,
    onUserPromptSubmitted: true,
    onSessionStart: true,
    onSessionEnd: true,
    onErrorOccurred: true,
    onUserPromptTransformed: true,
    onAgentStop: true,
    onSubagentStart: true,
    onSubagentStop: true,
  } satisfies Record<keyof SessionHooks, true>),
);
/** Options of clients in older packages, and what to do instead. */
const REPLACED: Readonly<Record<string, string>> = {
  cliPath: "use connection: RuntimeConnection.forStdio({ path })",
  cliArgs: "use connection: RuntimeConnection.forStdio({ args })",
  cliUrl: "use connection: RuntimeConnection.forUri(url)",
  port: "use connection: RuntimeConnection.forTcp({ port })",
  useStdio: "use connection: RuntimeConnection.forStdio() or forTcp()",
  tcpConnectionToken: "use connection: RuntimeConnection.forTcp({ connectionToken })",
  cwd: "use workingDirectory",
  copilotHome: "use baseDirectory",
  githubToken: "use gitHubToken",
  autoStart: "a client starts with its first session",
  autoRestart: "start() makes a new connection after one was lost",
};
const told = new Set<string>();

/** Warns once of each option of a session that has no effect, with the nearest one that has. */
export function warnOfUnknown(config: object): void {
  for (const name of unknown("session", config, OF_SESSIONS)) {
    const hint = `did you mean "${nearest(name, OF_SESSIONS)}"?`;
    tell(
      `the session option "${name}" is not known and has no effect; ${hint} ` +
        "What a newer runtime takes can be given as a member of `extra`.",
    );
  }
  for (const name of unknown("hook", config["hooks" as never] ?? {}, HOOKS)) {
    tell(`hooks: "${name}" is not the name of a hook; did you mean "${nearest(name, HOOKS)}"?`);
  }
}

/** The same for options of a client; for those of older packages it says what to do instead. */
export function warnOfUnknownClient(options: object): void {
  for (const name of unknown("client", options, OF_CLIENTS)) {
    const replaced = REPLACED[name];
    const hint = replaced ?? `did you mean "${nearest(name, OF_CLIENTS)}"?`;
    tell(`the client option "${name}" is not known and has no effect; ${hint}`);
  }
}

/** Names that are given and not known, each the first time only. What is undefined was not given. */
function unknown(of: string, given: object, known: ReadonlySet<string>): string[] {
  return Object.keys(given).filter((name) => {
    if (known.has(name) || name.startsWith("_") || given[name as never] === undefined) return false;
    const key = `${of} ${name}`;
    return !told.has(key) && told.add(key);
  });
}

function tell(text: string): void {
  process.emitWarning(text, "CopilotOptionWarning");
}

function nearest(name: string, names: ReadonlySet<string>): string {
  const byDistance = Array.from(names, (known) => ({
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
