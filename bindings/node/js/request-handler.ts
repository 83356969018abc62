/** Serving the runtime's own model requests. */
import type { Connection, Question } from "./connection.js";
import type { LlmInferenceHeaders } from "./generated/rpc.js";

export interface CopilotRequestContext {
  readonly requestId: string;
  readonly sessionId?: string;
  readonly agentId?: string;
  readonly parentAgentId?: string;
  readonly interactionType?: string;
  readonly transport: "http" | "websocket";
  url: string;
  headers: LlmInferenceHeaders;
  readonly signal: AbortSignal;
}

/** How a WebSocket ended. */
export class CopilotWebSocketCloseStatus {
  static readonly normalClosure = new CopilotWebSocketCloseStatus();
  readonly description?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly error?: Error | undefined;

  constructor(description?: string, errorCode?: string, error?: Error) {
    this.description = description;
    this.errorCode = errorCode;
    this.error = error;
  }
}

/** The runtime's end of a WebSocket. */
export interface WebSocketSink {
  send(data: string | Uint8Array): Promise<void>;
  close(status: CopilotWebSocketCloseStatus): Promise<void>;
}

const sinks = new WeakMap<CopilotRequestContext, WebSocketSink>();

/** Binds a context to the runtime's end; only then can a handler be made for it. */
export function bindSink(context: CopilotRequestContext, sink: WebSocketSink): void {
  sinks.set(context, sink);
}

/** One WebSocket between the runtime and whoever answers it. */
export abstract class CopilotWebSocketHandler implements AsyncDisposable {
  protected readonly context: CopilotRequestContext;
  readonly #sink: WebSocketSink;
  #closed = false;

  protected constructor(context: CopilotRequestContext) {
    const sink = sinks.get(context);
    if (!sink) throw new Error("A WebSocket handler can only be made while a request is served");
    this.context = context;
    this.#sink = sink;
  }

  /** A message for the runtime. */
  async sendResponseMessage(data: string | Uint8Array): Promise<void> {
    if (!this.#closed) await this.#sink.send(data);
  }

  async close(
    status: CopilotWebSocketCloseStatus = CopilotWebSocketCloseStatus.normalClosure,
  ): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#sink.close(status);
  }

  /** A message from the runtime. */
  abstract sendRequestMessage(data: string | Uint8Array): Promise<void> | void;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Passes messages through to the real address. Node's WebSocket sends no headers of its own choosing. */
export class CopilotWebSocketForwarder extends CopilotWebSocketHandler {
  #upstream: WebSocket | undefined;

  // Public here, protected in the base class.
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor
  constructor(context: CopilotRequestContext) {
    super(context);
  }

  /** @internal Resolves when the far end is connected. */
  async open(): Promise<void> {
    const upstream = new WebSocket(this.context.url);
    upstream.binaryType = "arraybuffer";
    this.#upstream = upstream;
    await new Promise<void>((resolve, reject) => {
      upstream.onopen = () => {
        resolve();
      };
      upstream.onerror = () => {
        reject(new Error(`WebSocket connection to ${this.context.url} failed`));
      };
    });
    upstream.onmessage = ({ data }) => {
      const message = typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer);
      this.sendResponseMessage(message).catch(() => undefined);
    };
    upstream.onclose = () => void this.close().catch(() => undefined);
    upstream.onerror = () => {
      const error = new Error("WebSocket connection failed");
      const status = new CopilotWebSocketCloseStatus(error.message, undefined, error);
      this.close(status).catch(() => undefined);
    };
  }

  sendRequestMessage(data: string | Uint8Array): void {
    if (this.#upstream?.readyState === 1) this.#upstream.send(data);
  }

  override async close(status?: CopilotWebSocketCloseStatus): Promise<void> {
    this.#upstream?.close();
    await super.close(status);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Serves model requests; a subclass changes what it wants, the rest is passed through. */
export class CopilotRequestHandler {
  protected sendRequest(request: Request, context: CopilotRequestContext): Promise<Response> {
    return fetch(request, { redirect: "manual", signal: context.signal });
  }

  protected async openWebSocket(context: CopilotRequestContext): Promise<CopilotWebSocketHandler> {
    const forwarder = new CopilotWebSocketForwarder(context);
    await forwarder.open();
    return forwarder;
  }
}

/** Serves one exchange of the engine. */
export function serveLlmRequest(
  _handler: CopilotRequestHandler,
  _connection: Connection,
  _args: unknown,
  _question: Question,
): Promise<unknown> {
  return Promise.reject(new Error("Model requests are not handed to Node yet"));
}
