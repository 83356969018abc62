/** Warnings of handlers that failed: the runtime gets an answer, but the program's author must hear of it too. */
import { messageOf } from "./errors.js";

const told = new WeakSet<object>();

/** Warns of a handler that failed, once as long as it lives. Never throws. */
export function warnOfFailure(handler: object, label: string, thrown: unknown): void {
  if (told.has(handler)) return;
  told.add(handler);
  try {
    process.emitWarning(`the ${label} failed: ${named(thrown)}`, "CopilotHandlerWarning");
  } catch {
    // The program has replaced `emitWarning`, or what was thrown cannot say what it is.
  }
}

/** What a handler of events is called. */
export function eventHandlerLabel(handler: object): string {
  const { name } = handler as { name?: unknown };
  return typeof name === "string" && name !== "" ? `event handler "${name}"` : "event handler";
}

function named(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${messageOf(thrown)}` : messageOf(thrown);
}
