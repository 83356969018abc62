/** An extension offers factories: the runtime runs their bodies, which act through the runtime. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

import { fakeRuntime, newDirectory, recording } from "./peers.js";

const PACKAGE = new URL("../dist/extension.js", import.meta.url).href;

/** Runs an extension with a runtime that follows the rules after the session was joined; resolves with what it printed. */
async function extension(body: string, afterJoin: object[], rules: object[] = []) {
  const folder = newDirectory();
  const program = join(folder, "extension.mjs");
  writeFileSync(
    program,
    `import { joinSession, defineFactory, defineWorkflow } from ${JSON.stringify(PACKAGE)};\n${body}`,
  );
  const resumed = {
    on: { method: "session.resume" },
    do: [
      { reply: { result: { sessionId: "s", grantedEnvironmentVariables: { WANTED: "yes", OTHER: "no" } } } },
      ...afterJoin,
    ],
  };
  const record = join(folder, "record.jsonl");
  const args = ["--script-json", JSON.stringify([resumed, ...rules]), "--record", record, "--stdio"];
  const runtime = spawn(fakeRuntime(), args, { stdio: ["pipe", "pipe", "inherit"] });
  const child = spawn(process.execPath, [program], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, SESSION_ID: "s" },
  });
  runtime.stdout.pipe(child.stdin);
  child.stdout.pipe(runtime.stdin);
  for (const stream of [child.stdin, runtime.stdin]) stream.on("error", () => undefined);
  const printed = await text(child.stderr);
  runtime.kill();
  const sent = (method: string) =>
    recording(record)
      .filter(({ dir, frame }) => dir === "in" && frame?.method === method)
      .map(({ frame }) => frame?.params as Record<string, unknown>);
  return { printed, sent };
}

const execute = (as: string, name = "nightly", runId = "run-1", more: object = {}) => ({
  request: {
    method: "factory.execute",
    params: { sessionId: "s", name, runId, executionToken: `token-${as}`, args: { size: 2 } },
    as,
    ...more,
  },
});
const tell = (what: string) => ({
  event: { type: "assistant.message", data: { messageId: "m", content: what } },
});
const answered = (method: string, result: object) => ({
  on: { method: `session.factory.${method}` },
  do: [{ reply: { result } }],
});
const meta = `{ name: "nightly", description: "Nightly", phases: [{ title: "one" }] }`;
const listen = `
  session.on("assistant.message", ({ data }) => {
    console.error(JSON.stringify(data.content));
    if (String(data.content.last ?? data.content).includes("last")) process.exit(0);
  });`;

