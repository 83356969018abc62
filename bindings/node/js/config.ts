/**
 * Options as a program writes them → options as the engine takes them.
 *
 * Only names and shapes change here: functions stay behind and become flags, a few keys have another name on the wire.
 * Defaults, omission rules and checks are the engine's.
 */
import { withInstalledRuntime } from "./runtime-package.js";
import { ToolSet } from "./tool-set.js";
import { toolDeclaration } from "./tools.js";
import type { Canvas } from "./canvas.js";
import type { CopilotClientOptions } from "./types/client.js";
import type { BearerTokenProvider } from "./types/handlers.js";
import type {
  CustomAgentConfig,
  MCPServerConfig,
  NamedProviderConfig,
  ProviderConfig,
  ResumeSessionConfig,
  SessionConfig,
} from "./types/session.js";

type Wire = Record<string, unknown>;

/** Keys that travel under their own name. Anything else a program puts into the object is not for the runtime. */
const SAME_NAME = [
  "additionalDirectories",
  "agent",
  "askUserVariant",
  "authClientIdMetadataUrl",
  "canvasProvider",
  "capi",
  "clientName",
  "cloud",
  "coauthorEnabled",
  "contextTier",
  "continuePendingWork",
  "customAgentsLocalOnly",
  "defaultAgent",
  "disabledMcpServers",
  "disabledSkills",
  "embeddingCacheStorage",
  "enableCitations",
  "enableConfigDiscovery",
  "enableFileChangeTracking",
  "enableFileHooks",
  "enableHostGitOperations",
  "enableManagedSettings",
  "enableOnDemandInstructionDiscovery",
  "enableSessionStore",
  "enableSessionTelemetry",
  "enableSkills",
  "excludedBuiltinAgents",
  "expAssignments",
  "extensionInfo",
  "extensionSdkPath",
  "featureFlags",
  "gitHubToken",
  "githubMcpToolConfig",
  "includeSubAgentStreamingEvents",
  "includedBuiltinSkills",
  "infiniteSessions",
  "instructionDirectories",
  "manageScheduleEnabled",
  "managedSettings",
  "mcpOAuthTokenStorage",
  "memory",
  "model",
  "modelCapabilities",
  "models",
  "openCanvases",
  "organizationCustomInstructions",
  "pluginDirectories",
  "reasoningEffort",
  "reasoningSummary",
  "remoteSession",
  "requestCanvasRenderer",
  "requestExtensions",
  "sessionId",
  "sessionLimits",
  "skillDirectories",
  "skipCustomInstructions",
  "skipEmbeddingRetrieval",
  "streaming",
  "toolSearch",
  "workingDirectory",
] as const;

/** Keys with another name on the wire. */
const RENAMED = {
  configDirectory: "configDir",
  enableExperimentalMode: "isExperimentalMode",
  suppressResumeEvent: "disableResume",
} as const;

/** Everything of a session's configuration that the runtime gets, except the system message. */
export function sessionWire(config: SessionConfig & ResumeSessionConfig): Wire {
  const wire: Wire = {};
  for (const key of SAME_NAME) if (config[key] !== undefined) wire[key] = config[key];
  for (const [key, name] of Object.entries(RENAMED) as [keyof typeof RENAMED, string][]) {
    if (config[key] !== undefined) wire[name] = config[key];
  }
  if (config.enableMcpApps) wire["requestMcpApps"] = true;
  wire["availableTools"] = toolFilter(config.availableTools);
  wire["excludedTools"] = toolFilter(config.excludedTools);
  wire["tools"] = config.tools?.map(toolDeclaration);
  wire["canvases"] = config.canvases?.map((canvas: Canvas) => canvas.declaration);
  wire["commands"] = config.commands?.map(({ name, description }) => ({ name, description }));
  wire["mcpServers"] = mcpServers(config.mcpServers);
  wire["customAgents"] = config.customAgents?.map((agent: CustomAgentConfig) => ({
    ...agent,
    mcpServers: mcpServers(agent.mcpServers),
  }));
  wire["largeOutput"] = config.largeOutput && rename(config.largeOutput, "outputDirectory", "outputDir");
  wire["provider"] = config.provider && withoutCallback(config.provider);
  wire["providers"] = config.providers?.map(withoutCallback);
  return wire;
}

/** Callbacks for bearer tokens by the name the runtime asks with. */
export function bearerTokens(config: SessionConfig & ResumeSessionConfig): Map<string, BearerTokenProvider> {
  const found = new Map<string, BearerTokenProvider>();
  const single = config.provider?.bearerTokenProvider;
  if (single) found.set("default", single);
  for (const { name, bearerTokenProvider } of config.providers ?? []) {
    if (bearerTokenProvider) found.set(name, bearerTokenProvider);
  }
  return found;
}

function toolFilter(filter: string[] | ToolSet | undefined): string[] | undefined {
  return filter instanceof ToolSet ? filter.toArray() : filter;
}

function mcpServers(servers: Record<string, MCPServerConfig> | undefined): Wire | undefined {
  if (servers === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, rename(server, "workingDirectory", "cwd")]),
  );
}

function withoutCallback(provider: ProviderConfig | NamedProviderConfig): Wire {
  const { bearerTokenProvider, ...rest } = provider;
  return bearerTokenProvider ? { ...rest, hasBearerTokenProvider: true } : { ...rest };
}

/** A copy with one key under another name. */
function rename(object: object, from: string, to: string): Wire {
  const { [from]: value, ...rest } = object as Wire;
  return value === undefined ? rest : { ...rest, [to]: value };
}

/** Programs speak of applications and integrations, the wire of editors and extensions. */
function clientInfo(info: CopilotClientOptions["clientInfo"]): Wire | undefined {
  return (
    info && {
      editorName: info.applicationName,
      editorVersion: info.applicationVersion,
      extensionName: info.integrationName,
      extensionVersion: info.integrationVersion,
    }
  );
}

/** Options of the client as the engine takes them, with what it serves; unknown keys stay behind. */
export function clientWire(options: CopilotClientOptions, served: Record<string, boolean>): Wire {
  return {
    connection:
      (options as { _internalConnection?: unknown })._internalConnection ?? withInstalledRuntime(options),
    mode: options.mode,
    workingDirectory: options.workingDirectory,
    baseDirectory: options.baseDirectory,
    logLevel: options.logLevel,
    env: options.env,
    gitHubToken: options.gitHubToken,
    useLoggedInUser: options.useLoggedInUser,
    telemetry: options.telemetry,
    sessionFs: options.sessionFs,
    sessionIdleTimeoutSeconds: options.sessionIdleTimeoutSeconds,
    enableRemoteSessions: options.enableRemoteSessions || undefined,
    startTimeoutMs: options.startTimeoutMs,
    maxFrameBytes: options.maxFrameBytes,
    builtinPluginDirectories: options.builtinPluginDirectories,
    clientInfo: clientInfo(options.clientInfo),
    handlers: { ...served, gitHubTelemetry: !!options.onGitHubTelemetry, lifecycle: true },
  };
}
