// Runs the conformance cases through the public API of the Node package.
//
//   node run.mjs [--level smoke|full|stress] [--runtime fake|real] [--cases DIRECTORY] [NAME…]
//
// Programs: COPILOT_FAKE_RUNTIME and COPILOT_SCRIPTED_MODEL (else looked for in the cargo target directory), COPILOT_CLI_PATH for
// the real runtime; without it, real cases are skipped. The package is the one in bindings/node, or COPILOT_NATIVE_PACKAGE.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { Case } from "./verbs.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    level: { type: "string", default: process.env.CONFORMANCE_LEVEL ?? "full" },
    runtime: { type: "string", default: process.env.CONFORMANCE_RUNTIME ?? "all" },
    cases: { type: "string", default: join(here, "..", "cases") },
  },
});

const entry = process.env.COPILOT_NATIVE_PACKAGE ?? join(root, "bindings", "node", "dist", "index.js");
const sdk = await import(pathToFileURL(entry).href);

function program(variable, name) {
  if (process.env[variable]) return process.env[variable];
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const found = ["release", "debug"].map((profile) => join(target, profile, name)).find(existsSync);
  if (!found) throw new Error(`${name} is not built; set ${variable}`);
  return found;
}

/** Starts a helper and reads the address from its first line. */
export async function startHelper(command, args, pattern, env = process.env) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env });
  for await (const line of createInterface({ input: child.stdout })) {
    const found = line.match(pattern);
    if (found) return { child, address: found[1] };
  }
  throw new Error(`${command} ended without saying where it listens`);
}

/** Runs one case with one runtime; resolves with the reason of its failure. */
async function run(definition, runtime) {
  const home = mkdtempSync(join(tmpdir(), "copilot-case-"));
  const fake = program("COPILOT_FAKE_RUNTIME", "copilot-fake-runtime");
  const library = program("COPILOT_FAKE_LIBRARY", "libcopilot_fake_runtime.so");
  const one = new Case({ sdk, definition, runtime, home, fake, library, startHelper });
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("takes over 60 s")), 60_000);
  });
  try {
    if (runtime === "real") {
      const script = ["--script-json", JSON.stringify(definition.model ?? [])];
      await one.startModel(program("COPILOT_SCRIPTED_MODEL", "copilot-scripted-model"), script);
    }
    await Promise.race([one.steps(definition.steps), limit]);
    const failure = definition.allow_failures
      ? undefined
      : one.recording().find((line) => line.dir === "failure");
    if (failure) throw new Error(`recorded failure: ${failure.text}`);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
    await one.cleanUp();
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const LACKING = JSON.parse(readFileSync(join(here, "..", "surfaces.json"), "utf8")).node;

/** Adds a line to the report that the parity table is made of. */
function note(definition, runtime, status, reason) {
  if (!process.env.CONFORMANCE_REPORT) return;
  const name =
    runtime === "real" && definition.runtime.length > 1 ? `${definition.name}@real` : definition.name;
  const line = { surface: "node", case: name, status, ...(reason && { reason }) };
  appendFileSync(process.env.CONFORMANCE_REPORT, `${JSON.stringify(line)}\n`);
}

process.on("unhandledRejection", (error) => {
  counts.failed += 1;
  console.log(`FAIL unhandled rejection: ${error?.stack ?? error}`);
});

for (const file of readdirSync(options.cases).sort()) {
  const definition = JSON.parse(readFileSync(join(options.cases, file), "utf8"));
  if (wanted.length > 0 ? !wanted.includes(definition.name) : !definition.levels.includes(options.level))
    continue;
  for (const runtime of definition.runtime) {
    if (options.runtime !== "all" && options.runtime !== runtime) continue;
    const label = `${definition.name} (${runtime})`;
    const missing = definition.features.filter((feature) => feature in LACKING);
    if (missing.length > 0 || (runtime === "real" && !process.env.COPILOT_CLI_PATH)) {
      counts.skipped += 1;
      const reason = missing.length > 0 ? `needs ${missing.join(", ")}` : "no COPILOT_CLI_PATH";
      note(definition, runtime, "skip", reason);
      console.log(`skip ${label}: ${reason}`);
      continue;
    }
    const begun = performance.now();
    const failure = await run(definition, runtime);
    const took = `${((performance.now() - begun) / 1000).toFixed(2)} s`;
    counts[failure ? "failed" : "passed"] += 1;
    note(definition, runtime, failure ? "fail" : "pass", failure && String(failure.message ?? failure));
    console.log(
      failure ? `FAIL ${label} ${took}\n     ${failure.stack ?? failure}` : `ok   ${label} ${took}`,
    );
  }
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
