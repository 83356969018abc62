/** The tarballs that are published: sound by the tools of the field, and enough for an empty project. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import { fakeRuntime, newDirectory, REAL_RUNTIME, runNode } from "./peers.js";

const PACKAGE = join(import.meta.dirname, "..");
const BIN = join(PACKAGE, "node_modules", ".bin");
const run = (program: string, args: string[], cwd = PACKAGE): string =>
  execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

let tarballs: { main: string; platform: string };
let project: string;

beforeAll(() => {
  const folder = newDirectory();
  run(process.execPath, ["scripts/pack.mjs", folder]);
  const names = readdirSync(folder);
  const named = (pattern: RegExp): string => join(folder, names.find((name) => pattern.test(name)) ?? "none");
  tarballs = { main: named(/^copilot-native-\d/), platform: named(/^copilot-native-[a-z]/) };
  project = newDirectory();
  writeFileSync(join(project, "package.json"), '{"name":"empty","version":"1.0.0","private":true}');
  run("npm", ["install", "--offline", "--omit=optional", "--no-audit", "--no-fund", tarballs.main], project);
}, 120_000);

const talk = `
  const getWeather = defineTool("get_weather", { description: "Weather", handler: () => "sunny" });
  const args = process.env.FAKE ? [] : undefined;
  const connection = args && RuntimeConnection.forStdio({ path: process.env.FAKE, args });
  const client = new CopilotClient({ connection });
  (async () => {
    const session = await client.createSession({ tools: [getWeather], onPermissionRequest: approveAll });
    const answer = await session.sendAndWait("hello");
    console.log(answer.data.content);
    await client.stop();
  })();
`;
const names = "{ approveAll, CopilotClient, defineTool, RuntimeConnection }";
const PROGRAMS = {
  "a.mjs": `import ${names} from "copilot-native";\n${talk}`,
  "a.cjs": `const ${names} = require("copilot-native");\n${talk}`,
};

describe("the tarball", () => {
  it.runIf(REAL_RUNTIME)("brings a command line", () => {
    const npx = (...args: string[]): string =>
      run("npx", ["--no-install", "copilot-native", ...args], project);
    expect(npx("exec", "--runtime", String(REAL_RUNTIME), "--scripted", "hello")).toBe("You said: hello\n");
    expect(npx("--version")).toMatch(/^copilot-native \d/);
  });

  it("pleases publint and attw", () => {
    expect(run(join(BIN, "publint"), ["run", "--strict", tarballs.main])).toContain("All good!");
    expect(run(join(BIN, "attw"), ["--no-emoji", "--no-color", tarballs.main])).not.toContain("failed");
  }, 60_000);

  it.each(Object.entries(PROGRAMS))("runs in an empty project, from %s", async (name, text) => {
    writeFileSync(join(project, name), text);
    const ended = await runNode([name], {}, project);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toContain("hello");
  });

  it("takes the runtime that npm installed, unless the program or the environment names one", async () => {
    const libc = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
    const system =
      process.platform === "linux" && !libc.header?.glibcVersionRuntime ? "linuxmusl" : process.platform;
    const platform = `${system}-${process.arch}`;
    const folder = join(project, "node_modules", "@github", `copilot-sdk-${platform}`, "prebuilds", platform);
    mkdirSync(folder, { recursive: true });
    const program = join(folder, "copilot-runtime");
    symlinkSync(fakeRuntime(), program);
    writeFileSync(join(project, "b.mjs"), PROGRAMS["a.mjs"]);
    const env = { FAKE: "", COPILOT_CLI_PATH: "" };
    expect(await runNode(["b.mjs"], env, project)).toMatchObject({ code: 0, stderr: "" });
    const elsewhere = await runNode(["b.mjs"], { ...env, COPILOT_CLI_PATH: "/nowhere/copilot" }, project);
    expect(elsewhere.stderr).toContain("/nowhere/copilot");
    rmSync(program);
    const without = await runNode(["b.mjs"], env, project);
    expect(without.stderr).toContain("Copilot CLI not found");
  });

  it("names a package per platform, and takes the addon from it", async () => {
    const manifest = JSON.parse(
      readFileSync(join(project, "node_modules/copilot-native/package.json"), "utf8"),
    ) as {
      optionalDependencies: Record<string, string>;
    };
    const optional = Object.keys(manifest.optionalDependencies);
    expect(optional.filter((name) => name.startsWith("copilot-native-"))).toHaveLength(8);
    expect(optional.filter((name) => name.startsWith("@github/copilot-sdk-"))).toHaveLength(8);
    const other = newDirectory();
    writeFileSync(join(other, "package.json"), '{"name":"empty","version":"1.0.0","private":true}');
    const install = ["install", "--offline", "--omit=optional", "--no-audit", "--no-fund"];
    run("npm", [...install, tarballs.main, tarballs.platform], other);
    const own = join(other, "node_modules", "copilot-native", "copilot.node");
    chmodSync(own, 0o600);
    rmSync(own);
    writeFileSync(join(other, "a.cjs"), PROGRAMS["a.cjs"]);
    expect(await runNode(["a.cjs"], {}, other)).toMatchObject({ code: 0, stderr: "" });
  }, 60_000);
});
