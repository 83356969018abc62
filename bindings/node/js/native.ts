/**
 * Finds and loads the addon. The package ships it beside `dist/`; a bundle leaves it in `node_modules` or beside itself.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

import { here } from "./here.js";

/** How many events went through, and how much waits to be taken. */
export interface Counters {
  received: number;
  delivered: number;
  queuedEvents: number;
  queuedBytes: number;
}

/** The addon's one class; `../src/client.rs` says what each method promises. */
export interface NativeClient {
  submit(op: string, args: string): number;
  cancel(ticket: number): boolean;
  /** A batch, or a batch and the long texts of its events. */
  drain(): string | string[];
  records(): string[];
  /** The type of an event whose text is no JSON. */
  eventType(event: string): string;
  reply(call: number, result: string): void;
  replyError(call: number, message: string, code?: number, data?: string): void;
  setEvents(session: number, on: boolean): void;
  counters(session: number): Counters | null;
  sessionState(session: number): string | null;
  /** JSON of a {@link LastState}, the first time. */
  endSession(session: number): string | null;
  unreadable(method: string): void;
  runUiAction(action: number): void;
  runtimePort(): number | null;
  state(): string;
  close(): void;
}

interface Addon {
  NativeClient: new (options: string, wake: () => void) => NativeClient;
  mcpToolResult(result: string): string;
  newSessionId(): string;
  commandLine(args: string[], runtime?: string): number;
}

const FILE = "copilot.node";

/** Asked of `ldd`, which says whose it is; a report of the process takes ten times as long. */
function libc(): string {
  try {
    const ldd = readFileSync("/usr/bin/ldd", "latin1");
    if (ldd.includes("GNU C Library")) return "linux";
    if (ldd.includes("musl")) return "linuxmusl";
  } catch {
    // A system without it.
  }
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined ? "linuxmusl" : "linux";
}

let system: string | undefined;

/** This system as packages name it. */
export function systemName(): string {
  system ??= process.platform === "linux" ? libc() : process.platform;
  return system;
}

/** Name of the package that carries only the addon of this platform. */
function platformPackage(): string {
  return `copilot-native-${systemName()}-${process.arch}`;
}

/** Where to look, best first. */
function* candidates(): Generator<() => string> {
  const override = process.env["COPILOT_NATIVE_ADDON"];
  if (override !== undefined && override !== "") yield () => override;
  const bases = [here, process.argv[1] === undefined ? undefined : pathToFileURL(process.argv[1]).href];
  bases.push(pathToFileURL(join(process.cwd(), "package.json")).href);
  for (const base of bases) {
    if (base === undefined) continue;
    const directory = dirname(fileURLToPath(base));
    for (const up of ["..", join("..", ".."), "."]) yield () => join(directory, up, FILE);
    yield () => createRequire(base).resolve(`${platformPackage()}/${FILE}`);
    yield () => join(dirname(createRequire(base).resolve("copilot-native")), "..", "..", FILE);
  }
}

function load(): Addon {
  const tried: string[] = [];
  for (const candidate of candidates()) {
    let file: string;
    try {
      file = candidate();
    } catch {
      continue;
    }
    if (existsSync(file)) return createRequire(pathToFileURL(file)).call(undefined, file) as Addon;
    tried.push(file);
  }
  throw new Error(
    `The native addon of copilot-native for ${process.platform}-${process.arch} was not found. ` +
      `Looked at: ${tried.join(", ")}. COPILOT_NATIVE_ADDON may name the file.`,
  );
}

let addon: Addon | undefined;

/** Makes a client of the engine; the addon is loaded with whatever needs it first. */
export function createNativeClient(options: string, wake: () => void): NativeClient {
  addon ??= load();
  return new addon.NativeClient(options, wake);
}

/** The result of an MCP `tools/call` as a tool result, both as JSON text. */
export function mcpToolResult(result: string): string {
  addon ??= load();
  return addon.mcpToolResult(result);
}

/** Runs the command line `copilot-native` to its end; the exit code. */
export function commandLine(args: string[], runtime: string | undefined): number {
  addon ??= load();
  return addon.commandLine(args, runtime);
}

/** An id for a session whose program has given none. */
export function newSessionId(): string {
  addon ??= load();
  return addon.newSessionId();
}
