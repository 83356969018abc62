/** Running factories from the outside: `session.factory`, or `session.workflow` as newer runtimes call them. */
import type { CallOptions } from "./connection.js";
import { ResponseError } from "./errors.js";
import { type Family, refuseInsideBody } from "./factory-inside.js";
import { isFactoryRunTerminal } from "./factory.js";
import { onAbort } from "./signals.js";
import type {
  FactoryProgressPage,
  FactoryRunDetail,
  FactoryRunResult,
  FactoryRunSummary,
} from "./generated/rpc.js";
import type {
  FactoryHandle,
  FactoryListRunsOptions,
  FactoryResumeErrorCode,
  FactoryRunsPage,
  ResumeOptions,
  RunOptions,
  SessionFactoryApi,
} from "./types/factory.js";
import type { WorkflowResumeErrorCode } from "./types/workflow.js";

/** What the runs need of the session: calls below `session.factory.` or `session.workflow.`, and word of a run. */
export interface FactoryRpc {
  readonly family: Family;
  call(method: string, params?: unknown, options?: CallOptions): Promise<unknown>;
  onRunUpdated(handler: (event: { data?: { runId?: string } }) => void): () => void;
  /** Calls back when the session is over, with an error when it was lost. */
  onEnd(callback: (error?: Error) => void): () => void;
}

/** A run could not be resumed. */
export class FactoryResumeError extends Error {
  readonly code: FactoryResumeErrorCode;

  constructor(code: FactoryResumeErrorCode, message: string) {
    super(message);
    this.name = "FactoryResumeError";
    this.code = code;
  }
}

/** A run of a workflow could not be resumed. */
export class WorkflowResumeError extends Error {
  readonly code: WorkflowResumeErrorCode;

  constructor(code: WorkflowResumeErrorCode, message: string) {
    super(message);
    this.name = "WorkflowResumeError";
    this.code = code;
  }
}

const RESUME_CODES: ReadonlySet<unknown> = new Set<WorkflowResumeErrorCode>([
  "not_found",
  "non_resumable",
  "already_active",
  "workflow_already_running",
  "workflow_limits_invalid",
  "workflow_run_not_resumable",
  "workflow_session_disposed",
  "workflow_storage_unavailable",
  "workflow_storage_corrupt",
]);

/** How often a run is read again, in milliseconds, in case a notification of a change was lost. */
const POLL_MS = 5_000;

export function createFactoryApi(rpc: FactoryRpc): SessionFactoryApi {
  const getRun = async (runId: string) => runOf(await rpc.call("getRun", { runId }), runId);
  const settle = (run: FactoryRunResult) =>
    isFactoryRunTerminal(run.status) ? Promise.resolve(run) : waitForRun(rpc, getRun, run.runId);

  const resume = async (runId: string, options: ResumeOptions = {}): Promise<FactoryRunResult> => {
    refuseInsideBody(rpc.family, "resume");
    try {
      const answer = (await rpc.call("resume", { runId, ...options })) as { run?: unknown };
      return await settle(runOf(answer.run ?? answer, runId));
    } catch (error) {
      throw toResumeError(rpc.family, error);
    }
  };

  const run = async (target: string | FactoryHandle, options: RunOptions = {}): Promise<FactoryRunResult> => {
    refuseInsideBody(rpc.family, "run");
    const { args = {}, resumeFromRunId, ...rest } = options;
    if (resumeFromRunId !== undefined) return await resume(resumeFromRunId, rest);
    const name = typeof target === "string" ? target : target.meta.name;
    return await settle((await rpc.call("run", { name, args, options: rest })) as FactoryRunResult);
  };

  const listRuns = async (options?: FactoryListRunsOptions): Promise<never> => {
    const page = (await rpc.call("listRuns", options ?? {})) as FactoryRunsPage & {
      runs: FactoryRunSummary[];
    };
    return (options ? page : page.runs) as never;
  };

  return {
    run,
    resume,
    getRun,
    listRuns,
    waitForRun: (runId, options) => waitForRun(rpc, getRun, runId, options?.signal),
    getRunDetail: async (runId) => (await rpc.call("getRunDetail", { runId })) as FactoryRunDetail,
    getRunProgress: async (runId, options) =>
      (await rpc.call("getRunProgress", { ...options, runId })) as FactoryProgressPage,
    pause: async (runId) => {
      refuseInsideBody(rpc.family, "pause");
      return runOf(await rpc.call("pause", { runId }), runId);
    },
    cancel: async (runId) => runOf(await rpc.call("cancel", { runId }), runId),
  };
}

/** The run of an answer, which need not repeat the id it was asked with. */
function runOf(answer: unknown, runId: string): FactoryRunResult {
  return { ...(answer as FactoryRunResult), runId: (answer as FactoryRunResult).runId ?? runId };
}

function toResumeError(family: Family, error: unknown): unknown {
  if (!(error instanceof ResponseError)) return error;
  const code = (error.data as { code?: unknown } | null | undefined)?.code;
  if (typeof code !== "string" || !RESUME_CODES.has(code.replace(`${family}_`, "workflow_"))) return error;
  return family === "workflow"
    ? new WorkflowResumeError(code as WorkflowResumeErrorCode, error.message)
    : new FactoryResumeError(code as FactoryResumeErrorCode, error.message);
}

/** Reads the run again after every notification of a change, one reading at a time, until it has ended. */
function waitForRun(
  rpc: FactoryRpc,
  getRun: (runId: string) => Promise<FactoryRunResult>,
  runId: string,
  signal?: AbortSignal,
): Promise<FactoryRunResult> {
  return new Promise((resolve, reject) => {
    let reading = false;
    let again = false;
    const stops: (() => void)[] = [];
    const finish = (): void => {
      for (const stop of stops.splice(0)) stop();
      clearInterval(timer);
    };
    const fail = (error: unknown): void => {
      finish();
      reject(error);
    };
    const abort = (): void => {
      fail(signal?.reason);
    };
    const read = async (): Promise<void> => {
      again = reading;
      if (reading) return;
      reading = true;
      try {
        do {
          again = false;
          const run = await getRun(runId);
          if (isFactoryRunTerminal(run.status)) {
            finish();
            resolve(run);
          }
          // A notification may have arrived while the answer was on its way.
        } while (again as boolean);
      } catch (error) {
        fail(error);
      }
      reading = false;
    };
    const updated = rpc.onRunUpdated(({ data }) => {
      if (data?.runId === undefined || data.runId === runId) void read();
    });
    // Whether the run has ended cannot be learnt any more: the reading says so if the session was left.
    const ended = rpc.onEnd((error) => {
      if (error) fail(error);
      else void read();
    });
    stops.push(updated, ended);
    const timer = setInterval(() => void read(), POLL_MS);
    if (signal?.aborted) {
      abort();
      return;
    }
    if (signal) stops.push(onAbort(signal, abort));
    void read();
  });
}
