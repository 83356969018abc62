/** The engine's questions → the handlers of a session. One function per kind; `session-handlers.ts` holds the handlers. */
import { CanvasError, type Canvas, type CanvasCall } from "./canvas.js";
import type { Question } from "./connection.js";
import { HandlerAnswer, INTERNAL_ERROR, messageOf, ResponseError } from "./errors.js";
import { answerFactory, type FactoryExecution } from "./factory-run.js";
import { CallKind, KINDS, type SessionKind } from "./generated/kinds.js";
import { warnOfFailure } from "./handler-warnings.js";
import { permissionAnswer } from "./permissions.js";
import type { SessionHandlers } from "./session-handlers.js";
import type { SessionFsCall } from "./session-fs.js";
import type { CopilotSession } from "./session.js";
import { toolAnswer } from "./tools.js";
import type {
  BearerTokenProvider,
  CommandHandler,
  ElicitationHandler,
  GitHubTokenProvider,
  GitHubTokenProviderArgs,
  HandlerInvocation,
  PermissionHandler,
  PermissionInvocation,
  SkillProvider,
} from "./types/handlers.js";
import type { SectionTransformFn } from "./types/session.js";
import type { FactoryHandle } from "./types/factory.js";
import type { ToolHandler, ToolInvocation } from "./types/tools.js";

type Args = Record<string, unknown>;

type Answerer = (handler: never, args: Args, question: Question, session: CopilotSession) => unknown;

const ANSWERERS: Readonly<Record<SessionKind, Answerer>> = {
  [CallKind.Tool]: answerTool,
  [CallKind.Permission]: answerPermission,
  [CallKind.UserInput]: askWithInvocation,
  [CallKind.ExitPlanMode]: askWithInvocation,
  [CallKind.AutoModeSwitch]: askWithInvocation,
  [CallKind.Hook]: answerHook,
  [CallKind.SystemMessageTransform]: answerTransform,
  [CallKind.Elicitation]: answerElicitation,
  [CallKind.McpAuth]: askWithInvocation,
  [CallKind.Command]: answerCommand,
  [CallKind.ProviderToken]: (handler: BearerTokenProvider, { providerName }, question, session) =>
    handler(withSignal({ providerName: providerName as string, sessionId: session.sessionId }, question)),
  [CallKind.Canvas]: answerCanvas,
  [CallKind.SessionFs]: (handler: (call: SessionFsCall) => unknown, args) => handler(args as SessionFsCall),
  [CallKind.SkillProvider]: answerSkills,
  [CallKind.GitHubToken]: answerGitHubToken,
  [CallKind.Factory]: (handle: FactoryHandle, args, question, session) => {
    const execution = args as unknown as FactoryExecution;
    return answerFactory(handle, execution, session, session._runsOf(execution.family), question.signal);
  },
};

/** Answers a question of the engine; whatever is thrown becomes the answer's error. */
export async function answer(
  handlers: SessionHandlers,
  question: Question,
  session: CopilotSession,
): Promise<unknown> {
  const { kind, name, args } = question;
  const handler = handlers.find(kind, name);
  const answerer = ANSWERERS[kind as SessionKind] as Answerer | undefined;
  // The engine asks only for what was registered; a missing handler is still an answer, not a crash.
  if (handler === undefined || answerer === undefined) throw noHandler(question);
  try {
    return await answerer(handler as never, args as Args, question, session);
  } catch (thrown) {
    warnOf(handler, question, thrown);
    throw thrown;
  }
}

/** Warns of a handler whose failure is no ordinary answer. */
export function warnOf(handler: object, question: Question, thrown: unknown): void {
  const known = KINDS.find(({ number }) => number === question.kind);
  if (known === undefined || known.quiet || question.cancelled || thrown instanceof ResponseError) return;
  const { name } = question;
  warnOfFailure(handler, name === "" ? known.label : `${known.label} "${name}"`, thrown);
}

/** The error for a question that nobody serves. */
export function noHandler({ kind, name }: Question): Error {
  const known = KINDS.find(({ number }) => number === kind)?.name ?? String(kind);
  return new Error(`No handler registered for ${name === "" ? known : `${known} ${name}`}`);
}

