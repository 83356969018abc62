/* Stand-in until the generated declarations land: loose types, namespaces by proxy. */
/* eslint-disable @typescript-eslint/no-explicit-any */

interface Requester {
  request(method: string, params?: unknown, options?: any): Promise<unknown>;
}

export type ServerRpc = any;
export type SessionRpc = any;

function namespace(call: (method: string, params: any, options: any) => Promise<unknown>, path: string): any {
  const children = new Map<string, any>();
  return new Proxy((params: any, options: any) => call(path, params, options), {
    get(target, name) {
      if (typeof name !== "string" || name === "then") return Reflect.get(target, name);
      let child = children.get(name);
      if (!child) children.set(name, (child = namespace(call, path === "" ? name : `${path}.${name}`)));
      return child;
    },
  });
}

export function createServerRpc(connection: Requester): ServerRpc {
  return namespace((method, params, options) => connection.request(method, params ?? {}, options), "");
}

export function createSessionRpc(connection: Requester, sessionId: string): SessionRpc {
  return namespace(
    (method, params, options) => connection.request(`session.${method}`, { ...params, sessionId }, options),
    "",
  );
}

export type AutoTier = "efficiency" | "balance" | "intelligence" | "fast";
export type ReasoningSummary = "none" | "concise" | "detailed";
export type RemoteSessionMode = "off" | "export" | "on";
export interface SessionLimitsConfig {
  maxAiCredits?: number;
}
export interface OpenCanvasInstance {
  canvasId: string;
  extensionId: string;
  instanceId: string;
  extensionName?: string;
  title?: string;
  status?: string;
  url?: string;
  input?: unknown;
}
export type ModelSwitchAutoTierResult = any;
export type CurrentToolMetadata = any;
export type FactoryGetRunProgressRequest = any;
export type FactoryListRunsRequest = any;
export type FactoryListRunsResult = any;
export type FactoryProgressPage = any;
export type FactoryRunDetail = any;
export type FactoryRunStatus = string;
export interface FactoryRunResult {
  runId: string;
  status: FactoryRunStatus;
  [key: string]: any;
}
export type FactoryRunSummary = any;
export type GitHubTelemetryNotification = any;
export interface GitHubTokenAcquireRequest {
  registrationId: string;
  host: string;
  sessionId?: string;
  reason: "initial" | "refresh";
}
export type GitHubTokenAcquireResult =
  { kind: "token"; accessToken: string; expiresIn: number; tokenType?: string } | { kind: "cancelled" };
export type ModelBillingTokenPrices = any;
export interface PermissionDecisionContext {
  outcome: string;
  source: string;
  surface: string;
  responseCapability?: string;
}
export interface PermissionDecisionRequest {
  requestId: string;
  result:
    | { kind: "approve-once" }
    | { kind: "approve-for-session"; approval?: any; domain?: string }
    | { kind: "approve-for-location"; approval: any; locationKey: string }
    | { kind: "approve-permanently"; domain: string }
    | { kind: "reject"; feedback?: string }
    | { kind: "user-not-available" };
}
export type CanvasJsonSchema = Record<string, unknown>;
export type CanvasHostContext = any;
export type CanvasHostContextCapabilities = any;
export interface CanvasProviderOpenRequest {
  sessionId: string;
  extensionId: string;
  canvasId: string;
  instanceId: string;
  input?: unknown;
}
export interface CanvasProviderOpenResult {
  url?: string;
  title?: string;
  status?: string;
}
export type CanvasProviderCloseRequest = Omit<CanvasProviderOpenRequest, "input">;
export type CanvasProviderInvokeActionRequest = CanvasProviderOpenRequest & { actionName: string };
export interface SessionFsError {
  code: "ENOENT" | "UNKNOWN";
  message?: string;
}
export interface SessionFsStatResult {
  isFile: boolean;
  isDirectory: boolean;
  size: number;
  mtime: string;
  birthtime: string;
  error?: SessionFsError;
}
export interface SessionFsReaddirWithTypesEntry {
  name: string;
  type: "file" | "directory";
}
export type SessionFsSqliteQueryType = "exec" | "query" | "run";
export type SessionFsSqliteTransactionErrorClass = "busyOrLocked" | "fatal" | "postCommitAmbiguous";
export interface SessionFsSqliteQueryResult {
  rows: Record<string, unknown>[];
  columns: string[];
  rowsAffected: number;
  lastInsertRowid?: number;
  error?: SessionFsError;
}
export interface SessionFsHandler {
  readFile(params: any): Promise<any>;
  writeFile(params: any): Promise<any>;
  appendFile(params: any): Promise<any>;
  exists(params: any): Promise<any>;
  stat(params: any): Promise<any>;
  mkdir(params: any): Promise<any>;
  readdir(params: any): Promise<any>;
  readdirWithTypes(params: any): Promise<any>;
  rm(params: any): Promise<any>;
  rename(params: any): Promise<any>;
  sqliteQuery(params: any): Promise<any>;
  sqliteExists(params: any): Promise<any>;
  sqliteTransaction(params: any): Promise<any>;
}
export interface LlmInferenceHeaders {
  [name: string]: string[];
}
