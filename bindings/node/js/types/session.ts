/** Configuration of a session and of a message. */
import type { AutoTier } from "../generated/session-events.js";
import type { ModelCapabilitiesOverride } from "./client.js";
import type { BearerTokenProvider } from "./handlers.js";

export type {
  MessageOptions,
  ResumeSessionConfig,
  SessionConfig,
  SessionConfigBase,
} from "../generated/options.js";

export interface CloudSessionRepository {
  owner: string;
  name: string;
  branch?: string;
}

export interface CloudSessionOptions {
  repository?: CloudSessionRepository;
}

export type SystemMessageSection =
  | "preamble"
  | "identity"
  | "tone"
  | "tool_efficiency"
  | "environment_context"
  | "code_change_rules"
  | "guidelines"
  | "safety"
  | "tool_instructions"
  | "custom_instructions"
  | "runtime_instructions"
  | "last_instructions";

export type SectionTransformFn = (currentContent: string) => string | Promise<string>;

export type SectionOverrideAction =
  "replace" | "remove" | "append" | "prepend" | "preserve" | SectionTransformFn;

export interface SectionOverride {
  action: SectionOverrideAction;
  content?: string;
}

export interface SystemMessageAppendConfig {
  mode?: "append";
  content?: string;
}

export interface SystemMessageReplaceConfig {
  mode: "replace";
  content: string;
}

export interface SystemMessageCustomizeConfig {
  mode: "customize";
  sections?: Partial<Record<SystemMessageSection, SectionOverride>>;
  content?: string;
}

export type SystemMessageConfig =
  SystemMessageAppendConfig | SystemMessageReplaceConfig | SystemMessageCustomizeConfig;

interface MCPServerConfigBase {
  tools?: string[];
  type?: string;
  timeout?: number;
}

export interface MCPStdioServerConfig extends MCPServerConfigBase {
  type?: "local" | "stdio";
  command: string;
  args?: string[];
  env?: Record<string, string>;
  workingDirectory?: string;
}

export interface MCPHTTPServerConfig extends MCPServerConfigBase {
  type: "http" | "sse";
  url: string;
  headers?: Record<string, string>;
}

export type MCPServerConfig = MCPStdioServerConfig | MCPHTTPServerConfig;

export interface CustomAgentConfig {
  name: string;
  displayName?: string;
  description?: string;
  tools?: string[] | null;
  prompt: string;
  mcpServers?: Record<string, MCPServerConfig>;
  infer?: boolean;
  skills?: string[];
  model?: string;
  reasoningEffort?: ReasoningEffort;
}

export interface DefaultAgentConfig {
  excludedTools?: string[];
}

export interface InfiniteSessionConfig {
  enabled?: boolean;
  backgroundCompactionThreshold?: number;
  bufferExhaustionThreshold?: number;
}

export interface MemoryConfiguration {
  enabled: boolean;
}

export interface LargeToolOutputConfig {
  enabled?: boolean;
  maxSizeBytes?: number;
  outputDirectory?: string;
}

export type ReasoningEffort = "low" | "medium" | "high" | "xhigh" | "max";

export type ContextTier = "default" | "long_context";

export interface ExtensionInfo {
  source: string;
  name: string;
}

export interface CapiSessionOptions {
  enableWebSocketResponses?: boolean;
  autoTier?: AutoTier;
}

export interface ProviderConfig {
  type?: "openai" | "azure" | "anthropic";
  wireApi?: "completions" | "responses";
  transport?: "http" | "websockets";
  baseUrl: string;
  apiKey?: string;
  bearerToken?: string;
  bearerTokenProvider?: BearerTokenProvider;
  azure?: { apiVersion?: string };
  headers?: Record<string, string>;
  modelId?: string;
  wireModel?: string;
  maxPromptTokens?: number;
  maxOutputTokens?: number;
  modelProvider?: ProviderConfigModelProvider;
  /** Prints the key of the provider; runtimes newer than 1.0.85. */
  apiKeyCommand?: string;
}

/** Whose models they are; runtimes newer than 1.0.85. */
export type ProviderConfigModelProvider =
  "openai" | "anthropic" | "azure_openai" | "ollama" | "lm_studio" | "foundry_local" | "llama_cpp";

export interface NamedProviderConfig {
  name: string;
  type?: "openai" | "azure" | "anthropic";
  wireApi?: "completions" | "responses";
  baseUrl: string;
  apiKey?: string;
  bearerToken?: string;
  bearerTokenProvider?: BearerTokenProvider;
  azure?: { apiVersion?: string };
  headers?: Record<string, string>;
  modelProvider?: ProviderConfigModelProvider;
}

export interface ProviderModelConfig {
  id: string;
  provider: string;
  wireModel?: string;
  modelId?: string;
  name?: string;
  maxPromptTokens?: number;
  maxContextWindowTokens?: number;
  maxOutputTokens?: number;
  capabilities?: ModelCapabilitiesOverride;
}

export type MessageAttachment =
  | { type: "file"; path: string; displayName?: string }
  | { type: "directory"; path: string; displayName?: string }
  | {
      type: "selection";
      filePath: string;
      displayName: string;
      selection?: { start: { line: number; character: number }; end: { line: number; character: number } };
      text?: string;
    }
  | { type: "blob"; data: string; mimeType: string; displayName?: string };

/** What ends a wait besides its time limit. Running out of time never ends the agent's work. */
export interface WaitOptions {
  /** Gives the wait up; what the agent does goes on. */
  signal?: AbortSignal | undefined;
  /** Milliseconds without any event of the session. */
  inactivityTimeout?: number;
  /** `"foreground"` does not wait for agents and shells left running in the background. */
  until?: "idle" | "foreground";
}

/** How a structured answer is asked for. */
export interface StructuredOptions extends WaitOptions {
  /** How often the agent may try again; 2 unless given. */
  retries?: number;
  /** Milliseconds for each try; 60,000 unless given. */
  timeout?: number;
}

export interface CanvasProviderIdentity {
  id: string;
  name?: string;
}

export type ExpFlagValue = string | number | boolean | null;

export interface ExpConfigEntry {
  Id: string;
  Parameters: Record<string, ExpFlagValue>;
}

export interface CopilotExpAssignmentResponse {
  Features: string[];
  Flights: Record<string, string>;
  Configs: ExpConfigEntry[];
  ParameterGroups?: unknown;
  FlightingVersion?: number;
  ImpressionId?: string;
  AssignmentContext: string;
}

export interface GitHubMcpToolConfig {
  enableAllTools?: boolean;
  additionalToolsets?: string[];
  additionalTools?: string[];
  enableInsidersMode?: boolean;
  disableFormDeferral?: boolean;
}

export interface ManagedSettingsPermissions {
  disableBypassPermissionsMode?: string;
  deny?: string[];
  ask?: string[];
  allow?: string[];
}

export interface ManagedSettings {
  permissions?: ManagedSettingsPermissions;
}

export type AskUserVariant = "legacy" | "elicitation";

export interface ImageGenerationConfig {
  enabled?: boolean;
  watermark?: boolean;
  saveToDisk?: boolean;
}

export interface AutopilotOptions {
  continuationEnabled?: boolean;
  maxContinues?: number;
}

export interface DiagnosticsConfiguration {
  sources: { mcp?: { level: string } };
}

export type MessageSource = "user" | "system" | `agent-${string}`;
