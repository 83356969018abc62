/** Tools as a program writes them, and what goes over the wire for them. */
import { messageOf } from "./errors.js";
import { checkFunction, checkList, isObject, shown, wrong } from "./given.js";
import { mcpToolResult } from "./native.js";
import { isZodSchema, jsonSchema } from "./schemas.js";
import type { McpCallToolResult, Tool, ToolResultObject } from "./types/tools.js";

/** Names a tool; exists so that the type of the arguments follows from `parameters`. */
export function defineTool<T = unknown>(name: string, config: Omit<Tool<T>, "name">): Tool<T> {
  return { name, ...config };
}

/** The declaration of a tool on the wire: everything but the handler, schemas as JSON Schema. */
export function toolDeclaration(tool: Tool): Record<string, unknown> {
  const { handler: _handler, parameters, extra, ...rest } = tool;
  return { ...rest, parameters: parametersOf(tool.name, parameters), ...extra };
}

/** The schema of a tool's arguments as JSON Schema; whether it is one of an object, the engine checks. */
function parametersOf(tool: string, schema: unknown): unknown {
  const fault = (why: string, cause?: unknown): TypeError =>
    new TypeError(`tool "${tool}": parameters ${why}`, { cause });
  if (typeof schema === "function") throw fault(`must be a schema, not the function ${shown(schema)}`);
  if (!isZodSchema(schema)) {
    if (isOlderZod(schema)) {
      throw fault("is a schema of zod 3, which has no toJSONSchema(); use zod 4, or give a JSON Schema");
    }
    return schema;
  }
  try {
    return jsonSchema(schema);
  } catch (thrown) {
    throw fault(`cannot be written as JSON Schema: ${messageOf(thrown)}`, thrown);
  }
}

function isOlderZod(schema: unknown): boolean {
  return isObject(schema) && typeof schema["safeParse"] === "function" && "_def" in schema;
}

/** Refuses what is no list of tools. */
export function checkTools(tools: unknown): void {
  checkList("tools", tools);
  for (const [index, tool] of ((tools ?? []) as unknown[]).entries()) {
    if (!isObject(tool)) {
      throw wrong(`tools[${String(index)}]`, "a tool", tool, "defineTool(name, { handler }) makes one");
    }
    checkFunction(`handler of tool "${String(tool["name"])}"`, tool["handler"]);
  }
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
