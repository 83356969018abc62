/** `copilot-native`: a drop-in for `@github/copilot-sdk`. */
export { AhpHost } from "./ahp-host.js";
export { Canvas, CanvasError, createCanvas } from "./canvas.js";
export { CopilotClient } from "./client.js";
export { RuntimeConnection } from "./connections.js";
export { ConnectionError, CopilotError, ResponseError } from "./errors.js";
export type { ErrorReason } from "./errors.js";
export { FactoryResumeError, WorkflowResumeError } from "./factory-api.js";
export { defineFactory, defineWorkflow, isFactoryRunTerminal, isWorkflowRunTerminal } from "./factory.js";
export {
  approveAll,
  createAttributedPermissionResult,
  defaultJoinSessionPermissionHandler,
  DisableBypassPermissionsModes,
} from "./permissions.js";
export {
  CopilotRequestHandler,
  CopilotWebSocketCloseStatus,
  CopilotWebSocketForwarder,
  CopilotWebSocketHandler,
} from "./request-handler.js";
export { createSessionFsAdapter, SessionFsSqliteTransactionFailure } from "./session-fs.js";
export { CopilotSession } from "./session.js";
export { SYSTEM_MESSAGE_SECTIONS } from "./system-message.js";
export { BuiltInTools, ToolSet } from "./tool-set.js";
export { convertMcpCallToolResult, defineTool } from "./tools.js";

export type * from "./canvas.js";
export type { CallOptions, RequestOptions } from "./connection.js";
export type { Counters } from "./native.js";
export type { Diagnostics, StartRecord } from "./types/diagnostics.js";
export type { CopilotRequestContext } from "./request-handler.js";
export type * from "./session-fs.js";
export type { AssistantMessageEvent } from "./session.js";
export type * from "./types/ahp-host.js";
export type * from "./types/client.js";
export type * from "./types/events.js";
export type * from "./types/factory.js";
export type * from "./types/workflow.js";
export type * from "./types/handlers.js";
export type * from "./types/hooks.js";
export type * from "./types/session.js";
export type * from "./types/tools.js";

// What is named here takes precedence over the generated names below.
export type {
  PermissionRequest,
  PermissionRequestedData,
  PermissionRequestedEvent,
  SessionEvent,
  SessionEventPayload,
  SessionEventType,
} from "./types/events.js";
export type { AutoModeSwitchResponse } from "./types/handlers.js";
export type { ContextTier, GitHubMcpToolConfig } from "./types/session.js";
export type * from "./generated/session-events.js";
export type { AttachmentExtensionContext as ExtensionContextAttachment } from "./generated/session-events.js";
export type {
  ConnectorAccountRequest,
  ConnectorAvailability,
  ConnectorCapabilities,
  ConnectorCatalogEntry,
  ConnectorCatalogResult,
  ConnectorCatalogStatus,
  ConnectorConnectRequest,
  ConnectorConnectResult,
  ConnectorContinueRequest,
  ConnectorDisconnectResult,
  ConnectorMcpStatus,
  ConnectorReconcileRequest,
  ConnectorRuntimeStatus,
  ConnectorStatus,
  InstallationConfirmationResponse,
  InstallationDecision,
  InstallationReview,
  McpInstallationReview,
} from "./generated/rpc.js";
export type {
  CanvasHostContext,
  CanvasHostContextCapabilities,
  CanvasJsonSchema,
  CurrentModel,
  CurrentToolMetadata,
  ExtensionLaunchProfile,
  ExtensionLaunchProviderResolveRequest,
  ExtensionLaunchProviderResolveResult,
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
  GitHubTelemetryClientInfo,
  GitHubTelemetryEvent,
  GitHubTelemetryNotification,
  GitHubTokenAcquireReason,
  GitHubTokenAcquireResult,
  LlmInferenceHeaders,
  ModelBillingTokenPrices,
  ModelBillingTokenPricesLongContext,
  ModelSwitchAutoTierResult,
  ModelSwitchAutoTierStatus,
  PermissionDecisionContext,
  PermissionDecisionOutcome,
  PermissionDecisionSurface,
  PermissionResponseCapability,
  RemoteSessionMode,
  SessionFsSqliteQueryType,
  SessionFsSqliteTransactionErrorClass,
  SkillProviderDescriptor,
} from "./generated/rpc.js";
