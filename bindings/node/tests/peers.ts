/** The programs the tests talk to, and programs the tests write themselves. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { CopilotClient, RuntimeConnection, type CopilotClientOptions } from "../dist/index.js";

const PACKAGE = join(import.meta.dirname, "..");
export const ADDON = join(PACKAGE, "copilot.node");
export const DIST = join(PACKAGE, "dist", "index.js");
export const DIST_CJS = join(PACKAGE, "dist", "cjs", "index.js");
export const DIST_URL = pathToFileURL(DIST).href;

/** The real runtime, when this machine has one. */
export const REAL_RUNTIME = process.env["COPILOT_CLI_PATH"];

function built(variable: string, name: string): string {
  const given = process.env[variable];
  if (given !== undefined && given !== "") return given;
  const target = process.env["CARGO_TARGET_DIR"] ?? join(PACKAGE, "..", "..", "target");
  const candidates = ["release", "debug"].map((profile) => join(target, profile, name));
  return candidates.find((file) => existsSync(file)) ?? (candidates[0] as string);
}

export const fakeRuntime = (): string => built("COPILOT_FAKE_RUNTIME", "copilot-fake-runtime");
export const scriptedModel = (): string => built("COPILOT_SCRIPTED_MODEL", "copilot-scripted-model");

export const fakeLibrary = (): string => built("COPILOT_FAKE_LIBRARY", "libcopilot_fake_runtime.so");

export const newDirectory = (): string =>
  mkdtempSync(join(process.env["COPILOT_TEST_FOLDER"] ?? tmpdir(), "copilot-node-"));

/** A client on a fake runtime that follows a script and records what it gets. */
export function fakeClient(script: unknown = {}, options: CopilotClientOptions = {}) {
  const record = join(newDirectory(), "record.jsonl");
  const args = ["--script-json", JSON.stringify(script), "--record", record];
  const connection = RuntimeConnection.forStdio({ path: fakeRuntime(), args });
  return { client: new CopilotClient({ connection, ...options }), record };
}

/** Has the fake runtime do these things for a session, then answer; resolves with the answer. */
export async function act(client: CopilotClient, sessionId: string, ...actions: object[]): Promise<unknown> {
  const answers = actions.some((action) => "reply" in action);
  const all = answers ? actions : [...actions, { reply: { result: {} } }];
  await client.request("fake.script", { script: [{ on: { method: "act" }, do: all }] });
  return await client.request("act", { sessionId });
}

/** The events of a burst: deltas that count from 0. */
export const burst = (count: number): object[] =>
  Array.from({ length: count }, (_, n) => ({ event: { type: "assistant.message_delta", data: { n } } }));

interface Recorded {
  dir: string;
  pid?: number;
  text?: string;
  frame?: {
    method?: string;
    params?: Record<string, unknown>;
    result?: unknown;
    error?: unknown;
    id?: unknown;
  };
}

export function recording(file: string): Recorded[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Recorded);
}

/** What the SDK sent with this method. */
export function received(file: string, method: string): Record<string, unknown>[] {
  const frames = recording(file).filter(({ dir, frame }) => dir === "in" && frame?.method === method);
  return frames.map(({ frame }) => frame?.params ?? {});
}

export const pidOf = (file: string): number | undefined =>
  recording(file).find(({ dir }) => dir === "start")?.pid;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${String(pid)}/stat`, "utf8"));
  } catch {
    return false;
  }
}

export async function eventually(check: () => boolean, what: string, withinMs = 5000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!check()) {
    if (performance.now() > end) throw new Error(`not within ${String(withinMs)} ms: ${what}`);
    await sleep(10);
  }
}

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  ms: number;
}

/** Runs `node` with these arguments to its end. */
export async function runNode(
  args: string[],
  env: Record<string, string> = {},
  cwd = PACKAGE,
): Promise<Ended> {
  const begun = performance.now();
  const child = startNode(args, env, cwd);
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return await new Promise((resolve) => {
    child.on("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr, ms: performance.now() - begun });
    });
  });
}

export function startNode(args: string[], env: Record<string, string> = {}, cwd = PACKAGE): ChildProcess {
  return spawn(process.execPath, args, { cwd, env: { ...process.env, FAKE: fakeRuntime(), ...env } });
}

/** A module that makes a client on the fake runtime (`client`) and then does `body`. */
export function script(body: string): string {
  const file = join(newDirectory(), "program.mjs");
  const head = `
    import { CopilotClient, RuntimeConnection, approveAll } from ${JSON.stringify(DIST_URL)};
    const args = process.env.RECORD ? ["--record", process.env.RECORD] : [];
    const connection = RuntimeConnection.forStdio({ path: process.env.FAKE, args });
    let client = new CopilotClient({ connection });
  `;
  writeFileSync(file, head + body);
  return file;
}

/** Starts the scripted model; resolves with the URL for a provider. */
export async function startModel(replies: unknown): Promise<{ url: string; stop: () => void }> {
  const child = spawn(scriptedModel(), ["--script-json", JSON.stringify(replies)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listening on (\S+)/.exec(line)?.[1];
    if (url !== undefined) return { url, stop: () => child.kill() };
  }
  throw new Error("the scripted model did not start");
}
