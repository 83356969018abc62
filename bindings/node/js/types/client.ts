/** Options and answers of the client. */
import type { ModelBillingTokenPrices } from "../generated/rpc.js";
import type { ReasoningEffort } from "./session.js";

export type { CopilotClientOptions } from "../generated/options.js";

export interface TraceContext {
  traceparent?: string;
  tracestate?: string;
}

export type TraceContextProvider = () => TraceContext | Promise<TraceContext>;

export interface TelemetryConfig {
  otlpEndpoint?: string;
  otlpProtocol?: "http/json" | "http/protobuf";
  filePath?: string;
  exporterType?: string;
  sourceName?: string;
  captureContent?: boolean;
}

export type RuntimeConnection =
  StdioRuntimeConnection | TcpRuntimeConnection | UriRuntimeConnection | InProcessRuntimeConnection;

export interface StdioRuntimeConnection extends ChildProcessRuntimeConnection {
  readonly kind: "stdio";
}

export interface TcpRuntimeConnection extends ChildProcessRuntimeConnection {
  readonly kind: "tcp";
  readonly port?: number;
  readonly connectionToken?: string;
}

export interface UriRuntimeConnection {
  readonly kind: "uri";
  readonly url: string;
  readonly connectionToken?: string;
}

export type CopilotClientMode = "empty" | "copilot-cli";

export interface SessionContext {
  workingDirectory: string;
  gitRoot?: string;
  repository?: string;
  branch?: string;
}

export interface SessionFsConfig {
  initialCwd: string;
  sessionStatePath: string;
  conventions: "windows" | "posix";
  capabilities?: { sqlite?: boolean };
  /** A ready store for sessions that bring no provider of their own, or its URL. */
  store?: SessionFsStore | string;
  /** Sessions in the store have one owner at a time. */
  lease?: SessionFsLease;
}

/** How the client owns the sessions that it opens in a store: nobody else opens them meanwhile. */
export interface SessionFsLease {
  /** What others read of the owner; without it the name of the machine and the process id. */
  owner?: string;
  /** Milliseconds for which others wait when nothing is heard of the owner: 1000 at least, 30000 without it. */
  ttlMs?: number;
  /** Milliseconds for which opening a session waits for its owner; without it opening fails at once. */
  waitMs?: number;
}

/** In memory as long as the client lives, in a folder, or in a store that is reached by URL. Sessions do not see each other's files. */
export type SessionFsStore =
  | { kind: "memory" }
  | { kind: "folder"; path: string }
  | { kind: "url"; url: string; options?: Record<string, string> };

export interface SessionListFilter {
  workingDirectory?: string;
  gitRoot?: string;
  repository?: string;
  branch?: string;
}

export interface SessionMetadata {
  sessionId: string;
  startTime: Date;
  modifiedTime: Date;
  summary?: string;
  isRemote: boolean;
  context?: SessionContext;
}

export interface GetStatusResponse {
  version: string;
  protocolVersion: number;
}

export interface GetAuthStatusResponse {
  isAuthenticated: boolean;
  authType?: "user" | "env" | "gh-cli" | "hmac" | "api-key" | "token";
  host?: string;
  login?: string;
  statusMessage?: string;
}

export interface ModelCapabilities {
  supports: { vision: boolean; reasoningEffort: boolean };
  limits: {
    max_prompt_tokens?: number;
    max_output_tokens?: number;
    max_context_window_tokens: number;
    vision?: { supported_media_types: string[]; max_prompt_images: number; max_prompt_image_size: number };
  };
}

type DeepPartial<T> = T extends readonly (infer U)[]
  ? DeepPartial<U>[]
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;

export type ModelCapabilitiesOverride = DeepPartial<ModelCapabilities>;

export interface ModelPolicy {
  state: "enabled" | "disabled" | "unconfigured";
  terms: string;
}

export interface ModelBilling {
  multiplier?: number;
  tokenPrices?: ModelBillingTokenPrices;
}

export interface ModelInfo {
  id: string;
  name: string;
  capabilities: ModelCapabilities;
  policy?: ModelPolicy;
  billing?: ModelBilling;
  supportedReasoningEfforts?: ReasoningEffort[];
  defaultReasoningEffort?: ReasoningEffort;
}

export interface ForegroundSessionInfo {
  sessionId?: string;
  workspacePath?: string;
}

export interface ChildProcessRuntimeConnection {
  readonly path?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

export interface InProcessRuntimeConnection {
  readonly kind: "inprocess";
  /** Has its argument called on the application's main thread, for libraries that show windows. Runtimes from 1.0.102 on. */
  readonly runOnUiThread?: RunOnUiThread;
}

/** The action must be called once; what this returns is awaited before the runtime hears that it was. */
export type RunOnUiThread = (action: () => void) => Promise<void> | void;

/** Login through Microsoft Entra; runtimes that do not know it are refused. */
export interface EntraAuthConfig {
  clientId?: string;
  tenantId?: string;
}

export interface CopilotClientInfo {
  applicationName?: string;
  applicationVersion?: string;
  integrationName?: string;
  integrationVersion?: string;
}
