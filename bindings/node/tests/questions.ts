/** Every kind of question: how a program serves it, how the runtime asks it. */
import {
  createCanvas,
  defineFactory,
  CopilotRequestHandler,
  type CopilotClient,
  type CopilotClientOptions,
  type CopilotSession,
  type SessionConfig,
} from "../dist/index.js";
import { act, eventually, received } from "./peers.js";

export type Handler = (...args: never[]) => unknown;

export interface Asked {
  client: CopilotClient;
  session: CopilotSession;
  record: string;
}

/** One kind of question. */
export interface Kind {
  /** Its options for `createSession`. */
  session?: (handler: Handler) => Partial<SessionConfig>;
  /** What the fake runtime must know for it. */
  script?: object[];
  /** Its options for the client. */
  client?: (handler: Handler) => Partial<CopilotClientOptions>;
  ask: (asked: Asked) => Promise<unknown>;
  /** Whether this is the answer for a handler that failed. */
  failed: (answer: never) => unknown;
}

interface Answer {
  result?: unknown;
  error?: { message: string; code: number; data?: unknown };
}

/** A question that is an event, and is answered by a call. */
const pending =
  (type: string, method: string, data: object) =>
  async ({ client, session }: Asked): Promise<unknown> =>
    await act(
      client,
      session.sessionId,
      { event: { type, data: { requestId: "r", ...data } } },
      { expect: { method, as: "answer", timeoutMs: 5000 } },
      { reply: { result: "$answer.params" } },
    );

/** A question that is a request. */
const direct =
  (method: string, params: object = {}) =>
  async ({ client, session }: Asked): Promise<unknown> =>
    await client.request("fake.request", { method, params: { sessionId: session.sessionId, ...params } });

const isError = ({ error }: Answer): unknown => error?.message;
const isResult =
  (wanted: unknown) =>
  ({ error, result }: Answer): unknown =>
    error ?? JSON.stringify(result) === JSON.stringify(wanted);

const WHERE = { canvasId: "c", instanceId: "i", extensionId: "e" };
const URL_REQUEST = { kind: "url", intention: "look", url: "https://example.com" };
const FACTORY = { name: "nightly", description: "", phases: [] };
const SECTIONS = { sections: { tone: { content: "soft" } } };

class Requests extends CopilotRequestHandler {
  constructor(private readonly handler: Handler) {
    super();
  }

  protected override async sendRequest(): Promise<Response> {
    await this.handler();
    return new Response("fine");
  }
}

async function askForModels({ client }: Asked): Promise<Answer> {
  try {
    return { result: await client.listModels() };
  } catch (error) {
    return { error: { message: (error as Error).message, code: 0 } };
  }
}

/** A method that the runtime only accepts. */
const accept = (method: string): object => ({
  on: { method },
  do: [{ reply: { result: { accepted: true, success: true } } }],
});

async function askTheModel({ client, record }: Asked): Promise<unknown> {
  const request = (method: string, params: object) =>
    client.request("fake.request", {
      method: `llmInference.${method}`,
      params: { requestId: "q", ...params },
    });
  await request("httpRequestStart", { method: "post", url: "http://model.example/v1", headers: {} });
  await request("httpRequestChunk", { data: "", end: true });
  const last = () => received(record, "llmInference.httpResponseChunk").find((chunk) => chunk["end"]);
  await eventually(() => last() !== undefined, "the end of the response");
  return { ...received(record, "llmInference.httpResponseStart")[0], ...last() };
}

