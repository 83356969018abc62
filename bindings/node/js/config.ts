/**
 * Options as a program writes them → options as the engine takes them.
 *
 * Only names and shapes change here, by the engine's own table: functions stay behind, a few keys have another name on the
 * wire. Defaults, marks, omission rules and checks are the engine's.
 */
import { CLIENT, SESSION } from "./generated/options.js";
import { isObject } from "./given.js";
import { withInstalledRuntime } from "./runtime-package.js";
import { withoutTransforms } from "./system-message.js";
import { ToolSet } from "./tool-set.js";
import { toolDeclaration } from "./tools.js";
import type { Canvas } from "./canvas.js";
import type { CopilotClientOptions } from "./types/client.js";
import type { BearerTokenProvider, CommandDefinition } from "./types/handlers.js";
import type {
  CustomAgentConfig,
  LargeToolOutputConfig,
  MCPServerConfig,
  NamedProviderConfig,
  ProviderConfig,
  ResumeSessionConfig,
  SessionConfig,
} from "./types/session.js";
import type { Tool } from "./types/tools.js";

type Wire = Record<string, unknown>;
type Converter = (value: never) => unknown;

const OF_SESSIONS = Object.entries(SESSION);
const OF_CLIENTS = Object.entries(CLIENT);

/** Options whose value has another shape on the wire. */
const CONVERTED: Readonly<Record<string, Converter>> = {
  availableTools: toolFilter,
  excludedTools: toolFilter,
  tools: each((tool: Tool) => toolDeclaration(tool)),
  canvases: each((canvas: Canvas) => canvas.declaration),
  commands: each(({ name, description }: CommandDefinition) => ({ name, description })),
  systemMessage: withoutTransforms,
  mcpServers,
  customAgents: each((agent: CustomAgentConfig) => ({
    ...agent,
    mcpServers: agent.mcpServers && mcpServers(agent.mcpServers),
  })),
  largeOutput: (output: LargeToolOutputConfig) => rename(output, "outputDirectory", "outputDir"),
  provider: withoutCallback,
  providers: each(withoutCallback),
};

/** Converts what is in a list; anything else stays as it is, and the engine says what is wrong. */
function each<T extends object>(convert: (value: T) => unknown): (values: T[]) => unknown {
  return (values) =>
    Array.isArray(values) ? values.map((value) => (isObject(value) ? convert(value) : value)) : values;
}

/** What is given of the named options, under the names of the wire; everything else stays behind. */
function spelled(options: object, names: readonly (readonly [string, string])[]): Wire {
  const wire: Wire = {};
  for (const [key, name] of names) {
    const value = (options as Wire)[key];
    if (value !== undefined && value !== null) wire[name] = CONVERTED[key]?.(value as never) ?? value;
  }
  return wire;
}

/** Everything of a session's configuration that the runtime gets. */
export function sessionWire(config: SessionConfig & ResumeSessionConfig): Wire {
  return { ...spelled(config, OF_SESSIONS), ...config.extra };
}

/** A configuration in wire spelling as a program would write it. What has another shape there travels as it is, in `extra`. */
export function sessionMembers(wire: Wire): SessionConfig {
  const names = new Map(OF_SESSIONS.map(([key, name]) => [name, key]));
  const config: Wire = {};
  const extra: Wire = {};
  for (const [name, value] of Object.entries(wire)) {
    const key = names.get(name);
    if (key === undefined || Object.hasOwn(CONVERTED, key)) extra[name] = value;
    else config[key] = value;
  }
  return Object.keys(extra).length > 0 ? { ...config, extra } : config;
}

/** Callbacks for bearer tokens by the name the runtime asks with. */
export function providerTokens(
  config: SessionConfig & ResumeSessionConfig,
): Map<string, BearerTokenProvider> {
  const found = new Map<string, BearerTokenProvider>();
  const single = config.provider?.bearerTokenProvider;
  if (single) found.set("default", single);
  for (const given of Array.isArray(config.providers) ? config.providers : []) {
    const { name, bearerTokenProvider } = given;
    if (bearerTokenProvider) found.set(name, bearerTokenProvider);
  }
  return found;
}

function toolFilter(filter: string[] | ToolSet): string[] {
  return filter instanceof ToolSet ? filter.toArray() : filter;
}

function mcpServers(servers: Record<string, MCPServerConfig>): unknown {
  if (!isObject(servers)) return servers;
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, rename(server, "workingDirectory", "cwd")]),
  );
}

function withoutCallback(provider: ProviderConfig | NamedProviderConfig): unknown {
  if (!isObject(provider)) return provider;
  const { bearerTokenProvider: _, ...rest } = provider;
  return rest;
}

/** A copy with one key under another name. */
function rename(object: object, from: string, to: string): unknown {
  if (!isObject(object)) return object;
  const { [from]: value, ...rest } = object;
  return value === undefined ? rest : { ...rest, [to]: value };
}

/** Options of the client as the engine takes them, with what it serves; unknown keys stay behind. */
export function clientWire(options: CopilotClientOptions, served: Record<string, boolean>): Wire {
  return {
    ...spelled(options, OF_CLIENTS),
    connection:
      (options as { _internalConnection?: unknown })._internalConnection ?? withInstalledRuntime(options),
    handlers: { ...served, gitHubTelemetry: !!options.onGitHubTelemetry, lifecycle: true },
  };
}
