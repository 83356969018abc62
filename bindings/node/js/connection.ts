/**
 * One client of the engine as promises: tickets on the way in, records on the way out.
 *
 * Nothing here knows what an operation means; `client.ts`, `session.ts` and `dispatch.ts` do.
 */
import { fromThrown, messageOf, refusalOf, toError, type ErrorRecord } from "./errors.js";
import { checkSignal, isSignal } from "./given.js";
import { Inbox, type Receiver } from "./inbox.js";
import { Liveness } from "./liveness.js";
import { createNativeClient, type Counters, type NativeClient } from "./native.js";
import { onAbort } from "./signals.js";

/** Accepted as the last argument of every call. */
export interface CallOptions {
  /** Gives the call up; it rejects with the signal's reason. What the runtime already does goes on. */
  signal?: AbortSignal | undefined;
}

/** Accepted by calls of the runtime by name. */
export interface RequestOptions extends CallOptions {
  /** Gives the call up after this long. */
  timeoutMs?: number | undefined;
}

/** What a session does with what arrives for it. Sessions are sinks themselves, so these are names that programs do not see. */
export interface SessionSink {
  _deliver(events: readonly unknown[]): void;
  _answer(question: Question): unknown;
  /** The session cannot be used any more; an error says why when nobody wanted that. */
  _end(error: Error | undefined): void;
}

/** What the client itself does with what is not for one session. */
export interface ClientSink {
  _answer(question: Question): unknown;
  lifecycle(event: unknown): void;
  notification(method: string, params: unknown): void;
  closed(error: Error): void;
  /** Something failed that nobody waits for. Must not throw. */
  report(thrown: unknown): void;
}

interface Waiter {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  dispose?: () => void;
}

/** A question of the engine. Its signal fires when the answer is no longer wanted. */
export class Question {
  #controller: AbortController | undefined;
  #cancelled = false;

  constructor(
    readonly kind: number,
    /** Which tool, hook type, section, command, provider or factory; empty for kinds with one handler. */
    readonly name: string,
    readonly args: unknown,
  ) {}

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#cancelled) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Whether the answer is no longer wanted. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#controller?.abort();
  }
}

/** What an operation failed with, until somebody awaits it. */
class Failure {
  constructor(readonly record: ErrorRecord) {}
}

/** Operations that make a new connection when there is none. */
const STARTING: ReadonlySet<string> = new Set([
  "client.start",
  "client.startAhpHost",
  "session.create",
  "session.resume",
]);

/** Errors that only say that nothing is connected. */
const NOT_THERE: ReadonlySet<string> = new Set(["InvalidState", "SessionClosed"]);

const CLOSED = "Connection is closed.";

/** Somebody wanted the session to be over. */
const WANTED = "SessionClosed";

const NO_READABLE_CALL = "the question of the runtime is not JSON";

export class Connection implements Receiver {
  readonly #native: NativeClient;
  readonly #sink: ClientSink;
  readonly #waiters = new Map<number, Waiter>();
  readonly #sessions = new Map<number, SessionSink>();
  readonly #questions = new Map<number, Question>();
  readonly liveness = new Liveness(this);
  #lastKey = 0;
  /** Why the connection was lost, until there is a new one. */
  #lost: ErrorRecord | undefined;

