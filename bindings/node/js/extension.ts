/** For a program that the runtime itself started: joins the session it belongs to. */
import { CopilotClient } from "./client.js";
import { definitionOf } from "./factory.js";
import { defaultJoinSessionPermissionHandler } from "./permissions.js";
import type { CopilotSession } from "./session.js";
import type { FactoryHandle } from "./types/factory.js";
import type { PermissionHandler } from "./types/handlers.js";
import type { ResumeSessionConfig } from "./types/session.js";
import type { WorkflowHandle } from "./types/workflow.js";

export { Canvas, CanvasError, createCanvas } from "./canvas.js";
export type {
  CanvasAction,
  CanvasDeclaration,
  CanvasHostContext,
  CanvasJsonSchema,
  CanvasOptions,
} from "./canvas.js";
export { FactoryResumeError, WorkflowResumeError } from "./factory-api.js";
export { defineFactory, defineWorkflow, isFactoryRunTerminal, isWorkflowRunTerminal } from "./factory.js";
export type * from "./types/workflow.js";
export type { ExtensionInfo } from "./types/session.js";
export type {
  FactoryAgentOptions,
  FactoryContext,
  FactoryDefinition,
  FactoryHandle,
  FactoryJsonSchema,
  FactoryLimits,
  FactoryListRunsOptions,
  FactoryMeta,
  FactoryPipelineStage,
  FactoryResumeErrorCode,
  FactoryRunsPage,
  FactoryStepOptions,
  JsonValue,
  ResumeOptions,
  RunOptions,
  SessionFactoryApi,
} from "./types/factory.js";
export type {
  FactoryAgentSummary,
  FactoryPhaseObservation,
  FactoryPhaseStatus,
  FactoryProgressLine,
  FactoryProgressPage,
  FactoryRunDetail,
  FactoryRunResult,
  FactoryRunStatus,
  FactoryRunSummary,
  WorkflowAgentSummary,
  WorkflowPhaseObservation,
  WorkflowPhaseStatus,
  WorkflowProgressLine,
  WorkflowProgressPage,
  WorkflowRunDetail,
  WorkflowRunResult,
  WorkflowRunStatus,
  WorkflowRunSummary,
} from "./generated/rpc.js";

export type JoinSessionConfig = Omit<ResumeSessionConfig, "onPermissionRequest" | "extensionSdkPath"> & {
  onPermissionRequest?: PermissionHandler;
  requestedEnvironmentVariables?: string[];
  /** Only for runtimes before 1.0.89-7. */
  factories?: FactoryHandle[];
  workflows?: WorkflowHandle[];
};

/** Joins the session that started this program, over the program's own standard streams. */
export async function joinSession(config: JoinSessionConfig = {}): Promise<CopilotSession> {
  const sessionId = process.env["SESSION_ID"];
  if (!sessionId) {
    throw new Error("joinSession() is intended for extensions running as child processes of the runtime");
  }
  checkNames("factory", config.factories);
  checkNames("workflow", config.workflows as unknown as FactoryHandle[] | undefined);
  const { factories, workflows, requestedEnvironmentVariables, ...given } = config;
  const { extensionSdkPath: _dropped, ...rest } = given as ResumeSessionConfig;
  const client = new CopilotClient({ _internalConnection: { kind: "parent-process" } } as object);
  return await client.resumeSession(sessionId, {
    ...rest,
    onPermissionRequest: rest.onPermissionRequest ?? defaultJoinSessionPermissionHandler,
    suppressResumeEvent: rest.suppressResumeEvent ?? true,
    _factories: factories,
    _workflows: workflows,
    _requestedEnvironmentVariables: requestedEnvironmentVariables,
  } as ResumeSessionConfig);
}

function checkNames(family: string, handles: FactoryHandle[] = []): void {
  const names = handles.map((handle) => definitionOf(handle).meta.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Duplicate ${family} name "${twice}"`);
}
