/** The connection to one agent runtime, and the sessions on it. */
import { AhpHosts, type AhpHost } from "./ahp-host.js";
import { clientWire, sessionWire } from "./config.js";
import { warnOfUnknown, warnOfUnknownClient } from "./unknown-options.js";
import { checkConnection } from "./connections.js";
import { Connection, type CallOptions, type Question, type RequestOptions } from "./connection.js";
import { KeptContext } from "./context.js";
import { noHandler, warnOf } from "./dispatch.js";
import { messageOf } from "./errors.js";
import { Subscribers } from "./events.js";
import { warnOfFailure } from "./handler-warnings.js";
import { CallKind, KINDS, type ClientKind } from "./generated/kinds.js";
import { createServerRpc } from "./generated/namespaces.js";
import type { FactoryHandle } from "./types/factory.js";
import type { ServerRpc } from "./generated/rpc.js";
import { newSessionId, type Counters } from "./native.js";
import type { Diagnostics } from "./types/diagnostics.js";
import { RequestServer, type LlmMessage } from "./request-exchange.js";
import { serveSessionFs, type SessionFsProvider } from "./session-fs.js";
import { SessionHandlers } from "./session-handlers.js";
import { CopilotSession } from "./session.js";
import { getTraceContext } from "./trace.js";
import type { AhpHostOptions } from "./types/ahp-host.js";
import type {
  CopilotClientOptions,
  GetAuthStatusResponse,
  GetStatusResponse,
  ModelInfo,
  SessionListFilter,
  SessionMetadata,
} from "./types/client.js";
import type {
  SessionLifecycleEventType,
  SessionLifecycleHandler,
  TypedSessionLifecycleHandler,
} from "./types/events.js";
import type { ResumeSessionConfig, SessionConfig } from "./types/session.js";

/** What a client serves beside its sessions; nothing for a kind without a handler. */
type Served = Readonly<Record<ClientKind, ((question: Question) => unknown) | undefined>>;
type AnyConfig = SessionConfig & ResumeSessionConfig;
type Reply = Record<string, unknown>;

export class CopilotClient implements AsyncDisposable {
  readonly #options: CopilotClientOptions;
  readonly #connection: Connection;
  readonly #lifecycle = new Subscribers();
  readonly #hosts = new AhpHosts();
  #rpc: ServerRpc | undefined;
  readonly #requests: RequestServer | undefined;
  readonly #served: Served;
  /** The environment that the engine knows, as JSON. */
  #envTold: string | undefined;

  constructor(options: CopilotClientOptions = {}) {
    this.#options = options;
    warnOfUnknownClient(options);
    checkConnection(options.connection);
    checkForeignLogin(options);
    this.#envTold = JSON.stringify(environmentOf(options));
    this.#served = this.#serve(options);
    // Handlers run in the context of whoever made the client.
    const context = new KeptContext();
    const lifecycle = (event: unknown): void => {
      this.#lifecycle.deliver(withDates(event), this.#report);
    };
    this.#connection = new Connection(clientWire(options, this.#flags()), {
      _answer: (question) => context.runInAsyncScope(this.#answer, undefined, question),
      lifecycle: (event) => {
        context.runInAsyncScope(lifecycle, undefined, event);
      },
      notification: (method, params) => {
        context.runInAsyncScope(this.#notified, undefined, method, params);
      },
      closed: this.#report,
      report: this.#report,
    });
    if (options.requestHandler) this.#requests = new RequestServer(options.requestHandler, this.#connection);
  }

  #serve(options: CopilotClientOptions): Served {
    const { onListModels, extensionLaunchProvider, installationConfirmationHandler, requestHandler } =
      options;
    return {
      [CallKind.InstallationConfirmation]:
        installationConfirmationHandler &&
        ((question) => installationConfirmationHandler(question.args as never, { signal: question.signal })),
      [CallKind.ListModels]: onListModels && (() => onListModels()),
      [CallKind.LlmRequest]: requestHandler && ((question) => this.#requests?.serve(question)),
      [CallKind.ExtensionLaunch]:
        extensionLaunchProvider &&
        (async ({ args }) => (await extensionLaunchProvider.resolve(args as never))?.launch),
      [CallKind.UiThread]: this.#onUiThread(options),
      [CallKind.AhpHost]: (question) => this.#hosts.serve(question),
    };
  }

