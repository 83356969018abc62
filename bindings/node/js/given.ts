/** Checks of what a program gives that only JavaScript can tell, such as functions. The engine checks the rest. */
import { inspect } from "node:util";

/** A value for a message: numbers, functions and the like as they are; of everything else the kind, as it may hold a secret. */
export function shown(value: unknown): string {
  if (typeof value === "string") return "a string";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : inspect(value);
}

/** The error for an option of the wrong type. */
export function wrong(option: string, expected: string, value: unknown, hint = ""): TypeError {
  return new TypeError(`${option}: expected ${expected}, got ${shown(value)}${hint && `; ${hint}`}`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuses what is given in place of a function; nothing given is fine. */
export function checkFunction(option: string, value: unknown): void {
  if (value !== undefined && value !== null && typeof value !== "function") {
    throw wrong(option, "a function", value);
  }
}

/** Refuses what is given in place of a list; nothing given is fine. */
export function checkList(option: string, value: unknown): void {
  if (value !== undefined && value !== null && !Array.isArray(value)) throw wrong(option, "a list", value);
}

/** Refuses what is given in place of an `AbortSignal`; nothing given is fine, and so are signals of other libraries. */
export function checkSignal(value: unknown): void {
  if (value === undefined || value === null || isSignal(value)) return;
  throw wrong("signal", "an AbortSignal", value);
}

export function isSignal(value: unknown): boolean {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}
