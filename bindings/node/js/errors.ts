/** The engine's errors as `Error` classes: one mapping, by the engine's stable kind names. */

import { reword } from "./wording.js";

/** What the addon says about an error; see `../src/error.rs`. */
export interface ErrorRecord {
  kind: string;
  message: string;
  code?: number | null;
  data?: unknown;
}

/** Any error of the engine. `kind` is the engine's stable name for what went wrong. */
export class CopilotError extends Error {
  readonly kind: string;
  constructor(kind: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    // Set on the instance: a subclass's prototype would lose its name in a minified bundle.
    Object.defineProperty(this, "name", { value: new.target.label, configurable: true, writable: true });
  }
  protected static readonly label: string = "Error";
}

/** The runtime answered a call with a JSON-RPC error. */
export class ResponseError extends CopilotError {
  protected static override readonly label: string = "ResponseError";
  readonly code: number;
  readonly data: unknown;
  constructor(message: string, code: number, data?: unknown) {
    super("Rpc", message);
    this.code = code;
    this.data = data;
  }
}

/** The connection to the runtime, or the runtime itself, is gone. */
export class ConnectionError extends CopilotError {
  protected static override readonly label: string = "ConnectionError";
}

/** Codes of JSON-RPC itself, for errors a handler chooses to answer with. */
export const INTERNAL_ERROR = -32603;

/** The `Error` for what the engine reported. */
export function toError(given: ErrorRecord): Error {
  const record = { ...given, message: reword(given.kind, given.message) };
  switch (record.kind) {
    case "Rpc":
      return new ResponseError(record.message, record.code ?? INTERNAL_ERROR, record.data);
    case "ProcessExited":
    case "ConnectFailed":
      return new ConnectionError(record.kind, record.message);
    case "InvalidType":
      return Object.assign(new TypeError(record.message), { kind: record.kind });
    case "SessionError": {
      const error = new CopilotError(record.kind, record.message);
      const stack = (record.data as { stack?: unknown } | undefined)?.stack;
      if (typeof stack === "string") error.stack = stack;
      return error;
    }
    default:
      return new CopilotError(record.kind, record.message);
  }
}

/** An error thrown at once by the addon carries its record as JSON text. */
export function fromThrown(thrown: unknown): Error {
  const text = messageOf(thrown);
  if (text.startsWith("{")) {
    try {
      return toError(JSON.parse(text) as ErrorRecord);
    } catch {
      // Not a record after all: hand on what was thrown.
    }
  }
  return thrown instanceof Error ? thrown : new Error(text);
}

/** The text of anything that was thrown; never throws itself. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return thrown.message;
    return typeof thrown === "string" ? thrown : String(JSON.stringify(thrown));
  } catch {
    return "an error without text";
  }
}

/** Thrown to choose code and data of the answer to the runtime; anything else thrown only gives its text. */
export class HandlerAnswer extends Error {
  readonly code: number | undefined;
  readonly data: unknown;
  constructor(message: string, code?: number, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The answer for what a handler threw. */
export function answerOf(thrown: unknown): { message: string; code?: number | undefined; data?: unknown } {
  if (thrown instanceof HandlerAnswer || thrown instanceof ResponseError) {
    return { message: thrown.message, code: thrown.code, data: thrown.data };
  }
  return { message: messageOf(thrown) };
}
