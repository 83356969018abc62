/** Hooks: code that runs at fixed points of a session. */
import type { HandlerInvocation } from "./handlers.js";
import type { ToolResultObject } from "./tools.js";

export interface BaseHookInput {
  sessionId: string;
  timestamp: Date;
  workingDirectory: string;
}

export interface PreToolUseHookInput extends BaseHookInput {
  toolName: string;
  toolArgs: unknown;
}

export interface PreToolUseHookOutput {
  permissionDecision?: "allow" | "deny" | "ask";
  permissionDecisionReason?: string;
  modifiedArgs?: unknown;
  additionalContext?: string;
  suppressOutput?: boolean;
}

export type PreToolUseHandler = (
  input: PreToolUseHookInput,
  invocation: HandlerInvocation,
) => Promise<PreToolUseHookOutput | void> | PreToolUseHookOutput | void;

export interface PreMcpToolCallHookInput extends BaseHookInput {
  toolCallId?: string;
  serverName: string;
  toolName: string;
  arguments: unknown;
  _meta?: Record<string, unknown>;
}

export interface PreMcpToolCallHookOutput {
  metaToUse?: Record<string, unknown> | null;
}

export type PreMcpToolCallHandler = (
  input: PreMcpToolCallHookInput,
  invocation: HandlerInvocation,
) => Promise<PreMcpToolCallHookOutput | void> | PreMcpToolCallHookOutput | void;

export interface PostToolUseHookInput extends BaseHookInput {
  toolName: string;
  toolArgs: unknown;
  toolResult: ToolResultObject;
}

export interface PostToolUseHookOutput {
  modifiedResult?: ToolResultObject;
  additionalContext?: string;
  suppressOutput?: boolean;
}

export type PostToolUseHandler = (
  input: PostToolUseHookInput,
  invocation: HandlerInvocation,
) => Promise<PostToolUseHookOutput | void> | PostToolUseHookOutput | void;

export interface PostToolUseFailureHookInput extends BaseHookInput {
  toolName: string;
  toolArgs: unknown;
  error: string;
}

export interface PostToolUseFailureHookOutput {
  additionalContext?: string;
}

export type PostToolUseFailureHandler = (
  input: PostToolUseFailureHookInput,
  invocation: HandlerInvocation,
) => Promise<PostToolUseFailureHookOutput | void> | PostToolUseFailureHookOutput | void;

export interface UserPromptSubmittedHookInput extends BaseHookInput {
  prompt: string;
}

export interface UserPromptSubmittedHookOutput {
  modifiedPrompt?: string;
  additionalContext?: string;
  suppressOutput?: boolean;
}

export type UserPromptSubmittedHandler = (
  input: UserPromptSubmittedHookInput,
  invocation: HandlerInvocation,
) => Promise<UserPromptSubmittedHookOutput | void> | UserPromptSubmittedHookOutput | void;

export interface SessionStartHookInput extends BaseHookInput {
  source: "startup" | "resume" | "new";
  initialPrompt?: string;
}

export interface SessionStartHookOutput {
  additionalContext?: string;
  modifiedConfig?: Record<string, unknown>;
}

export type SessionStartHandler = (
  input: SessionStartHookInput,
  invocation: HandlerInvocation,
) => Promise<SessionStartHookOutput | void> | SessionStartHookOutput | void;

export interface SessionEndHookInput extends BaseHookInput {
  reason: "complete" | "error" | "abort" | "timeout" | "user_exit";
  finalMessage?: string;
  error?: string;
}

export interface SessionEndHookOutput {
  suppressOutput?: boolean;
  cleanupActions?: string[];
  sessionSummary?: string;
}

export type SessionEndHandler = (
  input: SessionEndHookInput,
  invocation: HandlerInvocation,
) => Promise<SessionEndHookOutput | void> | SessionEndHookOutput | void;

export interface ErrorOccurredHookInput extends BaseHookInput {
  error: string;
  errorContext: "model_call" | "tool_execution" | "system" | "user_input";
  recoverable: boolean;
}

export interface ErrorOccurredHookOutput {
  suppressOutput?: boolean;
  errorHandling?: "retry" | "skip" | "abort";
  retryCount?: number;
  userNotification?: string;
}

export type ErrorOccurredHandler = (
  input: ErrorOccurredHookInput,
  invocation: HandlerInvocation,
) => Promise<ErrorOccurredHookOutput | void> | ErrorOccurredHookOutput | void;

export interface SessionHooks {
  onPreToolUse?: PreToolUseHandler;
  onPreMcpToolCall?: PreMcpToolCallHandler;
  onPostToolUse?: PostToolUseHandler;
  onPostToolUseFailure?: PostToolUseFailureHandler;
  onUserPromptSubmitted?: UserPromptSubmittedHandler;
  onSessionStart?: SessionStartHandler;
  onSessionEnd?: SessionEndHandler;
  onErrorOccurred?: ErrorOccurredHandler;
  onUserPromptTransformed?: UserPromptTransformedHandler;
  onAgentStop?: AgentStopHandler;
  /** Asked by runtimes newer than 1.0.85. */
  onSubagentStart?: SubagentStartHandler;
  /** Asked by runtimes newer than 1.0.85. */
  onSubagentStop?: SubagentStopHandler;
}

export interface UserPromptTransformedHookInput extends BaseHookInput {
  prompt: string;
  transformedPrompt: string;
}

export interface UserPromptTransformedHookOutput {
  modifiedTransformedPrompt?: string;
}

export type UserPromptTransformedHandler = (
  input: UserPromptTransformedHookInput,
  invocation: HandlerInvocation,
) => Promise<UserPromptTransformedHookOutput | void> | UserPromptTransformedHookOutput | void;

export interface AgentStopHookInput extends BaseHookInput {
  stopReason?: string;
  transcriptPath?: string;
  stopHookActive?: boolean;
}

export interface AgentStopHookOutput {
  decision?: "block";
  reason?: string;
}

export type AgentStopHandler = (
  input: AgentStopHookInput,
  invocation: HandlerInvocation,
) => Promise<AgentStopHookOutput | void> | AgentStopHookOutput | void;

export interface SubagentStartHookInput extends BaseHookInput {
  transcriptPath: string;
  agentName: string;
  agentDisplayName?: string;
  agentDescription?: string;
  agentId?: string;
  agentType?: string;
  parentAgentId?: string;
}

export interface SubagentStartHookOutput {
  additionalContext?: string;
}

export type SubagentStartHandler = (
  input: SubagentStartHookInput,
  invocation: HandlerInvocation,
) => Promise<SubagentStartHookOutput | void> | SubagentStartHookOutput | void;

export interface SubagentStopHookInput extends BaseHookInput {
  transcriptPath: string;
  agentName: string;
  agentType: string;
  stopReason: "end_turn";
  response: string;
  agentId?: string;
  agentDisplayName?: string;
  agentDescription?: string;
  parentAgentId?: string;
}

/** To block means that the agent goes on, for the reason given. */
export type SubagentStopHookOutput =
  | { decision: "block"; reason: string; modifiedResponse?: string }
  | { decision?: "allow"; modifiedResponse?: string };

export type SubagentStopHandler = (
  input: SubagentStopHookInput,
  invocation: HandlerInvocation,
) => Promise<SubagentStopHookOutput | void> | SubagentStopHookOutput | void;
