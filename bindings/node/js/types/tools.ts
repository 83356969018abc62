/** Tools: declaration, call, result. */
import type { CurrentToolMetadata } from "../generated/rpc.js";
import type { JsonValue } from "./factory.js";

export type { Tool } from "../generated/options.js";

export type ToolResultType = "success" | "failure" | "rejected" | "denied" | "timeout";

export type ToolBinaryResult = {
  data: string;
  mimeType: string;
  type: "image" | "resource";
  description?: string;
};

export type ToolTelemetry = Record<string, Record<string, JsonValue> | undefined>;

export type ToolResultObject = {
  textResultForLlm: string;
  binaryResultsForLlm?: ToolBinaryResult[];
  resultType: ToolResultType;
  error?: string;
  sessionLog?: string;
  toolTelemetry?: ToolTelemetry;
  toolReferences?: string[];
};

export type ToolResult = string | ToolResultObject;

type McpCallToolResultTextContent = { type: "text"; text: string };

type McpCallToolResultImageContent = { type: "image"; data: string; mimeType: string };

type McpCallToolResultResourceContent = {
  type: "resource";
  resource: { uri: string; mimeType?: string; text?: string; blob?: string };
};

type McpCallToolResultContent =
  McpCallToolResultTextContent | McpCallToolResultImageContent | McpCallToolResultResourceContent;

export type McpCallToolResult = { content: McpCallToolResultContent[]; isError?: boolean };

export interface ToolInvocation {
  sessionId: string;
  toolCallId: string;
  toolName: string;
  arguments: unknown;
  traceparent?: string;
  tracestate?: string;
  availableTools?: CurrentToolMetadata[];
  signal?: AbortSignal;
}

export type ToolHandler<TArgs = unknown> = (
  args: TArgs,
  invocation: ToolInvocation,
) => Promise<unknown> | unknown;

export interface ZodSchema<T = unknown> {
  _output: T;
  toJSONSchema(): Record<string, unknown>;
}

/** A schema that also makes a value of what follows it, as those of zod do. */
export interface ResponseSchema<T = unknown> extends ZodSchema<T> {
  parse(value: unknown): T;
}

export interface ToolCallRequestPayload {
  sessionId: string;
  toolCallId: string;
  toolName: string;
  arguments: unknown;
}

export interface ToolCallResponsePayload {
  result: ToolResult;
}

export interface ToolSearchConfig {
  enabled?: boolean;
  deferThreshold?: number;
}
