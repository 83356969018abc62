/** The engine's questions → the handlers of a session. One function per kind; `session.ts` holds the handlers. */
import { CanvasError, type CanvasCall } from "./canvas.js";
import type { Question } from "./connection.js";
import { HandlerAnswer, INTERNAL_ERROR, messageOf } from "./errors.js";
import { permissionAnswer } from "./permissions.js";
import type { SessionHandlers } from "./session-handlers.js";
import type { SessionFsCall } from "./session-fs.js";
import { toolAnswer } from "./tools.js";
import type { GitHubTokenProviderArgs, HandlerInvocation } from "./types/handlers.js";
import type { ToolInvocation } from "./types/tools.js";

/** Numbers of the questions, as in the engine's `CallKind`. */
export const CallKind = {
  Tool: 1,
  Permission: 2,
  UserInput: 3,
  ExitPlanMode: 4,
  AutoModeSwitch: 5,
  Hook: 6,
  SystemMessageTransform: 7,
  Elicitation: 8,
  McpAuth: 9,
  Command: 10,
  ProviderToken: 11,
  Canvas: 12,
  SessionFs: 13,
  LlmRequest: 14,
  ListModels: 15,
  GitHubToken: 17,
  Factory: 19,
} as const;

type Args = Record<string, unknown>;
type Answerer = (handlers: SessionHandlers, args: Args, invocation: HandlerInvocation) => unknown;

/**
 * What handlers get beside their arguments. The signal is made when somebody looks at it; it is no enumerable member, so that
 * the object still equals `{ sessionId }`.
 */
function invocationOf(sessionId: string, question: Question): HandlerInvocation {
  return withSignal({ sessionId }, question);
}

function withSignal<T extends object>(target: T, question: Question, enumerable = false): T {
  return Object.defineProperty(target, "signal", {
    get: () => question.signal,
    enumerable,
    configurable: true,
  });
}

const ANSWERERS: Record<number, Answerer | undefined> = {
  [CallKind.UserInput]: (handlers, args, invocation) =>
    required(handlers.userInput, "user input")(args as never, invocation),
  [CallKind.ExitPlanMode]: (handlers, args, invocation) =>
    required(handlers.exitPlanMode, "exit plan mode")(args as never, invocation),
  [CallKind.AutoModeSwitch]: (handlers, args, invocation) =>
    required(handlers.autoModeSwitch, "auto mode switch")(args, invocation),
  [CallKind.GitHubToken]: (handlers, args) => {
    const { host, sessionId, reason } = args as unknown as GitHubTokenProviderArgs;
    const wanted = { host, reason, ...(sessionId == null ? {} : { sessionId }) };
    return required(handlers.gitHubToken, "GitHub token")(wanted);
  },
  [CallKind.McpAuth]: (handlers, args, invocation) =>
    required(handlers.mcpAuth, "MCP authentication")(args as never, invocation),
  [CallKind.Hook]: (handlers, args, invocation) => {
    const { hookType, input } = args as { hookType: string; input: Args };
    const hook = required(handlers.hooks.get(hookType), `hook ${hookType}`);
    const { timestamp } = input;
    return hook(
      typeof timestamp === "number" ? { ...input, timestamp: new Date(timestamp) } : input,
      invocation,
    );
  },
  [CallKind.SystemMessageTransform]: async (handlers, args) => {
    const { sectionId, content } = args as { sectionId: string; content: string };
    const transform = required(handlers.transforms.get(sectionId), `section ${sectionId}`);
    return String(await transform(content));
  },
};

/** Answers a question of the engine; whatever is thrown becomes the answer's error. */
export async function answer(
  handlers: SessionHandlers,
  sessionId: string,
  kind: number,
  args: unknown,
  question: Question,
): Promise<unknown> {
  const given = args as Args;
  switch (kind) {
    case CallKind.Tool:
      return await answerTool(handlers, sessionId, given, question);
    case CallKind.Permission:
      return await answerPermission(handlers, sessionId, given, question);
    case CallKind.Elicitation:
      return await answerElicitation(handlers, sessionId, given, question);
    case CallKind.Command:
      return await answerCommand(handlers, sessionId, given, question);
    case CallKind.ProviderToken: {
      const { providerName } = given as { providerName: string };
      const provider = required(handlers.bearerTokens.get(providerName), `provider ${providerName}`);
      return await provider(withSignal({ providerName, sessionId }, question));
    }
    case CallKind.Canvas:
      return await answerCanvas(handlers, given as unknown as CanvasCall);
    case CallKind.SessionFs:
      return await required(handlers.sessionFs, "session file system")(given as unknown as SessionFsCall);
    default: {
      const answerer = required(ANSWERERS[kind], `question ${String(kind)}`);
      return await answerer(handlers, given, invocationOf(sessionId, question));
    }
  }
}

async function answerTool(handlers: SessionHandlers, sessionId: string, args: Args, question: Question) {
  const {
    toolCallId,
    toolName,
    arguments: input,
    traceparent,
    tracestate,
  } = args as unknown as ToolInvocation;
  const handler = required(handlers.tools.get(toolName), `tool ${toolName}`);
  const invocation: ToolInvocation = { sessionId, toolCallId, toolName, arguments: input };
  if (traceparent !== undefined) invocation.traceparent = traceparent;
  if (tracestate !== undefined) invocation.tracestate = tracestate;
  if (toolName === "tool_search_tool") {
    const availableTools = await handlers.availableTools();
    if (availableTools) invocation.availableTools = availableTools;
  }
  return toolAnswer(await handler(input, withSignal(invocation, question, true)));
}

async function answerPermission(
  handlers: SessionHandlers,
  sessionId: string,
  args: Args,
  question: Question,
) {
  // Without a handler the request is left to the session's other clients.
  if (!handlers.permission) return { kind: "no-result" };
  const invocation = invocationOf(sessionId, question);
  if (args["managedSettingsEnabled"]) Object.assign(invocation, { managedSettingsEnabled: true });
  return permissionAnswer(await handlers.permission(args["permissionRequest"] as never, invocation));
}

async function answerElicitation(
  handlers: SessionHandlers,
  sessionId: string,
  args: Args,
  question: Question,
) {
  const { message, requestedSchema, mode, elicitationSource, url } = args;
  const context = { sessionId, message, requestedSchema, mode, elicitationSource, url };
  return await required(handlers.elicitation, "elicitation")(withSignal(context, question) as never);
}

async function answerCommand(handlers: SessionHandlers, sessionId: string, args: Args, question: Question) {
  const { command, commandName, args: text } = args as Record<string, string>;
  const handler = required(handlers.commands.get(commandName ?? ""), `command ${String(commandName)}`);
  await handler(withSignal({ sessionId, command, commandName, args: text }, question) as never);
  return null;
}

async function answerCanvas(handlers: SessionHandlers, call: CanvasCall): Promise<unknown> {
  const canvas = handlers.canvases.get(call.canvasId);
  if (!canvas) throw new HandlerAnswer(`No canvas registered with id "${call.canvasId}"`, INTERNAL_ERROR);
  try {
    return await canvas.serve(call);
  } catch (thrown) {
    const message = messageOf(thrown);
    const code = thrown instanceof CanvasError ? thrown.code : "canvas_handler_error";
    throw new HandlerAnswer(message, INTERNAL_ERROR, { code, message });
  }
}

/** The engine asks only for what was registered; a missing handler is still an answer, not a crash. */
function required<T>(handler: T | undefined, name: string): T {
  if (handler === undefined) throw new Error(`No handler registered for ${name}`);
  return handler;
}