describe("factories", () => {
  it("are declared when joining, and only granted variables that were asked for are taken", async () => {
    const { printed, sent } = await extension(
      `const nightly = defineFactory({ meta: ${meta}, run: async () => undefined });
       const session = await joinSession({ factories: [nightly], requestedEnvironmentVariables: ["WANTED"] });
       console.error(process.env.WANTED, process.env.OTHER);
       process.exit(0);`,
      [],
    );
    expect(printed).toBe("yes undefined\n");
    expect(sent("session.resume")[0]).toMatchObject({
      factories: [{ name: "nightly", description: "Nightly", phases: [{ title: "one" }] }],
      requestedEnvironmentVariables: ["WANTED"],
    });
  });

  it("run with agents, steps, branches and progress", async () => {
    const { printed, sent } = await extension(
      `const nightly = defineFactory({
         meta: ${meta},
         run: async (context) => {
           context.phase("one");
           context.log("begins");
           const said = await context.agent("look", { label: "l", other: 1 });
           const fresh = await context.step("fresh", () => ({ n: context.args.size }));
           const kept = await context.step("kept", () => "never made");
           const branches = await context.parallel([() => 1, () => { throw new Error("x"); }, async () => 3]);
           const piped = await context.pipeline([1, 2], (n) => n + 1, (n, item, index) => [n, item, index]);
           const nested = await context.factory("other").catch((error) => error.message);
           const inner = await context.session.factory.run("x").catch((error) => error.message);
           return { run: context.runId, said, fresh, kept, branches, piped, nested, inner };
         },
       });
       const session = await joinSession({ factories: [nightly] });${listen}`,
      [execute("r"), tell("$r.result"), tell("last")],
      [
        answered("agent", { result: { found: true } }),
        answered("log", {}),
        {
          on: { method: "session.factory.journal.get", where: { key: "kept" } },
          do: [{ reply: { result: { hit: true, resultJson: 7 } } }],
        },
        answered("journal.get", { hit: false }),
        answered("journal.put", {}),
      ],
    );
    const [first] = printed.split("\n");
    expect(JSON.parse(first ?? "")).toEqual({
      result: {
        run: "run-1",
        said: { found: true },
        fresh: { n: 2 },
        kept: 7,
        branches: [1, null, 3],
        piped: [
          [2, 1, 0],
          [3, 2, 1],
        ],
        nested: expect.stringContaining("cannot be run") as string,
        inner: expect.stringContaining("cannot be called from inside") as string,
      },
    });
    const attempt = { runId: "run-1", executionToken: "token-r" };
    expect(sent("session.factory.agent")).toMatchObject([
      { factoryRunId: "run-1", executionToken: "token-r", prompt: "look", opts: { label: "l" } },
    ]);
    expect(sent("session.factory.agent")[0]?.["opts"]).toEqual({ label: "l" });
    expect(sent("session.factory.log")).toMatchObject([
      {
        ...attempt,
        lines: [
          { seq: 0, kind: "phase", text: "one" },
          { seq: 1, kind: "log", text: "begins" },
        ],
      },
    ]);
    expect(sent("session.factory.journal.put")).toMatchObject([
      { ...attempt, key: "fresh", resultJson: { n: 2 } },
    ]);
  });

  it("answer for what they cannot do: unknown names, results that are no JSON, exceptions", async () => {
    const { printed } = await extension(
      `const make = (name, run) => defineFactory({ meta: { name, description: "", phases: [] }, run });
       const factories = [
         make("no-json", async () => ({ at: NaN })),
         make("throws", async () => { throw new Error("broken on purpose"); }),
         make("nothing", async () => undefined),
       ];
       const session = await joinSession({ factories });${listen}`,
      [
        execute("a", "unknown", "1"),
        tell("$a.error"),
        execute("b", "no-json", "2"),
        tell("$b.error"),
        execute("c", "throws", "3"),
        tell("$c.error"),
        execute("d", "nothing", "4"),
        tell("$d.result"),
        tell("last"),
      ],
    );
    const [unknown, noJson, throws, nothing] = printed
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(unknown).toMatchObject({ code: -32602, data: { code: "factory_not_found", name: "unknown" } });
    expect(noJson).toMatchObject({ code: -32603, data: { code: "factory_result_not_json" } });
    expect(throws).toMatchObject({ message: "broken on purpose" });
    expect(nothing).toEqual({});
  });

  it("are aborted by the runtime", async () => {
    const { printed } = await extension(
      `const nightly = defineFactory({
         meta: ${meta},
         run: ({ signal, runId }) => new Promise((resolve, reject) => {
           console.error(JSON.stringify("runs " + runId));
           signal.addEventListener("abort", () => { console.error(JSON.stringify("aborted " + runId)); reject(signal.reason); });
         }),
       });
       const session = await joinSession({ factories: [nightly] });${listen}`,
      [
        execute("x", "nightly", "run-9", { wait: false }),
        { sleep: 200 },
        {
          request: {
            method: "factory.abort",
            params: { sessionId: "s", runId: "run-9", executionToken: "other" },
            as: "y",
          },
        },
        tell("$y.result"),
        { sleep: 200 },
        tell("last"),
      ],
    );
    expect(printed.trim().split("\n").sort()).toEqual(['"aborted run-9"', '"last"', '"runs run-9"', "{}"]);
  });

  it("are workflows on newer runtimes", async () => {
    const version = { ok: true, protocolVersion: 3, version: "1.0.102" };
    const of = (method: string, result: object) => ({
      on: { method: `session.workflow.${method}` },
      do: [{ reply: { result } }],
    });
    const ask = execute("a") as { request: { method: string } };
    ask.request.method = "workflow.execute";
    const { printed, sent } = await extension(
      `const nightly = defineWorkflow({ meta: ${meta}, run: async (context) => {
         context.log("on it");
         return [await context.step("k", () => 1), await context.agent("hi", { label: "x" })];
       } });
       const session = await joinSession({ workflows: [nightly] });
       console.error(JSON.stringify(await session.workflow.run(nightly)));
       try { await session.workflow.resume("r"); } catch (error) { console.error(error.name, error.code); }
       process.exit(0);`,
      [ask],
      [
        { on: { method: "connect" }, do: [{ reply: { result: version } }] },
        of("log", {}),
        of("agent", { result: "done" }),
        of("journal.get", { hit: false }),
        of("journal.put", {}),
        of("run", { runId: "run-1", status: "completed" }),
        {
          on: { method: "session.workflow.resume" },
          do: [
            { reply: { error: { code: -32000, message: "no", data: { code: "workflow_already_running" } } } },
          ],
        },
      ],
    );
    expect(printed).toContain('{"runId":"run-1","status":"completed"}');
    expect(printed).toContain("WorkflowResumeError workflow_already_running");
    expect(sent("session.resume")[0]?.["workflows"]).toEqual([
      { name: "nightly", description: "Nightly", phases: [{ title: "one" }] },
    ]);
  });
});
