/** Factories: programs that steer agents, run by the runtime. */
import type { JsonValue } from "../generated/session-events.js";
import type {
  FactoryGetRunProgressRequest,
  FactoryListRunsRequest,
  FactoryListRunsResult,
  FactoryProgressPage,
  FactoryRunDetail,
  FactoryRunResult,
  FactoryRunSummary,
} from "../generated/rpc.js";
import type { CopilotSession } from "../session.js";
import type { ContextTier } from "./session.js";
import type { DeepReadonly } from "./readonly.js";

export interface FactoryLimits {
  maxConcurrentSubagents?: number;
  maxTotalSubagents?: number;
  maxAiCredits?: number;
  timeoutSeconds?: number;
}

export interface FactoryMeta {
  name: string;
  description: string;
  phases: Array<{ title: string; detail?: string }>;
  argsSchema?: FactoryJsonSchema;
  limits?: FactoryLimits;
}

export type FactoryListRunsOptions = FactoryListRunsRequest;

export type FactoryRunsPage = FactoryListRunsResult;

export type { JsonValue };

export type FactoryJsonSchema = { [key: string]: JsonValue };

export interface FactoryAgentOptions {
  label?: string;
  schema?: FactoryJsonSchema;
  model?: string;
  reasoningEffort?: string;
  contextTier?: ContextTier;
  agent?: string;
}

export interface FactoryStepOptions {
  volatile?: boolean;
}

export interface FactoryLimitOverrides {
  maxConcurrentSubagents?: number | null;
  maxTotalSubagents?: number | null;
  maxAiCredits?: number | null;
  timeoutSeconds?: number | null;
}

export type FactoryPipelineStage<TInput = unknown, TResult = unknown> = (
  previous: TInput,
  item: unknown,
  index: number,
) => Promise<TResult> | TResult;

export interface FactoryContext<TArgs extends JsonValue = JsonValue> {
  readonly runId: string;
  agent(prompt: string, options?: FactoryAgentOptions): Promise<unknown>;
  step(
    key: string,
    producer: () => Promise<JsonValue> | JsonValue,
    options?: FactoryStepOptions,
  ): Promise<JsonValue>;
  pause(key: string): Promise<void>;
  parallel<TResult>(thunks: Array<() => Promise<TResult> | TResult>): Promise<Array<TResult | null>>;
  pipeline(items: unknown[], ...stages: FactoryPipelineStage[]): Promise<unknown[]>;
  phase(title: string): void;
  log(message: string): void;
  factory(name: string, args?: JsonValue): Promise<JsonValue | void>;
  args: TArgs;
  session: CopilotSession;
  signal: AbortSignal;
}

export interface FactoryDefinition<
  TArgs extends JsonValue = JsonValue,
  TResult extends JsonValue | void = JsonValue | void,
> {
  meta: FactoryMeta;
  run(context: FactoryContext<TArgs>): Promise<TResult>;
}

/** Makes handles of different factories different types. */
declare const factoryHandleBrand: unique symbol;

export interface FactoryHandle<
  TArgs extends JsonValue = JsonValue,
  TResult extends JsonValue | void = JsonValue | void,
> {
  readonly meta: DeepReadonly<FactoryMeta>;
  readonly [factoryHandleBrand]: { readonly args: TArgs; readonly result: TResult };
}

export interface RunOptions<TArgs extends JsonValue = JsonValue> {
  args?: TArgs;
  limits?: FactoryLimitOverrides;
  notifyOnComplete?: boolean;
  logPhaseNames?: boolean;
  resumeFromRunId?: string;
}

export interface ResumeOptions {
  limits?: FactoryLimitOverrides;
  notifyOnComplete?: boolean;
  logPhaseNames?: boolean;
}

export type FactoryResumeErrorCode =
  | "not_found"
  | "non_resumable"
  | "already_active"
  | "factory_already_running"
  | "factory_limits_invalid"
  | "factory_session_disposed"
  | "factory_storage_unavailable"
  | "factory_storage_corrupt";

export interface SessionFactoryApi {
  run<TArgs extends JsonValue>(
    factory: FactoryHandle<TArgs>,
    options?: RunOptions<TArgs>,
  ): Promise<FactoryRunResult>;
  run(name: string, options?: RunOptions): Promise<FactoryRunResult>;
  resume(runId: string, options?: ResumeOptions): Promise<FactoryRunResult>;
  getRun(runId: string): Promise<FactoryRunResult>;
  waitForRun(runId: string, options?: { signal?: AbortSignal }): Promise<FactoryRunResult>;
  listRuns(): Promise<FactoryRunSummary[]>;
  listRuns(options: FactoryListRunsOptions): Promise<FactoryRunsPage>;
  getRunDetail(runId: string): Promise<FactoryRunDetail>;
  getRunProgress(
    runId: string,
    options?: Omit<FactoryGetRunProgressRequest, "runId">,
  ): Promise<FactoryProgressPage>;
  pause(runId: string): Promise<FactoryRunResult>;
  cancel(runId: string): Promise<FactoryRunResult>;
}
