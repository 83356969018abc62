/** Conversations as workflows: Temporal's own server, workers that are killed and drained, the real runtime. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { Client, Connection, type WorkflowHandle } from "@temporalio/client";
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker as TemporalWorker } from "@temporalio/worker";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { ANSWER, QUESTIONS, type Question } from "../dist/temporal/index.js";
import { newDirectory, REAL_RUNTIME, scriptedModel } from "./peers.js";

const QUEUE = "node-conversations";
const WORKER = join(import.meta.dirname, "temporal-worker.mjs");
const WORKFLOWS = join(import.meta.dirname, "temporal-workflows.ts");
const PATIENCE = 60_000;
const SERVER = process.env["TEMPORAL_CLI"] ?? "";
/** `make test` brings it on Linux. */
const hasServer = existsSync(SERVER);

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}

async function eventually<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const found = await find().catch(() => undefined);
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`did not come: ${what}`);
}

/** A program of the test, and what it has printed. */
class Program {
  readonly lines: string[] = [];
  readonly process: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(command: string, args: string[]) {
    this.process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = once(this.process, "close");
    const { stdout } = this.process;
    if (stdout)
      createInterface({ input: stdout }).on("line", (line) => {
        this.lines.push(line);
      });
  }

  async said(text: string): Promise<string> {
    return await eventually(`${text}, after ${this.lines.join("; ")}`, () =>
      Promise.resolve(this.lines.find((line) => line.includes(text))),
    );
  }

  async end(how: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(how);
    await this.#ended;
  }
}

let server: Program;
let address: string;
let client: Client;
/** The workflows as Temporal bundles them, once for all workers. */
let bundle: string;
let programs: Program[] = [];

beforeAll(async () => {
  if (!hasServer) return;
  const logger = new DefaultLogger("ERROR");
  Runtime.install({ logger });
  const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger });
  bundle = join(newDirectory(), "workflows.js");
  writeFileSync(bundle, code);
  const port = String(await freePort());
  address = `127.0.0.1:${port}`;
  const words = [
    "server",
    "start-dev",
    "--headless",
    "--ip",
    "127.0.0.1",
    "--port",
    port,
    "--log-level",
    "never",
  ];
  server = new Program(SERVER, words);
  const connection = await eventually("the server", () => Connection.connect({ address }));
  client = new Client({ connection });
}, PATIENCE);

afterAll(async () => {
  if (!hasServer) return;
  await client.connection.close();
  await server.end("SIGTERM");
});

afterEach(async () => {
  for (const program of programs.reverse()) await program.end("SIGTERM");
  programs = [];
}, PATIENCE);

/** One store and one model; makes workers that share them. */
async function world(...replies: object[]): Promise<(owner: string) => Promise<Program>> {
  const script = { replies: [...replies, { text: "well", repeat: true }] };
  const model = new Program(scriptedModel(), ["--script-json", JSON.stringify(script)]);
  programs.push(model);
  const url = (await model.said("listening on")).split(" ").at(-1);
  const folder = newDirectory();
  const place = {
    address,
    bundle,
    runtime: REAL_RUNTIME,
    model: url,
    store: { kind: "folder", path: join(folder, "files") },
  };
  return async (owner) => {
    const worker = new Program(process.execPath, [
      WORKER,
      JSON.stringify({ ...place, owner, home: join(folder, owner) }),
    ]);
    programs.push(worker);
    await worker.said("ready");
    return worker;
  };
}

function childrenOf(pid: number | undefined): number[] {
  const tasks = `/proc/${String(pid)}/task`;
  const lists = readdirSync(tasks).map((task) => readFileSync(join(tasks, task, "children"), "utf8"));
  return lists.join(" ").split(" ").filter(Boolean).map(Number);
}

let begun = 0;
const begin = (name: string, ...args: unknown[]): Promise<WorkflowHandle> =>
  client.workflow.start(name, { args, taskQueue: QUEUE, workflowId: `${name}-${String((begun += 1))}` });

const questionOf = (handle: WorkflowHandle): Promise<Question> =>
  eventually("a question", async () => (await handle.query<Question[]>(QUESTIONS))[0]);

async function replayed(handle: WorkflowHandle): Promise<void> {
  await TemporalWorker.runReplayHistory(
    { workflowBundle: { codePath: bundle } },
    await handle.fetchHistory(),
    handle.workflowId,
  );
}

