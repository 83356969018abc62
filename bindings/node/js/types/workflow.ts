/** Workflows: what runtimes from 1.0.89-7 on call factories. */
import type { JsonValue } from "../generated/session-events.js";
import type {
  WorkflowGetRunProgressRequest,
  WorkflowListRunsRequest,
  WorkflowListRunsResult,
  WorkflowProgressPage,
  WorkflowRunDetail,
  WorkflowRunResult,
  WorkflowRunSummary,
} from "../generated/rpc.js";
import type {
  FactoryAgentOptions,
  FactoryContext,
  FactoryJsonSchema,
  FactoryLimitOverrides,
  FactoryLimits,
  FactoryMeta,
  FactoryPipelineStage,
  FactoryStepOptions,
  ResumeOptions,
  RunOptions,
} from "./factory.js";
import type { DeepReadonly } from "./readonly.js";

export type WorkflowAgentOptions = FactoryAgentOptions;
export type WorkflowJsonSchema = FactoryJsonSchema;
export type WorkflowLimitOverrides = FactoryLimitOverrides;
export type WorkflowLimits = FactoryLimits;
export type WorkflowMeta = FactoryMeta;
export type WorkflowPipelineStage<TInput = unknown, TResult = unknown> = FactoryPipelineStage<
  TInput,
  TResult
>;
export type WorkflowResumeOptions = ResumeOptions;
export type WorkflowRunOptions<TArgs extends JsonValue = JsonValue> = Omit<
  RunOptions<TArgs>,
  "resumeFromRunId"
>;
export type WorkflowStepOptions = FactoryStepOptions;
export type WorkflowListRunsOptions = WorkflowListRunsRequest;
export type WorkflowRunsPage = WorkflowListRunsResult;

export interface WorkflowContext<TArgs extends JsonValue = JsonValue> extends Omit<
  FactoryContext<TArgs>,
  "factory"
> {
  workflow(name: string, args?: JsonValue): Promise<JsonValue | void>;
}

export interface WorkflowDefinition<
  TArgs extends JsonValue = JsonValue,
  TResult extends JsonValue | void = JsonValue | void,
> {
  meta: WorkflowMeta;
  run(context: WorkflowContext<TArgs>): Promise<TResult>;
}

/** Makes handles of different workflows different types. */
declare const workflowHandleBrand: unique symbol;

export interface WorkflowHandle<
  TArgs extends JsonValue = JsonValue,
  TResult extends JsonValue | void = JsonValue | void,
> {
  readonly meta: DeepReadonly<WorkflowMeta>;
  readonly [workflowHandleBrand]: { readonly args: TArgs; readonly result: TResult };
}

export type WorkflowResumeErrorCode =
  | "not_found"
  | "non_resumable"
  | "already_active"
  | "workflow_already_running"
  | "workflow_limits_invalid"
  | "workflow_run_not_resumable"
  | "workflow_session_disposed"
  | "workflow_storage_unavailable"
  | "workflow_storage_corrupt";

export interface SessionWorkflowApi {
  run<TArgs extends JsonValue>(
    workflow: WorkflowHandle<TArgs>,
    options?: WorkflowRunOptions<TArgs>,
  ): Promise<WorkflowRunResult>;
  run(name: string, options?: WorkflowRunOptions): Promise<WorkflowRunResult>;
  resume(runId: string, options?: WorkflowResumeOptions): Promise<WorkflowRunResult>;
  getRun(runId: string): Promise<WorkflowRunResult>;
  waitForRun(runId: string, options?: { signal?: AbortSignal }): Promise<WorkflowRunResult>;
  listRuns(): Promise<WorkflowRunSummary[]>;
  listRuns(options: WorkflowListRunsOptions): Promise<WorkflowRunsPage>;
  getRunDetail(runId: string): Promise<WorkflowRunDetail>;
  getRunProgress(
    runId: string,
    options?: Omit<WorkflowGetRunProgressRequest, "runId">,
  ): Promise<WorkflowProgressPage>;
  pause(runId: string): Promise<WorkflowRunResult>;
  cancel(runId: string): Promise<WorkflowRunResult>;
}