  #onUiThread({ connection }: CopilotClientOptions): ((question: Question) => unknown) | undefined {
    const run = connection?.kind === "inprocess" ? connection.runOnUiThread : undefined;
    return (
      run &&
      (({ args }) =>
        run(() => {
          this.#connection.runUiAction((args as { actionId: number }).actionId);
        }))
    );
  }

  /** What the engine is told about {@link Served}. */
  #flags(): Record<string, boolean> {
    const served = KINDS.filter(
      (kind) => kind.served !== "" && this.#served[kind.number as ClientKind] !== undefined,
    );
    return Object.fromEntries(served.map((kind) => [kind.served, true]));
  }

  /** Something failed that nobody waits for; shown only when the program asked for debug output. Never throws. */
  readonly #report = (thrown: unknown): void => {
    const { logLevel } = this.#options;
    if (logLevel !== "debug" && logLevel !== "all") return;
    try {
      const { stack } = (thrown ?? {}) as { stack?: unknown };
      process.stderr.write(`[copilot-sdk] ${typeof stack === "string" ? stack : messageOf(thrown)}\n`);
    } catch {
      // Nobody can be told.
    }
  };

  /** Typed access to every server method of the runtime. */
  get rpc(): ServerRpc {
    if (this.#connection.state !== "connected") {
      throw new Error("Client is not connected. Call start() first.");
    }
    this.#rpc ??= createServerRpc(this.#connection);
    return this.#rpc;
  }

  /** Starts the runtime, or connects to it. A second call while it runs does nothing. */
  async start(options?: CallOptions): Promise<void> {
    await this.#tellEnv();
    await this.#connection.submit("client.start", {}, options);
  }

  /** Programs may change the mapping they gave until the runtime starts. */
  async #tellEnv(): Promise<void> {
    const env = environmentOf(this.#options);
    const told = JSON.stringify(env);
    if (told === this.#envTold) return;
    this.#envTold = told;
    await this.#connection.submit("client.setEnv", { env });
  }

  /** Ends every session and the runtime. Resolves with what went wrong on the way; never rejects for it. */
  async stop(): Promise<Error[]> {
    const result = (await this.#connection.submit("client.stop", {})) as { errors?: { message: string }[] };
    return (result.errors ?? []).map(({ message }) => new Error(message));
  }

  /** Ends the runtime at once, without asking it. */
  async forceStop(): Promise<void> {
    await this.#connection.submit("client.forceStop", {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Begins a new session; starts the client when needed. */
  async createSession(config: SessionConfig): Promise<CopilotSession> {
    // The runtime chooses the id of a cloud session; callbacks of every other may need it before the runtime answers.
    const sessionId = config.sessionId || (config.cloud ? "" : newSessionId());
    return await this.#openSession("session.create", sessionId, config);
  }

  /** Continues a session that exists. */
  async resumeSession(sessionId: string, config: ResumeSessionConfig): Promise<CopilotSession> {
    return await this.#openSession("session.resume", sessionId, config);
  }

  async #openSession(op: string, sessionId: string, config: AnyConfig): Promise<CopilotSession> {
    warnOfUnknown(config);
    const handlers = new SessionHandlers(config);
    const session = new CopilotSession(sessionId, {
      connection: this.#connection,
      handlers,
      traceContext: this.#options.onGetTraceContext,
      report: this.#report,
    });
    try {
      if (config.onEvent) session.on(config.onEvent);
      this.#attachSessionFs(session, handlers, config.createSessionFsProvider);
      const trace =
        this.#options.onGetTraceContext && (await getTraceContext(this.#options.onGetTraceContext));
      const args = {
        key: session._key,
        sessionId: sessionId || undefined,
        config: Object.assign(sessionWire(config), extensionWire(config)),
        handlers: Object.assign(handlers.flags(), { events: session._listening }),
        traceContext: trace,
      };
      await this.#tellEnv();
      const reply = await this.#connection.submit(op, args, { signal: config.signal });
      session._begin(reply as { sessionId: string });
      takeGrantedVariables(config, reply);
    } catch (error) {
      session._end();
      throw error;
    }
    return session;
  }

  #attachSessionFs(
    session: CopilotSession,
    handlers: SessionHandlers,
    factory: ((session: CopilotSession) => SessionFsProvider) | undefined,
  ): void {
    const { sessionFs } = this.#options;
    if (!sessionFs) return;
    if (!factory && sessionFs.store) return;
    if (!factory) {
      throw new Error("createSessionFsProvider is required in the session config when sessionFs is enabled");
    }
    const provider = factory(session);
    if (sessionFs.capabilities?.sqlite && !provider.sqlite) {
      throw new Error("capabilities.sqlite is declared, but the provider has no sqlite member");
    }
    handlers.add(CallKind.SessionFs, serveSessionFs(provider));
  }

  /** Calls any method of the runtime by its name; `rpc` has them typed. */
  async request(method: string, params?: unknown, options?: RequestOptions): Promise<unknown> {
    return await this.#connection.request(method, params, options);
  }

  /** Asks the runtime for a sign of life. */
  async ping(
    message?: string,
    options?: CallOptions,
  ): Promise<{ message: string; timestamp: string; protocolVersion?: number }> {
    return (await this.#connection.submit("client.ping", { message }, options)) as never;
  }

  async getStatus(options?: CallOptions): Promise<GetStatusResponse> {
    return (await this.#connection.submit("client.getStatus", {}, options)) as GetStatusResponse;
  }

  async getAuthStatus(options?: CallOptions): Promise<GetAuthStatusResponse> {
    return (await this.#connection.submit("client.getAuthStatus", {}, options)) as GetAuthStatusResponse;
  }

  /** Models that can be used; asked for once, then remembered until the client stops. */
  async listModels(options?: CallOptions): Promise<ModelInfo[]> {
    const result = (await this.#connection.submit("client.listModels", {}, options)) as {
      models: ModelInfo[];
    };
    return result.models;
  }

  async getLastSessionId(options?: CallOptions): Promise<string | undefined> {
    return await this.#sessionIdOf("client.getLastSessionId", options);
  }

  async getForegroundSessionId(options?: CallOptions): Promise<string | undefined> {
    return await this.#sessionIdOf("client.getForegroundSessionId", options);
  }

  async #sessionIdOf(op: string, options?: CallOptions): Promise<string | undefined> {
    const { sessionId } = (await this.#connection.submit(op, {}, options)) as Reply;
    return (sessionId as string | null | undefined) ?? undefined;
  }

  async setForegroundSessionId(sessionId: string, options?: CallOptions): Promise<void> {
    await this.#connection.submit("client.setForegroundSessionId", { sessionId }, options);
  }

  /** Removes a session for good, on disk too. */
  async deleteSession(sessionId: string, options?: CallOptions): Promise<void> {
    await this.#connection.submit("client.deleteSession", { sessionId }, options);
  }

  async listSessions(filter?: SessionListFilter, options?: CallOptions): Promise<SessionMetadata[]> {
    const { workingDirectory, ...rest } = filter ?? {};
    const params = filter ? { filter: { ...rest, cwd: workingDirectory } } : {};
    const { sessions } = (await this.#connection.submit("client.listSessions", params, options)) as Reply;
    return ((sessions ?? []) as Reply[]).map(toMetadata);
  }

  async getSessionMetadata(sessionId: string, options?: CallOptions): Promise<SessionMetadata | undefined> {
    const reply = await this.#connection.submit("client.getSessionMetadata", { sessionId }, options);
    const { session } = reply as { session?: Reply | null };
    return session ? toMetadata(session) : undefined;
  }

  /** Hosts sessions for clients that speak the Agent Host Protocol; starts the client when needed. Runtimes from 1.0.102 on. */
  async startAhpHost(options: AhpHostOptions, call?: CallOptions): Promise<AhpHost> {
    await this.#tellEnv();
    return await this.#hosts.start(this.#connection, options, call);
  }

  /** Calls `handler` when sessions of the runtime come, go or change; works before `start()` too. */
  onLifecycle<K extends SessionLifecycleEventType>(
    eventType: K,
    handler: TypedSessionLifecycleHandler<K>,
  ): () => void;
  onLifecycle(handler: SessionLifecycleHandler): () => void;
  onLifecycle(typeOrHandler: string | SessionLifecycleHandler, handler?: (event: never) => void): () => void {
    return this.#lifecycle.add(typeOrHandler, handler);
  }

  /** `disconnected`, `connecting`, `connected` or `error`. */
  get state(): string {
    return this.#connection.state;
  }

  /** The TCP port of the runtime, when it has one. */
  get runtimePort(): number | undefined {
    return this.#connection.runtimePort;
  }

  /** Events received and delivered over all sessions, and what waits to be delivered. */
  counters(): Counters | undefined {
    return this.#connection.counters(0);
  }

  /** Where the client stands, how its last start went, and what went over the wire since it was made. Works at any time. */
  async diagnostics(): Promise<Diagnostics> {
    return (await this.#connection.submit("client.diagnostics", {})) as Diagnostics;
  }

  readonly #answer = async (question: Question): Promise<unknown> => {
    const serve = this.#served[question.kind as ClientKind];
    if (!serve) throw noHandler(question);
    try {
      return await serve(question);
    } catch (thrown) {
      warnOf(serve, question, thrown);
      throw thrown;
    }
  };

  readonly #notified = (method: string, params: unknown): void => {
    if (method === "llm.message") this.#requests?.message(params as LlmMessage);
    if (method !== "gitHubTelemetry.event") return;
    // The handler may be async, and its failure is its own.
    const { onGitHubTelemetry: handler } = this.#options;
    if (!handler) return;
    void (async () => handler(params as never))().catch((thrown: unknown) => {
      warnOfFailure(handler, "telemetry handler", thrown);
      this.#report(thrown);
    });
  };
}

/** What the child gets, if the program says. */
function environmentOf({ connection, env }: CopilotClientOptions): object | undefined {
  return (connection && "env" in connection ? connection.env : undefined) ?? env;
}

/** Somebody else's runtime has a login of its own. */
function checkForeignLogin({ connection, gitHubToken, useLoggedInUser }: CopilotClientOptions): void {
  if (connection?.kind !== "uri" || (!gitHubToken && useLoggedInUser === undefined)) return;
  throw new Error(
    "gitHubToken and useLoggedInUser cannot be used with RuntimeConnection.forUri: the runtime has its own login",
  );
}

/** What only `joinSession` may ask for. */
type ExtensionConfig = AnyConfig & {
  _factories?: FactoryHandle[];
  _workflows?: FactoryHandle[];
  _requestedEnvironmentVariables?: string[] | undefined;
};

function extensionWire({ _factories, _workflows, _requestedEnvironmentVariables }: ExtensionConfig): Reply {
  return {
    ...(_factories?.length && { factories: _factories.map(({ meta }) => meta) }),
    ...(_workflows?.length && { workflows: _workflows.map(({ meta }) => meta) }),
    ...(_requestedEnvironmentVariables && { requestedEnvironmentVariables: _requestedEnvironmentVariables }),
  };
}

/** Variables that were asked for and granted; nothing else of the reply gets into the environment. */
function takeGrantedVariables(config: ExtensionConfig, reply: unknown): void {
  const { grantedEnvironmentVariables: granted } = reply as {
    grantedEnvironmentVariables?: Record<string, unknown> | null;
  };
  for (const name of config._requestedEnvironmentVariables ?? []) {
    const value = granted && Object.hasOwn(granted, name) ? granted[name] : undefined;
    if (typeof value === "string") process.env[name] = value;
  }
}

/** Times arrive as text, programs get dates. */
function withDates(event: unknown): unknown {
  const { metadata, ...rest } = event as { metadata?: Reply | null };
  return metadata ? { ...rest, metadata: toDates(metadata) } : rest;
}

/** A time that is missing, or cannot be read, is left out. */
function toDates(metadata: Reply): Reply {
  const { startTime, modifiedTime, ...rest } = metadata;
  const times = Object.entries({ startTime, modifiedTime })
    .map(([name, text]) => [name, new Date(typeof text === "string" ? text : NaN)] as const)
    .filter(([, time]) => !Number.isNaN(time.getTime()));
  return { ...rest, ...Object.fromEntries(times) };
}

function toMetadata(wire: Reply): SessionMetadata {
  const { context, ...rest } = toDates(wire);
  if (!context) return rest as unknown as SessionMetadata;
  const { cwd, ...where } = context as Reply;
  return { ...rest, context: { ...where, workingDirectory: cwd } } as unknown as SessionMetadata;
}
