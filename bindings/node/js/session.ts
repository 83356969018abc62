/** A conversation with the agent. */
import type { CallOptions, Connection, Question } from "./connection.js";
import { KeptContext } from "./context.js";
import { answer } from "./dispatch.js";
import { EventStream, Subscribers } from "./events.js";
import { createFactoryApi, type FactoryRpc } from "./factory-api.js";
import type { Family } from "./factory-inside.js";
import { isObject, wrong } from "./given.js";
import { createSessionRpc } from "./generated/namespaces.js";
import type { SessionRpc, ModelSwitchAutoTierResult, OpenCanvasInstance } from "./generated/rpc.js";
import type { AutoTier, ReasoningSummary } from "./generated/session-events.js";
import { jsonSchema } from "./schemas.js";
import type { SessionHandlers } from "./session-handlers.js";
import { onAbort } from "./signals.js";
import type { Counters } from "./native.js";
import { getTraceContext } from "./trace.js";
import type { ModelCapabilitiesOverride, TraceContextProvider } from "./types/client.js";
import type {
  SessionEvent,
  SessionEventHandler,
  SessionEventType,
  TypedSessionEventHandler,
} from "./types/events.js";
import type { SessionFactoryApi } from "./types/factory.js";
import type { SessionWorkflowApi } from "./types/workflow.js";
import type { SessionCapabilities, SessionUiApi } from "./types/handlers.js";
import { toolDeclaration } from "./tools.js";
import type { ResponseSchema, Tool, ZodSchema } from "./types/tools.js";
import type {
  ContextTier,
  MessageOptions,
  ReasoningEffort,
  StructuredOptions,
  WaitOptions,
} from "./types/session.js";
import { createUi } from "./ui.js";

export type AssistantMessageEvent = Extract<SessionEvent, { type: "assistant.message" }>;

/** An answer that follows its schema. */
export interface StructuredAnswer<T = unknown> {
  value: T;
  /** Which try it was, beginning with 1. */
  tries: number;
  event: AssistantMessageEvent;
}

/** Options of {@link CopilotSession.setModel}. */
interface SetModelOptions extends CallOptions {
  reasoningEffort?: ReasoningEffort;
  reasoningSummary?: ReasoningSummary;
  contextTier?: ContextTier;
  modelCapabilities?: ModelCapabilitiesOverride;
  autoTier?: AutoTier | null;
}

interface SessionState {
  workspacePath?: string | null;
  capabilities?: SessionCapabilities | null;
  openCanvases?: OpenCanvasInstance[] | null;
}

/** What the client gives a session: its name, its connection, its handlers. */
interface Surroundings {
  connection: Connection;
  handlers: SessionHandlers;
  traceContext: TraceContextProvider | undefined;
  report: (thrown: unknown) => void;
}

function limits(timeout: number, { inactivityTimeout, until }: WaitOptions): object {
  return {
    timeoutMs: milliseconds("timeout", timeout),
    inactivityTimeoutMs: milliseconds("inactivityTimeout", inactivityTimeout),
    until,
  };
}

/** A time as a number; texts are taken as timers take them. */
function milliseconds(option: string, given: unknown): unknown {
  if (given === undefined || given === null) return given;
  const time = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  if (typeof time === "number" && !Number.isNaN(time)) return time;
  const hint = isObject(given) ? "signal and other options of the wait are the next argument" : "";
  throw wrong(option, "a number of milliseconds", given, hint);
}

/** How long {@link CopilotSession.sendAndWait} waits unless told otherwise. */
const DEFAULT_WAIT_MS = 60_000;

export class CopilotSession implements AsyncDisposable {
  #id: string;
  readonly #around: Surroundings;
  readonly #key: number;
  readonly #subscribers = new Subscribers();
  /** Handlers run in the context of whoever made the session. */
  readonly #context = new KeptContext();
  /** Called when the session is over: they end streams and waits. */
  #endings: Set<(error?: Error) => void> | undefined;
  /** Whether events are delivered; until the session is first used, the engine keeps those behind its creation. */
  #listening = false;
  #open = false;
  #ended = false;
  /** Why the session was lost; unset while it is open, and when its end was wanted. */
  #lost: Error | undefined;
  /** JSON of what it knew when it ended; read when somebody asks. */
  #last: string | null = null;
  #state: SessionState = {};
  #rpc: SessionRpc | undefined;
  #factory: SessionFactoryApi | undefined;
  #workflow: SessionWorkflowApi | undefined;
  #disconnecting: Promise<void> | undefined;

