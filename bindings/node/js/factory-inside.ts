/** Whether code runs on a call path that began in the body of a factory. */
import { AsyncLocalStorage } from "node:async_hooks";

/** Set there, and in a branch of `parallel` or `pipeline`. */
export const inside = new AsyncLocalStorage<{ branch: boolean }>();

/** What the runtime calls its jobs: workflows from 1.0.89-7 on. */
export type Family = "factory" | "workflow";

/** Fails inside a factory's body: a run that waits for another one could never be resumed. */
export function refuseInsideBody(family: Family, what: string): void {
  if (inside.getStore())
    throw new Error(`session.${family}.${what} cannot be called from inside a ${family}'s body`);
}
