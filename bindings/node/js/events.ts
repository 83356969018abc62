/** Subscribers of a session or of the client, by event type or for everything. */
import { CopilotError } from "./errors.js";
import { eventHandlerLabel, warnOfFailure } from "./handler-warnings.js";

type Handler = (event: never) => void;

const NONE: readonly Handler[] = [];

/**
 * Lists are replaced, never changed: delivery walks the list it began with. A handler that throws costs nobody else anything.
 */
export class Subscribers {
  #wildcard = NONE;
  #typed: Map<string, readonly Handler[]> | undefined;

  /** `(handler)` or `(type, handler)`; returns the function that undoes it. */
  add(typeOrHandler: string | Handler, handler?: Handler): () => void {
    if (typeof typeOrHandler === "function") {
      const added = typeOrHandler;
      this.#wildcard = include(this.#wildcard, added);
      return () => {
        this.#wildcard = this.#wildcard.filter((other) => other !== added);
      };
    }
    if (typeof handler !== "function") throw new TypeError("An event handler must be a function");
    const type = typeOrHandler;
    this.#typed ??= new Map();
    this.#typed.set(type, include(this.#typed.get(type) ?? [], handler));
    return () => {
      this.#remove(type, handler);
    };
  }

  #remove(type: string, handler: Handler): void {
    const rest = (this.#typed?.get(type) ?? []).filter((other) => other !== handler);
    if (rest.length > 0) this.#typed?.set(type, rest);
    else this.#typed?.delete(type);
  }

  /** Typed handlers first, then those for everything, each in the order of registration. */
  deliver(event: unknown, report: (thrown: unknown) => void): void {
    const typed = this.#typed?.get((event as { type: string }).type);
    if (typed) callAll(typed, event, report);
    callAll(this.#wildcard, event, report);
  }

  clear(): void {
    this.#wildcard = NONE;
    this.#typed = undefined;
  }
}

function include(handlers: readonly Handler[], handler: Handler): readonly Handler[] {
  return handlers.includes(handler) ? handlers : [...handlers, handler];
}

function callAll(handlers: readonly Handler[], event: unknown, report: (thrown: unknown) => void): void {
  for (const handler of handlers) {
    try {
      const result = (handler as (event: unknown) => unknown)(event);
      // An async handler is not waited for, but its failure must not end the process either.
      if (isThenable(result)) {
        Promise.resolve(result).catch((thrown: unknown) => {
          failed(handler, thrown, report);
        });
      }
    } catch (thrown) {
      failed(handler, thrown, report);
    }
  }
}

function failed(handler: Handler, thrown: unknown, report: (thrown: unknown) => void): void {
  warnOfFailure(handler, eventHandlerLabel(handler), thrown);
  report(thrown);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function"
  );
}

/** An event whose text is no JSON: handlers still learn its type and have the text, only its data cannot be read. */
export function unreadableEvent(type: string, raw: string): object {
  const data = {
    get(): never {
      const message = `the data of this ${type || "unnamed"} event is not JSON; event.raw is its text`;
      throw new CopilotError("Protocol", message);
    },
    configurable: true,
  };
  return Object.defineProperty({ type, raw }, "data", data);
}

/**
 * Events as an async iterable: buffered without limit, ended by the session or by the consumer. An error that it was ended
 * with is thrown once, after what was buffered.
 */
export class EventStream<T> implements AsyncIterableIterator<T> {
  readonly #buffer: T[] = [];
  #head = 0;
  #waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: Error) => void }[] = [];
  #ended = false;
  #error: Error | undefined;
  readonly #stop: () => void;

  constructor(subscribe: (push: (event: T) => void, end: (error?: Error) => void) => () => void) {
    this.#stop = subscribe(
      (event) => {
        this.#push(event);
      },
      (error) => {
        this.#end(error);
      },
    );
  }

  #push(event: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ value: event, done: false });
    else this.#buffer.push(event);
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#stop();
    for (const waiting of this.#waiting.splice(0)) this.#over().then(waiting.resolve, waiting.reject);
  }

  /** What is said after the last event: the error once, then that it is done. */
  #over(): Promise<IteratorResult<T>> {
    const error = this.#error;
    this.#error = undefined;
    return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#head < this.#buffer.length) {
      const value = this.#buffer[this.#head] as T;
      this.#head += 1;
      if (this.#head === this.#buffer.length) {
        this.#buffer.length = 0;
        this.#head = 0;
      }
      return Promise.resolve({ value, done: false });
    }
    if (this.#ended) return this.#over();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T>> {
    this.#end();
    this.#error = undefined;
    this.#buffer.length = 0;
    this.#head = 0;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