const mail = (to: string): object => ({
  when: { contains: `mail ${to}` },
  toolCalls: [{ name: "send_mail", arguments: { to } }],
});

describe.runIf(hasServer)("a conversation as a workflow", () => {
  it(
    "stays with its worker, and is seen",
    async () => {
      const worker = await (await world())("one");
      const handle = await begin("chat", ["a", "b", "c"]);
      expect(await handle.result()).toEqual([1, 2, 3].map(() => ["well", "one"]));
      await worker.said(`delta ${handle.workflowId}`);
      await replayed(handle);
    },
    PATIENCE,
  );

  it(
    "has typed answers and approvals of a person",
    async () => {
      await (
        await world({ text: '{"city": "Paris", "degrees": 21}' })
      )("one");
      const handle = await begin("weather", "where?");
      const question = await questionOf(handle);
      expect(question).toMatchObject({ kind: "approval", request: { text: "Go to Paris?" } });
      await handle.signal(ANSWER, question.id, { go: true });
      expect(await handle.result()).toEqual(["Paris", 21, { go: true }]);
    },
    PATIENCE,
  );

  it(
    "goes on where its worker died",
    async () => {
      const worker = await world({ when: { contains: "hold this" }, hang: true });
      const first = await worker("first");
      const handle = await begin("chat", ["a", "hold this", "c"]);
      await first.said(`delta ${handle.workflowId}`);
      await sleep(1000);
      await worker("second");
      await first.end("SIGKILL");
      expect(await handle.result()).toEqual([
        ["well", "first"],
        ["well", "second"],
        ["well", "second"],
      ]);
      await replayed(handle);
    },
    PATIENCE,
  );

  it(
    "goes on in a new runtime where the first died",
    async () => {
      const holds = (what: string) => ({ when: { contains: what }, hang: true });
      const worker = await (await world(holds("hold this"), holds("hold that")))("one");
      const handles = await Promise.all(
        ["hold this", "hold that"].map((prompt) => begin("chat", ["a", prompt, "c"])),
      );
      for (const handle of handles) await worker.said(`delta ${handle.workflowId}`);
      await sleep(1000);
      const runtimes = childrenOf(worker.process.pid);
      expect(runtimes).not.toEqual([]);
      for (const pid of runtimes) process.kill(pid, "SIGKILL");
      for (const handle of handles)
        expect(await handle.result()).toEqual([1, 2, 3].map(() => ["well", "one"]));
    },
    PATIENCE,
  );

  it(
    "asks nobody twice when the worker that asked died",
    async () => {
      const worker = await world(mail("Ada"), mail("Ada"));
      const first = await worker("first");
      const handle = await begin("chat", ["mail Ada"]);
      const question = await questionOf(handle);
      expect(question.kind).toBe("permission");
      const second = await worker("second");
      await first.end("SIGKILL");
      await handle.signal(ANSWER, question.id, true);
      expect(await handle.result()).toEqual([["well", "second"]]);
      const mails = [...first.lines, ...second.lines].filter((line) => line.startsWith("mail"));
      expect(mails).toEqual(["mail Ada"]);
    },
    PATIENCE,
  );

  it(
    "may answer by itself, and continue as new",
    async () => {
      const worker = await (await world(mail("Bob")))("one");
      expect(await (await begin("decided", "mail Bob")).result()).toBe("well");
      expect(worker.lines.filter((line) => line.startsWith("mail"))).toEqual([]);
      expect(await (await begin("long", 3)).result()).toEqual([3, "well"]);
    },
    PATIENCE,
  );

  it(
    "moves away from a worker that is drained, without a failed turn",
    async () => {
      const worker = await world({ when: { contains: "slowly" }, delayMs: 3000, text: "at last" });
      const first = await worker("first");
      const handle = await begin("chat", ["a", "slowly", "c"]);
      await first.said(`delta ${handle.workflowId}`);
      await sleep(500);
      await worker("second");
      await first.end("SIGTERM");
      expect([first.process.exitCode, first.lines.at(-1)]).toEqual([0, "gone"]);
      const answers = (await handle.result()) as string[][];
      expect(answers.map(([text]) => text)).toEqual(["well", "at last", "well"]);
      expect(answers[1]).toEqual(["at last", "first"]);
    },
    PATIENCE,
  );
});