/**
 * What handlers get beside their arguments. The signal is made when somebody looks at it; it is no enumerable member, so that
 * the object still equals `{ sessionId }`.
 */
function invocationOf({ sessionId }: CopilotSession, question: Question): HandlerInvocation {
  return withSignal({ sessionId }, question);
}

function withSignal<T extends object>(target: T, question: Question, enumerable = false): T {
  return Object.defineProperty(target, "signal", {
    get: () => question.signal,
    enumerable,
    configurable: true,
  });
}

type Asked = (args: Args, invocation: HandlerInvocation) => unknown;

function askWithInvocation(handler: Asked, args: Args, question: Question, session: CopilotSession): unknown {
  return handler(args, invocationOf(session, question));
}

async function answerTool(handler: ToolHandler, args: Args, question: Question, session: CopilotSession) {
  const {
    toolCallId,
    toolName,
    arguments: input,
    traceparent,
    tracestate,
    availableTools,
  } = args as unknown as ToolInvocation;
  const { sessionId } = session;
  const invocation: ToolInvocation = { sessionId, toolCallId, toolName, arguments: input };
  if (traceparent !== undefined) invocation.traceparent = traceparent;
  if (tracestate !== undefined) invocation.tracestate = tracestate;
  if (availableTools) invocation.availableTools = availableTools;
  return toolAnswer(await handler(input, withSignal(invocation, question, true)));
}

async function answerPermission(
  handler: PermissionHandler,
  args: Args,
  question: Question,
  session: CopilotSession,
) {
  const { permissionRequest, managedSettingsEnabled, needsHuman } = args;
  const invocation: PermissionInvocation = invocationOf(session, question);
  if (managedSettingsEnabled) invocation.managedSettingsEnabled = true;
  if (needsHuman) invocation.needsHuman = true;
  return permissionAnswer(await handler(permissionRequest as never, invocation));
}

function answerHook(handler: Asked, args: Args, question: Question, session: CopilotSession): unknown {
  const { input } = args as { input: Args };
  const { timestamp } = input;
  const given = typeof timestamp === "number" ? { ...input, timestamp: new Date(timestamp) } : input;
  return handler(given, invocationOf(session, question));
}

async function answerTransform(handler: SectionTransformFn, { content }: Args): Promise<string> {
  return String(await handler(content as string));
}

function answerElicitation(
  handler: ElicitationHandler,
  args: Args,
  question: Question,
  session: CopilotSession,
): unknown {
  const { message, requestedSchema, mode, elicitationSource, url } = args;
  const { sessionId } = session;
  const context = { sessionId, message, requestedSchema, mode, elicitationSource, url };
  return handler(withSignal(context, question) as never);
}

async function answerCommand(
  handler: CommandHandler,
  args: Args,
  question: Question,
  session: CopilotSession,
): Promise<null> {
  const { command, commandName, args: text } = args as Record<string, string>;
  const { sessionId } = session;
  await handler(withSignal({ sessionId, command, commandName, args: text }, question) as never);
  return null;
}

async function answerCanvas(canvases: ReadonlyMap<string, Canvas>, args: Args): Promise<unknown> {
  const call = args as unknown as CanvasCall;
  const canvas = canvases.get(call.canvasId);
  if (!canvas) throw new HandlerAnswer(`No canvas registered with id "${call.canvasId}"`, INTERNAL_ERROR);
  try {
    return await canvas.serve(call);
  } catch (thrown) {
    const message = messageOf(thrown);
    const code = thrown instanceof CanvasError ? thrown.code : "canvas_handler_error";
    throw new HandlerAnswer(message, INTERNAL_ERROR, { code, message });
  }
}

function answerSkills(provider: SkillProvider, { method, name }: Args): unknown {
  return method === "read" ? provider.readSkill(name as string) : provider.listSkills();
}

function answerGitHubToken(handler: GitHubTokenProvider, args: Args): unknown {
  const { host, sessionId, reason } = args as unknown as GitHubTokenProviderArgs;
  return handler({ host, reason, ...(sessionId == null ? {} : { sessionId }) });
}