export const QUESTIONS: Record<string, Kind> = {
  tool: {
    session: (handler) => ({ tools: [{ name: "t", handler: handler as never }] }),
    ask: pending("external_tool.requested", "session.tools.handlePendingToolCall", {
      toolCallId: "c",
      toolName: "t",
      arguments: {},
    }),
    failed: ({ error }: Answer) => error,
  },
  permission: {
    session: (handler) => ({ onPermissionRequest: handler as never }),
    ask: pending("permission.requested", "session.permissions.handlePendingPermissionRequest", {
      permissionRequest: URL_REQUEST,
    }),
    failed: isResult({ kind: "user-not-available" }),
  },
  elicitation: {
    session: (handler) => ({ onElicitationRequest: handler as never }),
    ask: pending("elicitation.requested", "session.ui.handlePendingElicitation", { message: "m" }),
    failed: isResult({ action: "cancel" }),
  },
  mcpAuth: {
    session: (handler) => ({ onMcpAuthRequest: handler as never }),
    ask: pending("mcp.oauth_required", "session.mcp.oauth.handlePendingRequest", {
      serverName: "s",
      serverUrl: "http://s",
      reason: "initial",
    }),
    failed: isResult({ kind: "cancelled" }),
  },
  command: {
    session: (handler) => ({ commands: [{ name: "deploy", handler: handler as never }] }),
    ask: pending("command.execute", "session.commands.handlePendingCommand", { commandName: "deploy" }),
    failed: ({ error }: Answer) => error,
  },
  userInput: {
    session: (handler) => ({ onUserInputRequest: handler as never }),
    ask: direct("userInput.request", { question: "why?" }),
    failed: isError,
  },
  exitPlanMode: {
    session: (handler) => ({ onExitPlanModeRequest: handler as never }),
    ask: direct("exitPlanMode.request", {
      summary: "s",
      actions: ["interactive"],
      recommendedAction: "interactive",
    }),
    failed: ({ error, result }: Answer) => error ?? !(result as { approved: boolean }).approved,
  },
  autoModeSwitch: {
    session: (handler) => ({ onAutoModeSwitchRequest: handler as never }),
    ask: direct("autoModeSwitch.request"),
    failed: isResult({ response: "no" }),
  },
  hook: {
    session: (handler) => ({ hooks: { onPreToolUse: handler as never } }),
    ask: direct("hooks.invoke", { hookType: "preToolUse", input: { toolName: "t" } }),
    failed: isResult({}),
  },
  systemMessageTransform: {
    session: (handler) => ({
      systemMessage: { mode: "customize", sections: { tone: { action: handler as never } } },
    }),
    ask: direct("systemMessage.transform", SECTIONS),
    failed: isResult(SECTIONS),
  },
  providerToken: {
    session: (handler) => ({
      provider: { type: "openai", baseUrl: "http://x", bearerTokenProvider: handler as never },
    }),
    ask: direct("providerToken.getToken", { providerName: "default" }),
    failed: isError,
  },
  canvas: {
    session: (handler) => ({
      canvases: [createCanvas({ id: "c", displayName: "C", description: "", open: handler as never })],
    }),
    ask: direct("canvas.open", WHERE),
    failed: isError,
  },
  sessionFs: {
    client: () => ({ sessionFs: { initialCwd: "/", sessionStatePath: "/state", conventions: "posix" } }),
    session: (handler) => ({ createSessionFsProvider: () => ({ readFile: handler }) as never }),
    ask: direct("sessionFs.readFile", { path: "/f" }),
    failed: ({ error, result }: Answer) => error ?? (result as { error?: unknown }).error,
  },
  llmRequest: {
    script: ["setProvider", "httpResponseStart", "httpResponseChunk"].map((name) =>
      accept(`llmInference.${name}`),
    ),
    client: (handler) => ({ requestHandler: new Requests(handler) }),
    ask: askTheModel,
    failed: ({ error, status }: { error?: unknown; status?: number }) => error ?? status === 502,
  },
  listModels: {
    client: (handler) => ({ onListModels: handler as never }),
    ask: askForModels,
    failed: isError,
  },
  skillProvider: {
    session: (handler) => ({ skillProvider: { listSkills: handler as never, readSkill: handler as never } }),
    ask: direct("skillProvider.read", { name: "s" }),
    failed: isError,
  },
  gitHubToken: {
    session: (handler) => ({ gitHubTokenProvider: handler as never }),
    ask: async (asked) => {
      const { gitHubTokenProviderRegistrationId: registrationId } =
        received(asked.record, "session.create")[0] ?? {};
      return await direct("gitHubToken.getToken", { registrationId, host: "h", reason: "refresh" })(asked);
    },
    failed: isError,
  },
  extensionLaunch: {
    script: [accept("registerExtensionLaunchProvider")],
    client: (handler) => ({ extensionLaunchProvider: { resolve: handler as never } }),
    ask: direct("extensionLaunchProvider.resolve", {
      id: "e",
      name: "E",
      modulePath: "/e.mjs",
      source: "user",
    }),
    failed: isError,
  },
  installationConfirmation: {
    client: (handler) => ({ installationConfirmationHandler: handler as never }),
    ask: direct("installations.confirm", {
      confirmationId: "c",
      operationId: "o",
      expiresAt: "2030-01-01T00:00:00Z",
      reviewFingerprint: "f",
      review: { resource: "skill", review: {} },
    }),
    failed: isError,
  },
  factory: {
    // What joinSession() passes on; an extension is the only program that may bring factories.
    session: (handler) =>
      ({ _factories: [defineFactory({ meta: FACTORY, run: handler as never })] }) as object,
    ask: direct("factory.execute", { name: "nightly", runId: "r", executionToken: "t", args: {} }),
    failed: isError,
  },
};
