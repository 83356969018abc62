/** Tools as a program writes them, and what goes over the wire for them. */
import { mcpToolResult } from "./native.js";
import type { McpCallToolResult, Tool, ToolResultObject, ZodSchema } from "./types/tools.js";

/** Names a tool; exists so that the type of the arguments follows from `parameters`. */
export function defineTool<T = unknown>(name: string, config: Omit<Tool<T>, "name">): Tool<T> {
  return { name, ...config };
}

/** The declaration of a tool on the wire: everything but the handler, schemas as JSON Schema. */
export function toolDeclaration(tool: Tool): Record<string, unknown> {
  const { handler: _handler, parameters, extra, ...rest } = tool;
  return { ...rest, parameters: jsonSchema(parameters), ...extra };
}

/** A schema as JSON Schema, however it was written. */
export function jsonSchema<T>(schema: T): T | Record<string, unknown> {
  return isZodSchema(schema) ? schema.toJSONSchema() : schema;
}

function isZodSchema(value: unknown): value is ZodSchema {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { toJSONSchema?: unknown }).toJSONSchema === "function"
  );
}

const RESULT_TYPES = new Set(["success", "failure", "rejected", "denied", "timeout"]);

/** What a tool handler returned, as the answer of the call. */
export function toolAnswer(result: unknown): unknown {
  if (result === undefined || result === null) return "";
  if (typeof result === "string" || isToolResult(result)) return result;
  return JSON.stringify(result) ?? "";
}

function isToolResult(value: unknown): value is ToolResultObject {
  const { textResultForLlm, resultType } = value as Partial<ToolResultObject>;
  return (
    typeof textResultForLlm === "string" && typeof resultType === "string" && RESULT_TYPES.has(resultType)
  );
}

/** Turns the result of an MCP `tools/call` into a tool result. */
export function convertMcpCallToolResult(callResult: McpCallToolResult): ToolResultObject {
  const { content, isError } = callResult;
  return JSON.parse(mcpToolResult(JSON.stringify({ content, isError: !!isError }))) as ToolResultObject;
}
