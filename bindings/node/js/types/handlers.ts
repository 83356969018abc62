/** Questions the agent asks the program, and their answers. */
import type {
  ExtensionLaunchProviderResolveRequest,
  ExtensionLaunchProviderResolveResult,
  GitHubTokenAcquireRequest,
  GitHubTokenAcquireResult,
  PermissionDecisionContext,
  PermissionDecisionRequest,
  SkillProviderDescriptor,
} from "../generated/rpc.js";
import type { PermissionRequest } from "./events.js";

export interface CommandContext {
  sessionId: string;
  command: string;
  commandName: string;
  args: string;
  signal?: AbortSignal;
}

export type CommandHandler = (context: CommandContext) => Promise<void> | void;

export interface CommandDefinition {
  name: string;
  description?: string;
  handler: CommandHandler;
}

export interface SessionCapabilities {
  ui?: { elicitation?: boolean; mcpApps?: boolean; canvases?: boolean };
}

export type ElicitationSchemaField =
  | {
      type: "string";
      title?: string;
      description?: string;
      enum: string[];
      enumNames?: string[];
      default?: string;
    }
  | {
      type: "string";
      title?: string;
      description?: string;
      oneOf: { const: string; title: string }[];
      default?: string;
    }
  | {
      type: "array";
      title?: string;
      description?: string;
      minItems?: number;
      maxItems?: number;
      items: { type: "string"; enum: string[] };
      default?: string[];
    }
  | {
      type: "array";
      title?: string;
      description?: string;
      minItems?: number;
      maxItems?: number;
      items: { anyOf: { const: string; title: string }[] };
      default?: string[];
    }
  | { type: "boolean"; title?: string; description?: string; default?: boolean }
  | {
      type: "string";
      title?: string;
      description?: string;
      minLength?: number;
      maxLength?: number;
      format?: "email" | "uri" | "date" | "date-time";
      default?: string;
    }
  | {
      type: "number" | "integer";
      title?: string;
      description?: string;
      minimum?: number;
      maximum?: number;
      default?: number;
    };

export interface ElicitationSchema {
  type: "object";
  properties: Record<string, ElicitationSchemaField>;
  required?: string[];
}

export type ElicitationFieldValue = string | number | boolean | string[];

export interface ElicitationResult {
  action: "accept" | "decline" | "cancel";
  content?: Record<string, ElicitationFieldValue>;
}

export interface ElicitationParams {
  message: string;
  requestedSchema: ElicitationSchema;
}

export interface ElicitationContext {
  sessionId: string;
  message: string;
  requestedSchema?: ElicitationSchema;
  mode?: "form" | "url";
  elicitationSource?: string;
  url?: string;
  signal?: AbortSignal;
}

export type ElicitationHandler = (
  context: ElicitationContext,
) => Promise<ElicitationResult> | ElicitationResult;

export interface UiInputOptions {
  title?: string;
  description?: string;
  minLength?: number;
  maxLength?: number;
  format?: "email" | "uri" | "date" | "date-time";
  default?: string;
}

export interface SessionUiApi {
  elicitation(params: ElicitationParams): Promise<ElicitationResult>;
  confirm(message: string): Promise<boolean>;
  select(message: string, options: string[]): Promise<string | null>;
  input(message: string, options?: UiInputOptions): Promise<string | null>;
}

export type PermissionRequestResult = PermissionDecisionRequest["result"] | { kind: "no-result" };

export type PermissionHandler = (
  request: PermissionRequest,
  invocation: PermissionInvocation,
) =>
  | Promise<PermissionRequestResult | AttributedPermissionResult>
  | PermissionRequestResult
  | AttributedPermissionResult;

export interface UserInputRequest {
  question: string;
  choices?: string[];
  allowFreeform?: boolean;
}

export interface UserInputResponse {
  answer: string;
  wasFreeform: boolean;
}

export type UserInputHandler = (
  request: UserInputRequest,
  invocation: HandlerInvocation,
) => Promise<UserInputResponse> | UserInputResponse;

export interface ExitPlanModeRequest {
  summary: string;
  planContent?: string;
  actions: string[];
  recommendedAction: string;
}

