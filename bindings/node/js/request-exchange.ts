/** One model request of the runtime, from the question of the engine to the end of the response. */
import type { Connection, Question } from "./connection.js";
import type { LlmInferenceHeaders } from "./generated/rpc.js";
import { onAbort } from "./signals.js";
import {
  bindSink,
  CopilotWebSocketCloseStatus,
  type CopilotRequestContext,
  type CopilotRequestHandler,
  type CopilotWebSocketHandler,
} from "./request-handler.js";

/** The question; `forwardHeaders` are those that may be passed on. */
interface LlmRequest {
  requestId: string;
  sessionId?: string;
  agentId?: string;
  parentAgentId?: string;
  interactionType?: string;
  method: string;
  url: string;
  headers: LlmInferenceHeaders;
  forwardHeaders: LlmInferenceHeaders;
  transport: "http" | "websocket";
  bodyBase64?: string;
}

/** What arrives later for a WebSocket. */
export interface LlmMessage {
  requestId: string;
  data?: string;
  end?: boolean;
}

/** The overridable methods, which only this module may call from outside. */
interface Overridable {
  sendRequest(request: Request, context: CopilotRequestContext): Promise<Response>;
  openWebSocket(context: CopilotRequestContext): Promise<CopilotWebSocketHandler>;
}

/** Serves the requests of one client. */
export class RequestServer {
  readonly #handler: Overridable;
  readonly #connection: Connection;
  /** WebSockets under way, by request. */
  readonly #sockets = new Map<string, (message: LlmMessage) => void>();

  constructor(handler: CopilotRequestHandler, connection: Connection) {
    this.#handler = handler as unknown as Overridable;
    this.#connection = connection;
  }

  async serve(question: Question): Promise<void> {
    const request = question.args as LlmRequest;
    const context = contextOf(request, question.signal);
    if (request.transport === "websocket") await this.#serveWebSocket(request, context);
    else await this.#serveHttp(request, context);
  }

  message(message: LlmMessage): void {
    this.#sockets.get(message.requestId)?.(message);
  }

  #send(step: string, requestId: string, more: object = {}): Promise<unknown> {
    return this.#connection.submit(`llm.${step}`, { requestId, ...more });
  }

  async #serveHttp(request: LlmRequest, context: CopilotRequestContext): Promise<void> {
    const { requestId } = request;
    const response = await this.#handler.sendRequest(toRequest(request, context), context);
    const { status, statusText } = response;
    const headers = multiMap(response.headers);
    await this.#send("start", requestId, { status, headers, ...(statusText && { statusText }) });
    for await (const chunk of bodyOf(response, context.signal)) {
      if (chunk.length > 0) await this.#send("write", requestId, { base64: toBase64(chunk) });
    }
    await this.#send("end", requestId);
  }

  async #serveWebSocket({ requestId }: LlmRequest, context: CopilotRequestContext): Promise<void> {
    const ended = withResolvers<undefined>();
    const opened = withResolvers<undefined>();
    let over = false;
    // Everything for the runtime goes out one after the other, behind the head.
    let last: Promise<unknown> = opened.promise;
    const next = (step: string, more?: object): Promise<void> => {
      const sent = last.then(() => this.#send(step, requestId, more));
      last = sent.catch(() => undefined);
      return sent.then(() => undefined);
    };
    bindSink(context, {
      send: async (data) => {
        if (!over)
          await next("write", typeof data === "string" ? { text: data } : { base64: toBase64(data) });
      },
      close: async ({ description, errorCode, error }) => {
        if (over) return;
        over = true;
        const failure = { message: description ?? error?.message ?? "the WebSocket failed", code: errorCode };
        await (error ? next("fail", failure) : next("end"));
        ended.resolve(undefined);
      },
    });
    const early: LlmMessage[] = [];
    this.#sockets.set(requestId, (message) => early.push(message));
    try {
      const handler = await this.#handler.openWebSocket(context);
      await using _disposed = handler;
      await this.#send("start", requestId, { status: 101, headers: {} });
      opened.resolve(undefined);
      const failed = withResolvers<undefined>();
      this.#pump(requestId, handler, early, failed.reject);
      const given = onceAborted(context.signal, failed.reject);
      await Promise.race([ended.promise, failed.promise]).finally(given);
    } finally {
      over = true;
      opened.resolve(undefined);
      this.#sockets.delete(requestId);
    }
  }

  /** Hands the runtime's messages to the handler, one after the other. */
  #pump(
    requestId: string,
    handler: CopilotWebSocketHandler,
    early: LlmMessage[],
    fail: (error: unknown) => void,
  ): void {
    let last: Promise<unknown> = Promise.resolve();
    const push = ({ data, end }: LlmMessage): void => {
      last = last
        .then(async () => {
          if (data !== undefined) await handler.sendRequestMessage(data);
          if (end) await handler.close(CopilotWebSocketCloseStatus.normalClosure);
        })
        .catch(fail);
    };
    early.forEach(push);
    this.#sockets.set(requestId, push);
  }
}

/** The chunks of a body; a body that says nothing more is left as soon as nobody wants it. */
async function* bodyOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) return;
  const leave = onceAborted(signal, (reason) => {
    reader.cancel(reason).catch(() => undefined);
  });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    leave();
    reader.cancel().catch(() => undefined);
  }
}

/** Calls back with the reason of the signal, at once when it has fired already; returns the function that undoes this. */
function onceAborted(signal: AbortSignal, callback: (reason: unknown) => void): () => void {
  const fire = (): void => {
    callback(signal.reason);
  };
  if (!signal.aborted) return onAbort(signal, fire);
  fire();
  return () => undefined;
}

interface Resolvers<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

/** `Promise.withResolvers` for versions of Node that do not have it; a rejection nobody waits for is not reported. */
function withResolvers<T>(): Resolvers<T> {
  const made = {} as Resolvers<T>;
  made.promise = new Promise((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  made.promise.catch(() => undefined);
  return made;
}

function contextOf(request: LlmRequest, signal: AbortSignal): CopilotRequestContext {
  const { requestId, sessionId, agentId, parentAgentId, interactionType, transport, url, headers } = request;
  const known = {
    requestId,
    sessionId,
    agentId,
    parentAgentId,
    interactionType,
    transport,
    url,
    headers,
    signal,
  };
  const present = Object.entries(known).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(present) as unknown as CopilotRequestContext;
}

function toRequest(request: LlmRequest, context: CopilotRequestContext): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(request.forwardHeaders)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const method = request.method.toUpperCase();
  const body = request.bodyBase64 ? Buffer.from(request.bodyBase64, "base64") : undefined;
  const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
  return new Request(request.url, { method, headers, signal: context.signal, ...(hasBody && { body }) });
}

/** Every header with all its values; cookies are the one header whose values must not be joined. */
function multiMap(headers: Headers): LlmInferenceHeaders {
  const map: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    if (name !== "set-cookie") map[name] = [value];
  }
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) map["set-cookie"] = cookies;
  return map;
}

function toBase64(data: Uint8Array): string {
  return Buffer.from(data).toString("base64");
}