  constructor(options: unknown, sink: ClientSink) {
    this.#sink = sink;
    // The addon holds the function for as long as the client lives: it must not hold the client in turn.
    const inbox: { ref?: WeakRef<Inbox> } = {};
    const wake = (): void => {
      inbox.ref?.deref()?.pump();
    };
    try {
      this.#native = createNativeClient(JSON.stringify(options), wake);
    } catch (thrown) {
      throw fromThrown(thrown);
    }
    this.#inbox = new Inbox(this.#native, this);
    inbox.ref = new WeakRef(this.#inbox);
  }

  readonly #inbox: Inbox;

  /** Starts an operation; resolves with its result. Never throws, never leaves a rejection of its own. */
  async submit(op: string, args: unknown, options?: CallOptions): Promise<unknown> {
    try {
      return await this.#start(op, args, options);
    } catch (failure) {
      // Made here, where it is awaited, so that its stack shows who called.
      throw failure instanceof Failure ? toError(failure.record) : failure;
    }
  }

  #start(op: string, args: unknown, options?: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const signal = options?.signal;
      checkSignal(signal);
      signal?.throwIfAborted();
      if (STARTING.has(op)) this.#lost = undefined;
      const ticket = this.#native.submit(op, JSON.stringify(args));
      const waiter: Waiter = { resolve, reject };
      if (signal) this.#watch(ticket, waiter, signal);
      this.#waiters.set(ticket, waiter);
      this.liveness.hold();
    });
  }

  /** Calls a method of the runtime. The typed namespaces of `rpc` stand on this. */
  request(method: string, params?: unknown, options?: RequestOptions): Promise<unknown> {
    const misplaced = (params as { signal?: unknown } | null | undefined)?.signal;
    if (isSignal(misplaced)) {
      return Promise.reject(
        new TypeError(`${method}: signal belongs in the last argument, not in the params`),
      );
    }
    const args = { method, params: params ?? {}, timeoutMs: options?.timeoutMs };
    return this.submit("client.call", args, options);
  }

  /** What the generated namespaces call. */
  sendRequest(method: string, params?: unknown): Promise<unknown> {
    return this.request(method, params);
  }

  #watch(ticket: number, waiter: Waiter, signal: AbortSignal): void {
    waiter.dispose = onAbort(signal, () => {
      if (!this.#waiters.delete(ticket)) return;
      this.#native.cancel(ticket);
      this.liveness.release();
      waiter.reject(signal.reason);
    });
  }

  #settle(ticket: number): Waiter | undefined {
    const waiter = this.#waiters.get(ticket);
    if (waiter === undefined) return undefined;
    this.#waiters.delete(ticket);
    this.liveness.release();
    waiter.dispose?.();
    return waiter;
  }

  /** Registers a session before its operation is submitted, so that nothing that arrives early is lost. */
  addSession(sink: SessionSink): number {
    const key = ++this.#lastKey;
    this.#sessions.set(key, sink);
    return key;
  }

  /** Forgets a session, here and in the engine; JSON of what it knew at last. */
  removeSession(key: number): string | null {
    this.#sessions.delete(key);
    return this.#native.endSession(key);
  }

  /** Has the events of a session delivered; until then the engine keeps those that came right behind its creation. */
  listen(key: number): void {
    this.#native.setEvents(key, true);
  }

  sessionState(key: number): unknown {
    const text = this.#native.sessionState(key);
    return text === null ? undefined : JSON.parse(text);
  }

  counters(key: number): Counters | undefined {
    return this.#native.counters(key) ?? undefined;
  }

  get state(): string {
    return this.#native.state();
  }

  /** Runs an action of the runtime's library on this thread. */
  runUiAction(action: number): void {
    try {
      this.#native.runUiAction(action);
    } catch (thrown) {
      throw fromThrown(thrown);
    }
  }

  get runtimePort(): number | undefined {
    return this.#native.runtimePort() ?? undefined;
  }

  events(session: number, events: readonly unknown[]): void {
    this.#sessions.get(session)?._deliver(events);
  }

  completed(ticket: number, result: unknown): void {
    this.#settle(ticket)?.resolve(result);
  }

  failed(ticket: number, error: ErrorRecord): void {
    const late = this.#lost !== undefined && NOT_THERE.has(error.kind);
    this.#settle(ticket)?.reject(new Failure(late ? { kind: "ProcessExited", message: CLOSED } : error));
  }

  lifecycle(event: unknown): void {
    this.#skipping("session.lifecycle", () => {
      this.#sink.lifecycle(event);
    });
  }

  notification(method: string, params: unknown): void {
    this.#skipping(method, () => {
      this.#sink.notification(method, params);
    });
  }

  /** A notification that cannot be read is counted, and logged once by name; handlers' own errors end before. */
  #skipping(method: string, read: () => void): void {
    try {
      read();
    } catch {
      this.#native.unreadable(method);
    }
  }

  closed(error: ErrorRecord): void {
    this.#lost = error;
    this.#sink.closed(toError(error));
  }

  ended(session: number, error: ErrorRecord): void {
    try {
      this.#sessions.get(session)?._end(error.kind === WANTED ? undefined : toError(error));
    } finally {
      this.removeSession(session);
    }
  }

  fault(thrown: unknown): void {
    this.#sink.report(thrown);
  }

  call(call: number, kind: number, session: number, name: string, args: unknown): void {
    const question = new Question(kind, name, args);
    this.#questions.set(call, question);
    void this.#answer(call, session, question);
  }

  unreadableCall(call: number): void {
    this.#native.replyError(call, NO_READABLE_CALL);
  }

  callCancelled(call: number): void {
    const question = this.#questions.get(call);
    this.#questions.delete(call);
    question?.cancel();
  }

  /** Runs a handler and sends what it returns. Its own rejections end here. */
  async #answer(call: number, session: number, question: Question): Promise<void> {
    try {
      const sink = session === 0 ? this.#sink : this.#sessions.get(session);
      if (sink === undefined) throw new Error("the session is closed");
      const text = toJson(await sink._answer(question));
      if (this.#questions.delete(call)) this.#native.reply(call, text);
    } catch (thrown) {
      this.#sink.report(thrown);
      if (this.#questions.delete(call)) this.#refuse(call, thrown);
    }
  }

  #refuse(call: number, thrown: unknown): void {
    const { message, code, data } = refusalOf(thrown);
    try {
      this.#native.replyError(call, message, code, data);
    } catch {
      // The engine no longer wants the answer.
    }
  }
}

function toJson(answer: unknown): string {
  try {
    return JSON.stringify(answer) ?? "null";
  } catch (thrown) {
    throw new TypeError(`the handler's answer cannot be written as JSON: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
