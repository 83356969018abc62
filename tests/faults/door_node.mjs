// The plan of README.md through the Node package; FAULTS_NODE_PACKAGE is its folder.
import { readSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

const plan = (name) => process.env[`FAULTS_${name}`] ?? "";
const LIMIT = 60_000;
const NOTHING = { step: "", kind: "", message: "", force: "" };
const say = (line) => process.stdout.write(`${line}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const { CopilotClient, RuntimeConnection, approveAll } = await import(
  pathToFileURL(join(plan("NODE_PACKAGE"), "dist", "index.js")).href
);

function newClient() {
  const [path, kind] = [plan("RUNTIME"), plan("CONNECTION")];
  const options = { useLoggedInUser: false, ...JSON.parse(plan("OPTIONS") || "{}") };
  if (plan("HOME")) options.baseDirectory = plan("HOME");
  if (kind === "inprocess") {
    // The package finds the library by the environment alone.
    process.env.COPILOT_CLI_PATH = path;
    return new CopilotClient({ ...options, connection: RuntimeConnection.forInProcess() });
  }
  const connection = kind === "tcp" ? RuntimeConnection.forTcp({ path }) : RuntimeConnection.forStdio({ path });
  return new CopilotClient({ ...options, connection });
}

async function answer() {
  say("tool");
  if (plan("TOOL") === "wait") await new Promise(() => {});
  return "ok";
}

function newSession(client, handler) {
  const tools = [{ name: "probe", description: "Answers ok", parameters: { type: "object", properties: {} }, handler }];
  const config = { onPermissionRequest: approveAll, tools, ...JSON.parse(plan("SESSION")) };
  return plan("RESUME") ? client.resumeSession(plan("RESUME"), config) : client.createSession(config);
}

/** Waits at most so long; Node's own way to limit a call. */
async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error("the caller's limit"), { kind: "Timeout" })), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `stop` and `forceStop` return what failed. */
async function ended(promise) {
  const errors = (await promise) ?? [];
  if (errors.length > 0) throw Object.assign(new Error(errors.map(({ message }) => message).join("; ")), { kind: "StopFailed" });
}

/** Start, session, turn and stop; the first that fails is told, and the client stopped by force. */
async function turn() {
  const client = newClient();
  let session;
  const steps = {
    start: () => client.start(),
    create: async () => {
      session = await newSession(client, answer);
    },
    turn: () => session.sendAndWait({ prompt: "go", idempotencyKey: plan("KEY") || undefined }, LIMIT),
    stop: () => ended(client.stop()),
  };
  for (const [step, run] of Object.entries(steps)) {
    try {
      await within(plan("HANGS") === step ? Number(plan("LIMIT")) : LIMIT, run());
    } catch (error) {
      const result = { step, kind: error.kind ?? error.name, message: error.message, force: "" };
      try {
        await within(LIMIT, ended(client.forceStop()));
      } catch (again) {
        result.force = `${again.kind ?? again.name}: ${again.message}`;
      }
      return result;
    }
  }
  return NOTHING;
}

/** Waits until the driver has looked at this process. */
function mark() {
  globalThis.gc?.();
  say("mark");
  const byte = Buffer.alloc(1);
  while (readSync(0, byte, 0, 1, null) === 1 && byte[0] !== 10);
}

async function cycles() {
  for (let cycle = 0; cycle < Number(plan("COUNT")); cycle++) {
    if (cycle === Number(plan("WARM"))) mark();
    const client = newClient();
    const session = await newSession(client, () => "ok");
    await session.sendAndWait({ prompt: "go" }, LIMIT);
    await ended(client.stop());
  }
  mark();
  return NOTHING;
}

let sample = { micros: [], failed: 0 };

async function timed(call) {
  const start = performance.now();
  try {
    await call;
    sample.micros.push(Math.round((performance.now() - start) * 1000));
  } catch (error) {
    sample.failed += 1;
    console.error(error);
  }
  await pause(10);
}

/** One round of conversations; every third ends politely, by force, by a runtime that dies in a turn. */
async function round(number) {
  const client = newClient();
  await timed(client.start());
  let session = await newSession(client, () => "ok");
  for (let turn = 0; turn < 20; turn++) {
    await timed(session.sendAndWait({ prompt: turn % 5 === 4 ? "tool" : "hello" }, LIMIT));
    if (turn % 7 === 6) {
      await session.send({ prompt: "long" });
      await session.abort();
      await session.disconnect();
      session = await newSession(client, () => "ok");
    }
  }
  if (number % 3 === 0) return ended(client.stop());
  if (number % 3 === 2) {
    try {
      await session.sendAndWait({ prompt: "die" }, LIMIT);
      sample.failed += 1;
    } catch (error) {
      if (!["ProcessExited", "SessionClosed"].includes(error.kind)) sample.failed += 1;
    }
  }
  await client.forceStop();
}

/** The same in a worker thread that comes and goes. */
function roundInWorker(number) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { number } });
    worker.on("message", ({ micros, failed }) => {
      sample.micros.push(...micros);
      sample.failed += failed;
    });
    worker.on("error", reject);
    worker.on("exit", resolve);
  });
}

async function soak() {
  const end = performance.now() + Number(plan("SECONDS")) * 1000;
  let told = performance.now();
  for (let number = 0; performance.now() < end; number++) {
    await (number % 5 === 4 ? roundInWorker(number) : round(number));
    if (performance.now() - told >= Number(plan("INTERVAL")) * 1000) {
      say(JSON.stringify(sample));
      sample = { micros: [], failed: 0 };
      told = performance.now();
    }
  }
  return NOTHING;
}

if (isMainThread) {
  say(JSON.stringify(await { turn, cycles, soak }[plan("MODE")]()));
} else {
  await round(workerData.number);
  parentPort.postMessage(sample);
}