export interface ExitPlanModeResult {
  approved: boolean;
  selectedAction?: string;
  feedback?: string;
}

export type ExitPlanModeHandler = (
  request: ExitPlanModeRequest,
  invocation: HandlerInvocation,
) => Promise<ExitPlanModeResult> | ExitPlanModeResult;

export interface AutoModeSwitchRequest {
  errorCode?: string;
  retryAfterSeconds?: number;
}

export type AutoModeSwitchResponse = "yes" | "yes_always" | "no";

export type AutoModeSwitchHandler = (
  request: AutoModeSwitchRequest,
  invocation: HandlerInvocation,
) => Promise<AutoModeSwitchResponse> | AutoModeSwitchResponse;

export interface McpAuthWwwAuthenticateParams {
  resourceMetadataUrl?: string;
  scope?: string;
  error?: string;
}

export interface McpAuthStaticClientConfig {
  clientId: string;
  clientSecret?: string;
  grantType?: "client_credentials";
  publicClient?: boolean;
}

export interface McpAuthRequest {
  requestId: string;
  serverName: string;
  serverUrl: string;
  reason: "initial" | "refresh" | "reauth" | "upscope";
  wwwAuthenticateParams?: McpAuthWwwAuthenticateParams;
  resourceMetadata?: string;
  staticClientConfig?: McpAuthStaticClientConfig;
}

export interface McpAuthToken {
  accessToken: string;
  tokenType?: string;
  expiresIn?: number;
}

export type McpAuthResult = ({ kind: "token" } & McpAuthToken) | { kind: "cancelled" };

export type McpAuthHandler = (
  request: McpAuthRequest,
  context: HandlerInvocation,
) =>
  McpAuthResult | McpAuthToken | null | undefined | Promise<McpAuthResult | McpAuthToken | null | undefined>;

export interface ProviderTokenArgs {
  readonly providerName: string;
  readonly sessionId: string;
  readonly signal?: AbortSignal;
}

export type BearerTokenProvider = (args: ProviderTokenArgs) => Promise<string>;

export type GitHubTokenProviderArgs = Pick<GitHubTokenAcquireRequest, "host" | "sessionId" | "reason">;

export type GitHubTokenProviderResult = GitHubTokenAcquireResult;

export type GitHubTokenProvider = (
  args: GitHubTokenProviderArgs,
) => GitHubTokenProviderResult | Promise<GitHubTokenProviderResult>;

export interface AttributedPermissionResult {
  kind: "attributed";
  result: PermissionRequestResult;
  decisionContext: PermissionDecisionContext;
}

export interface HandlerInvocation {
  sessionId: string;
  signal?: AbortSignal;
}

export interface PermissionInvocation extends HandlerInvocation {
  managedSettingsEnabled?: boolean;
  /** Managed policy reserves the request for a person: an automatic handler answers `no-result`. */
  needsHuman?: boolean;
}

/** Offers skills that live in the program. A method may return nothing: no skills, or no skill of that name. */
export interface SkillProvider {
  listSkills():
    SkillProviderDescriptor[] | null | undefined | Promise<SkillProviderDescriptor[] | null | undefined>;
  /** The skill as Markdown. */
  readSkill(name: string): string | null | undefined | Promise<string | null | undefined>;
}

/** Says how the runtime is to launch an extension; without a `launch` the runtime chooses. It waits 15 seconds. */
export interface ExtensionLaunchProvider {
  resolve(
    request: ExtensionLaunchProviderResolveRequest,
  ): ExtensionLaunchProviderResolveResult | Promise<ExtensionLaunchProviderResolveResult>;
}

/** What is about to be installed. The answer holds for exactly what was reviewed. */
export interface InstallationConfirmationRequest {
  confirmationId: string;
  operationId: string;
  expiresAt: string;
  review: { resource: "mcp" | "plugin" | "skill"; review: unknown };
  reviewFingerprint: string;
  policySessionId?: string;
}

/** Decides what may be installed; `signal` fires when the runtime takes the question back. */
export type InstallationConfirmationHandler = (
  request: InstallationConfirmationRequest,
  context: { signal?: AbortSignal },
) => "confirm" | "decline" | "cancel" | Promise<"confirm" | "decline" | "cancel">;
