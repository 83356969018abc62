/** Errors of turns in the words of Temporal. */
import { ApplicationFailure } from "@temporalio/activity";

import { CopilotError } from "../errors.js";
import { FINAL, LOST } from "../generated/temporal.js";

interface Told {
  kind?: string;
  reason?: { code: string };
}

/** What a workflow gets: the text, and the reason or else the kind of the error as its type. */
export function failure(error: unknown): Error {
  if (!(error instanceof Error) || error instanceof ApplicationFailure) return error as Error;
  const { kind = error.name, reason } = error as Told;
  const nonRetryable = FINAL.has(kind) || (error instanceof TypeError && !(error instanceof CopilotError));
  return ApplicationFailure.create({
    message: error.message,
    type: reason?.code ?? kind,
    nonRetryable,
    cause: error,
  });
}

export function reasonOf(error: unknown): string | undefined {
  return (error as Told | undefined)?.reason?.code;
}

export function lostRuntime(error: unknown): boolean {
  return LOST.has((error as Told | undefined)?.kind ?? "");
}
