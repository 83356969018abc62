/** The async context (`AsyncLocalStorage`) in which handlers run. */
import { AsyncLocalStorage } from "node:async_hooks";

/** Runs a function in a context that was kept. */
export type Enter = <Args extends unknown[], R>(work: (...args: Args) => R, ...args: Args) => R;

/**
 * Keeps the context of the caller. Handlers would otherwise see that of whoever happened to start the client, and with it
 * that user's identity, request or trace span.
 */
export function keepContext(): Enter {
  return AsyncLocalStorage.snapshot();
}
