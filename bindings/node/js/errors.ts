/** The engine's errors as `Error` classes: one mapping, by the engine's stable kind names. */

import { WORDS } from "./generated/reasons.js";

/** Why something failed, as data: a stable code and what belongs to it. docs/errors.md lists them. */
export interface ErrorReason {
  readonly code: string;
  readonly [parameter: string]: unknown;
}

/** What the addon says about an error; see `../src/error.rs`. */
export interface ErrorRecord {
  kind: string;
  message: string;
  code?: number | null;
  data?: unknown;
  reason?: ErrorReason;
}

/** Any error of the engine. `kind` is the engine's stable name for what went wrong; `name` is `Error`, as programs know it. */
export class CopilotError extends Error {
  readonly kind: string;
  /** More exactly than `kind`; `undefined` when there is nothing to add. */
  declare readonly reason?: ErrorReason;
  constructor(kind: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The runtime answered a call with a JSON-RPC error. */
export class ResponseError extends CopilotError {
  readonly code: number;
  readonly data: unknown;
  constructor(message: string, code: number, data?: unknown) {
    super("Rpc", message);
    this.code = code;
    this.data = data;
  }
}

/** The connection to the runtime, or the runtime itself, is gone. */
export class ConnectionError extends CopilotError {}

/** Codes of JSON-RPC itself, for errors a handler chooses to answer with. */
export const INTERNAL_ERROR = -32603;

/** The `Error` for what the engine reported. */
export function toError(record: ErrorRecord): Error {
  const { reason } = record;
  const error = errorOf(reason ? { ...record, message: inWords(reason, record.message) } : record);
  return reason ? Object.assign(error, { reason }) : error;
}

/** The message in the words that programs for this package look for; the engine's own when it needs no others. */
function inWords(reason: ErrorReason, said: string): string {
  const words = WORDS[reason.code];
  return words === undefined
    ? said
    : words.replace(/\{(\w+)\}/g, (_, name: string) => parameter(reason, name));
}

/** A parameter as text. The engine counts seconds, programs of this package milliseconds. */
function parameter(reason: ErrorReason, name: string): string {
  if (name.endsWith("_ms")) return String(Math.round(Number(reason[name.slice(0, -3)]) * 1000));
  const value = reason[name];
  return typeof value === "string" ? value : JSON.stringify(value);
}

function errorOf(record: ErrorRecord): Error {
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
    if (thrown instanceof Error) return String(thrown.message);
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

/** What a handler threw, as the answer of its question: data is JSON text, and left out when it cannot be written. */
interface Refusal {
  message: string;
  code?: number | undefined;
  data?: string | undefined;
}

/** The answer for what a handler threw; never throws itself. */
export function refusalOf(thrown: unknown): Refusal {
  const message = messageOf(thrown);
  try {
    if (!(thrown instanceof HandlerAnswer || thrown instanceof ResponseError)) return { message };
    const code = Number.isSafeInteger(thrown.code) ? thrown.code : undefined;
    const data = JSON.stringify(thrown.data) as string | undefined;
    return { message, code, data };
  } catch {
    return { message };
  }
}