  /** @internal Sessions are made by the client. */
  constructor(sessionId: string, around: Surroundings) {
    this.#id = sessionId;
    this.#around = around;
    this.#key = around.connection.addSession(this);
  }

  get sessionId(): string {
    return this.#id;
  }

  /** Typed access to every session method of the runtime. */
  get rpc(): SessionRpc {
    this.#listen();
    this.#rpc ??= createSessionRpc(this.#around.connection, this.#id);
    return this.#rpc;
  }

  /** Runs of factories. */
  get factory(): SessionFactoryApi {
    this.#factory ??= createFactoryApi(this.#runsOf("factory"));
    return this.#factory;
  }

  /** Runs of workflows: what runtimes from 1.0.89-7 on call factories. */
  get workflow(): SessionWorkflowApi {
    this.#workflow ??= createFactoryApi(this.#runsOf("workflow")) as unknown as SessionWorkflowApi;
    return this.#workflow;
  }

  #runsOf(family: Family): FactoryRpc {
    return {
      family,
      call: (method, params, options) => this.#call(`session.${family}.${method}`, params, options),
      onRunUpdated: (handler) => this.#subscribers.add(`${family}.run_updated`, handler),
      onEnd: (callback) => this.#onEnd(callback),
    };
  }

  get workspacePath(): string | undefined {
    return this.#current().workspacePath ?? undefined;
  }

  get capabilities(): SessionCapabilities {
    return this.#current().capabilities ?? {};
  }

  get openCanvases(): OpenCanvasInstance[] {
    return [...(this.#current().openCanvases ?? [])];
  }

  /** Asking the person in front of the host. */
  get ui(): SessionUiApi {
    return createUi((args) => this.#submit("session.ui", args));
  }

  /** The engine's view of the session; the last one known once it is over. */
  #current(): SessionState {
    const state = this.#ended
      ? this.#atLast()?.state
      : (this.#around.connection.sessionState(this.#key) as SessionState | undefined);
    return state ?? this.#state;
  }

  #atLast(): { state: SessionState | null; counters: Counters } | undefined {
    return this.#last === null ? undefined : (JSON.parse(this.#last) as never);
  }

  /** Sends a message; resolves with its id as soon as the runtime has accepted it. */
  async send(options: string | MessageOptions, call: CallOptions = {}): Promise<string> {
    const result = await this.#message("session.send", options, {}, call);
    return (result as { messageId: string }).messageId;
  }

  /** Sends a message and waits until the agent is idle; resolves with its last message. */
  sendAndWait(
    options: string | MessageOptions,
    timeout?: number,
    wait?: WaitOptions,
  ): Promise<AssistantMessageEvent | undefined>;
  /** The same for an answer that follows a schema: resolves with what the schema makes of it. Asks once. */
  sendAndWait<TResult>(
    options: string | MessageOptions,
    responseSchema: ResponseSchema<TResult>,
    timeout?: number,
  ): Promise<TResult>;
  async sendAndWait(
    options: string | MessageOptions,
    timeoutOrSchema?: number | ResponseSchema,
    waitOrTimeout?: WaitOptions | number,
  ): Promise<unknown> {
    // Whatever else is no number is refused by the engine.
    if (isObject(timeoutOrSchema) && "parse" in timeoutOrSchema) {
      const timeout = (waitOrTimeout as number | undefined) ?? DEFAULT_WAIT_MS;
      const schema = timeoutOrSchema as unknown as ResponseSchema;
      return (await this.sendStructured(options, schema, { timeout, retries: 0 })).value;
    }
    const timeout = (timeoutOrSchema === undefined ? DEFAULT_WAIT_MS : timeoutOrSchema) as number;
    const wait = (waitOrTimeout ?? {}) as WaitOptions;
    const answer = await this.#message("session.sendAndWait", options, limits(timeout, wait), wait);
    const hasSchema = isObject(options) && (options as MessageOptions).responseSchema !== undefined;
    const event = hasSchema ? (answer as StructuredAnswer).event : answer;
    return event ?? undefined;
  }

  /**
   * Sends a message and waits for an answer that follows a schema. An answer that does not is not the end: the agent is
   * told why and asked again. Rejects with a `CopilotError` of kind `SchemaMismatch` when no try succeeded.
   */
  async sendStructured<T = unknown>(
    options: string | MessageOptions,
    schema: ZodSchema<T> | Record<string, unknown>,
    { retries, timeout = DEFAULT_WAIT_MS, ...wait }: StructuredOptions = {},
  ): Promise<StructuredAnswer<T>> {
    const args = { ...limits(timeout, wait), responseSchema: jsonSchema(schema), responseRetries: retries };
    const answer = (await this.#message("session.sendAndWait", options, args, wait)) as StructuredAnswer<T>;
    const parse = (schema as { parse?: (value: unknown) => T }).parse;
    return parse ? { ...answer, value: parse.call(schema, answer.value) } : answer;
  }

  async #message(
    op: string,
    options: string | MessageOptions,
    extra: object,
    call: CallOptions,
  ): Promise<unknown> {
    // What is no object either is refused by the engine.
    const given = (isObject(options) ? options : { prompt: options }) as MessageOptions;
    const { signal = call.signal, extra: more, responseSchema, ...message } = given;
    const schema = responseSchema === undefined ? undefined : { responseSchema: jsonSchema(responseSchema) };
    const provider = this.#around.traceContext;
    const trace = provider && (await getTraceContext(provider));
    const args = { ...message, ...schema, ...more, ...trace, ...extra, key: this.#key };
    this.#listen();
    return await this.#around.connection.submit(op, args, { signal });
  }

  /** Calls `handler` for every event, or for those of one type; returns the function that ends it. */
  on<K extends SessionEventType>(eventType: K, handler: TypedSessionEventHandler<K>): () => void;
  on(handler: SessionEventHandler): () => void;
  on(typeOrHandler: string | SessionEventHandler, handler?: (event: never) => void): () => void {
    const unsubscribe = this.#subscribers.add(typeOrHandler, handler);
    this.#listen();
    return unsubscribe;
  }

  /**
   * Events as they arrive, for `for await`. Ends when the loop is left, the signal fires, or the session is left, deleted,
   * resumed elsewhere or stopped; when the connection was lost, what was collected is handed out, then the error is thrown.
   */
  events(options?: CallOptions): AsyncIterableIterator<SessionEvent> {
    return new EventStream<SessionEvent>((push, end) => {
      const signal = options?.signal;
      const stops = [this.#subscribers.add(push), this.#onEnd(end)];
      if (signal?.aborted) queueMicrotask(end);
      else if (signal) stops.push(onAbort(signal, end));
      this.#listen();
      return () => {
        for (const stop of stops) stop();
      };
    });
  }

  /** Calls back when the session is over, with an error when it was lost. */
  #onEnd(callback: (error?: Error) => void): () => void {
    if (this.#ended) {
      queueMicrotask(() => {
        callback(this.#lost);
      });
      return () => undefined;
    }
    this.#endings ??= new Set();
    this.#endings.add(callback);
    return () => {
      this.#endings?.delete(callback);
    };
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#around.connection.listen(this.#key);
  }

  /** Every event of the session so far, oldest first. */
  async getEvents(options?: CallOptions): Promise<SessionEvent[]> {
    const result = await this.#submit("session.getEvents", {}, options);
    return (result as { events: SessionEvent[] }).events;
  }

  /** Stops what the agent is doing. */
  async abort(options?: CallOptions): Promise<void> {
    await this.#submit("session.abort", {}, options);
  }

  /** Changes the model from the next message on. */
  async setModel(model: string, options: SetModelOptions = {}): Promise<void> {
    const { signal, ...rest } = options;
    await this.#submit("session.setModel", { model, ...rest }, { signal });
  }

  /** Changes the tier that automatic model choice uses; `null` goes back to the default. */
  async setAutoTier(autoTier: AutoTier | null, options?: CallOptions): Promise<ModelSwitchAutoTierResult> {
    return (await this.#submit("session.setAutoTier", { autoTier }, options)) as ModelSwitchAutoTierResult;
  }

  /**
   * Replaces all tools of this program in the session; after an error the old ones are still there. Needs a runtime newer
   * than 1.0.85.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tools of different arguments share one list
  async setTools(tools: Tool<any>[], options?: CallOptions): Promise<void> {
    const { handlers } = this.#around;
    const served = new Map(tools.flatMap(({ name, handler }) => (handler ? [[name, handler] as const] : [])));
    // The engine asks for the new ones as soon as the runtime has agreed, before this goes on.
    const before = handlers.replaceTools((old) => new Map([...old, ...served]));
    const args = { tools: tools.map(toolDeclaration), handlers: [...served.keys()] };
    try {
      await this.#submit("session.setTools", args, options);
    } catch (error) {
      handlers.replaceTools(() => before);
      throw error;
    }
    handlers.replaceTools(() => served);
  }

  /** Ends a task that runs in the background; false when there is no such task. */
  async cancelTask(id: string, options?: CallOptions): Promise<boolean> {
    const { cancelled } = (await this.#submit("session.cancelTask", { id }, options)) as {
      cancelled?: boolean;
    };
    return cancelled ?? false;
  }

  /** Writes a line into the session's timeline. */
  async log(
    message: string,
    options: { level?: "info" | "warning" | "error"; ephemeral?: boolean } & CallOptions = {},
  ): Promise<void> {
    const { signal, ...rest } = options;
    await this.#submit("session.log", { message, ...rest }, { signal });
  }

  /** Ends the conversation here; what is on disk stays and can be resumed. After a failure it can be tried again. */
  disconnect(options?: CallOptions): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#disconnecting ??= this.#around.connection
      .submit("session.disconnect", { key: this.#key }, options)
      .then(
        () => {
          this._end();
        },
        (error: unknown) => {
          this.#disconnecting = undefined;
          if (!this.#ended) throw error;
        },
      );
    return this.#disconnecting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /** Events received and delivered, and what waits to be delivered. */
  counters(): Counters | undefined {
    return this.#ended ? this.#atLast()?.counters : this.#around.connection.counters(this.#key);
  }

  #submit(op: string, args: object, options?: CallOptions): Promise<unknown> {
    this.#listen();
    return this.#around.connection.submit(op, { ...args, key: this.#key }, options);
  }

  #call(method: string, params: unknown = {}, options?: CallOptions): Promise<unknown> {
    return this.#submit("session.call", { method, params }, options);
  }

  /** @internal Its name inside the client. */
  get _key(): number {
    return this.#key;
  }

  /** @internal Whether somebody listens already, before the session is there. */
  get _listening(): boolean {
    return this.#listening;
  }

  /** @internal The runtime has answered: the session is open and keeps the process running. */
  _begin(reply: SessionState & { sessionId: string }): void {
    this.#id = reply.sessionId;
    this.#state = reply;
    if (this.#ended || this.#open) return;
    this.#open = true;
    if (this.#listening) this.#around.connection.listen(this.#key);
    this.#around.connection.liveness.hold();
  }

  /** @internal Hands out events; the context is entered once for all of them. */
  _deliver(events: readonly unknown[]): void {
    this.#context.runInAsyncScope(this.#handOut, this, events);
  }

  #handOut(events: readonly unknown[]): void {
    for (const event of events) this.#subscribers.deliver(event, this.#around.report);
  }

  /** @internal Asks a handler. */
  _answer(question: Question): Promise<unknown> {
    return this.#context.runInAsyncScope(answer, undefined, this.#around.handlers, question, this);
  }

  /** @internal Runs of factories or workflows. */
  _runsOf(family: Family): FactoryRpc {
    return this.#runsOf(family);
  }

  /** @internal The session is over, whoever ended it; an error says why it was lost. It no longer keeps the process running. */
  _end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#lost = error;
    this.#last = this.#around.connection.removeSession(this.#key);
    this.#subscribers.clear();
    for (const end of [...(this.#endings ?? [])]) end(error);
    this.#endings = undefined;
    if (this.#open) this.#around.connection.liveness.release();
    this.#open = false;
  }
}
