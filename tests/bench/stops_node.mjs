// How long stopping takes, with nothing but what the official package has too. The plan is in the environment; see README.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.env.BENCH_NODE_PACKAGE;
const entry = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).exports["."].import;
const { CopilotClient, RuntimeConnection, approveAll } = await import(
  pathToFileURL(join(folder, entry.default ?? entry)).href
);
const provider = { type: "openai", baseUrl: process.env.STOPS_MODEL, apiKey: "none" };

/** Milliseconds that one stop takes. */
async function one(force, withSession) {
  const client = new CopilotClient({ connection: RuntimeConnection.forStdio({ path: process.env.STOPS_RUNTIME }) });
  await client.start();
  if (withSession) {
    const session = await client.createSession({
      onPermissionRequest: approveAll,
      model: "scripted",
      provider,
      streaming: true,
    });
    await session.sendAndWait({ prompt: "hello" });
  }
  const start = performance.now();
  await (force ? client.forceStop() : client.stop());
  return performance.now() - start;
}

const report = { stop: [], session: [], force: [] };
for (let round = 0; round < Number(process.env.STOPS_ROUNDS); round++) {
  report.stop.push(await one(false, false));
  report.session.push(await one(false, true));
  report.force.push(await one(true, true));
}
console.log(JSON.stringify(report));
process.exit(0);
