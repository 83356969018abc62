/** The package works however it is loaded. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Format } from "esbuild";
import { describe, expect, it } from "vitest";

import { DIST_CJS, DIST_URL, newDirectory, runNode } from "./peers.js";

const PACKAGE = join(import.meta.dirname, "..");

const BODY = `
  const client = new CopilotClient({ connection: RuntimeConnection.forStdio({ path: process.env.FAKE }) });
  client.start().then(() => client.ping("x")).then(({ message }) => console.log(message)).then(() => client.stop());
`;
const ESM = `import { CopilotClient, RuntimeConnection } from ${JSON.stringify(DIST_URL)};\n${BODY}`;
const CJS = `const { CopilotClient, RuntimeConnection } = require(${JSON.stringify(DIST_CJS)});\n${BODY}`;
const ANSWER = { code: 0, stdout: "pong: x\n", stderr: "" };

function file(name: string, text: string): string {
  const path = join(newDirectory(), name);
  writeFileSync(path, text);
  return path;
}

/** A directory with the package installed. */
function installed(): string {
  const directory = newDirectory();
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(PACKAGE, join(directory, "node_modules", "copilot-native"));
  return directory;
}

describe("loading", () => {
  it("as an ES module", async () => {
    expect(await runNode([file("a.mjs", ESM)])).toMatchObject(ANSWER);
  });

  it("as CommonJS", async () => {
    expect(await runNode([file("a.cjs", CJS)])).toMatchObject(ANSWER);
  });

  it("by node -e, in both formats", async () => {
    expect(await runNode(["-e", CJS])).toMatchObject(ANSWER);
    expect(await runNode(["--input-type=module", "-e", ESM])).toMatchObject(ANSWER);
  });

  it("by its name, extension too", async () => {
    const text = `
      import { joinSession, Canvas } from "copilot-native/extension";
      import * as all from "copilot-native";
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url);
      console.log(typeof joinSession, all.Canvas === Canvas);
      const names = Object.keys(require("copilot-native")).sort();
      console.log(names.join() === Object.keys(all).filter((name) => name !== "default" && name !== "module.exports").sort().join());
      console.log(typeof require("copilot-native/extension").joinSession);
    `;
    const directory = installed();
    writeFileSync(join(directory, "a.mjs"), text);
    const ended = await runNode(["a.mjs"], {}, directory);
    expect(ended).toMatchObject({ code: 0, stdout: "function true\ntrue\nfunction\n" });
  });

  it("in several worker threads at once", async () => {
    const worker = file("worker.mjs", ESM);
    const main = file(
      "main.mjs",
      `import { Worker } from "node:worker_threads"; for (let i = 0; i < 3; i++) new Worker(${JSON.stringify(worker)});`,
    );
    expect(await runNode([main])).toMatchObject({ code: 0, stdout: "pong: x\n".repeat(3) });
  });

  it.each<[Format, string]>([
    ["esm", "mjs"],
    ["cjs", "cjs"],
  ])("in a bundle, as %s", async (format, extension) => {
    const directory = installed();
    const entry = join(directory, "entry.mjs");
    writeFileSync(entry, `import { CopilotClient, RuntimeConnection } from "copilot-native";\n${BODY}`);
    const outfile = join(directory, `bundle.${extension}`);
    await build({ entryPoints: [entry], bundle: true, platform: "node", format, outfile, logLevel: "error" });
    expect(await runNode([outfile], {}, directory)).toMatchObject(ANSWER);
  });
});
