/**
 * Takes what the engine delivers and hands it on, in order.
 *
 * Batches come as one JSON text each (`../src/batch.rs` writes them). Between a completed call and the next thing a user can
 * see, all microtasks run: code after an `await` registers its handlers before the event that followed the answer arrives.
 */
import type { ErrorRecord } from "./errors.js";
import type { NativeClient } from "./native.js";

/** What the owner of an inbox does with each record. None of these may throw. */
export interface Receiver {
  event(session: number, event: unknown): void;
  completed(ticket: number, result: unknown): void;
  failed(ticket: number, error: ErrorRecord): void;
  call(call: number, kind: number, session: number, args: unknown): void;
  callCancelled(call: number): void;
  lifecycle(event: unknown): void;
  notification(method: string, params: unknown): void;
  closed(error: ErrorRecord): void;
}

/** Numbers of the records, as in `../src/batch.rs`. */
const enum Kind {
  Event = 0,
  Completed = 1,
  Failed = 2,
  Call = 3,
  CallCancelled = 4,
  Lifecycle = 5,
  Notification = 6,
  Closed = 7,
}

/** How long deliveries may occupy the event loop before timers and sockets get their turn. */
const SLICE_MS = 5;

/** The clock is read once per this many records. */
const CLOCK_EVERY = 32;

export class Inbox {
  readonly #native: NativeClient;
  readonly #receiver: Receiver;
  #batch: unknown[] = [];
  #at = 0;
  #running = false;
  /** A call completed and code waiting for it has not run yet. */
  #settled = false;
  readonly #resume = (): void => {
    this.#running = false;
    this.#settled = false;
    this.pump();
  };

  constructor(native: NativeClient, receiver: Receiver) {
    this.#native = native;
    this.#receiver = receiver;
  }

  /** Delivers everything there is, in slices. Called on every wake-up; returns at once when a slice is scheduled already. */
  pump(): void {
    if (this.#running) return;
    this.#running = true;
    const end = performance.now() + SLICE_MS;
    for (let count = 1; ; count++) {
      if (this.#at >= this.#batch.length && !this.#refill()) break;
      if (this.#settled && isVisible(this.#batch[this.#at])) {
        // From a microtask, a tick runs only when no microtask is left.
        queueMicrotask(() => {
          process.nextTick(this.#resume);
        });
        return;
      }
      this.#deliver();
      if (count % CLOCK_EVERY === 0 && performance.now() > end) {
        setImmediate(this.#resume);
        return;
      }
    }
    this.#running = false;
    this.#settled = false;
  }

  #refill(): boolean {
    const text = this.#native.drain();
    this.#at = 0;
    this.#batch = text === "" ? [] : this.#parse(text);
    return this.#batch.length > 0;
  }

  #parse(text: string): unknown[] {
    try {
      return JSON.parse(text) as unknown[];
    } catch {
      return this.#native.records().flatMap(salvage);
    }
  }

  #deliver(): void {
    const batch = this.#batch;
    const receiver = this.#receiver;
    const at = this.#at;
    switch (batch[at] as Kind) {
      case Kind.Event:
        this.#at = at + 3;
        receiver.event(batch[at + 1] as number, batch[at + 2]);
        return;
      case Kind.Completed:
        this.#at = at + 3;
        this.#settled = true;
        receiver.completed(batch[at + 1] as number, batch[at + 2]);
        return;
      case Kind.Failed:
        this.#at = at + 3;
        this.#settled = true;
        receiver.failed(batch[at + 1] as number, batch[at + 2] as ErrorRecord);
        return;
      case Kind.Call:
        this.#at = at + 5;
        receiver.call(
          batch[at + 1] as number,
          batch[at + 2] as number,
          batch[at + 3] as number,
          batch[at + 4],
        );
        return;
      case Kind.CallCancelled:
        this.#at = at + 2;
        receiver.callCancelled(batch[at + 1] as number);
        return;
      case Kind.Lifecycle:
        this.#at = at + 2;
        receiver.lifecycle(batch[at + 1]);
        return;
      case Kind.Notification:
        this.#at = at + 3;
        receiver.notification(batch[at + 1] as string, batch[at + 2]);
        return;
      case Kind.Closed:
        this.#at = at + 2;
        receiver.closed(batch[at + 1] as ErrorRecord);
        return;
    }
  }
}

const BROKEN: ErrorRecord = { kind: "Protocol", message: "the runtime sent an answer that is not JSON" };

/** A record that is no JSON is left out, but whoever waits for it, on either side, still gets an answer. */
function salvage(record: string): unknown[] {
  try {
    return JSON.parse(`[${record}]`) as unknown[];
  } catch {
    const head = /^(\d+),(\d+)(?:,(\d+),(\d+))?/.exec(record)?.slice(1).map(Number) ?? [];
    if (head[0] === Kind.Completed) return [Kind.Failed, head[1], BROKEN];
    return head[0] === Kind.Call ? [...head.slice(0, 4), null] : [];
  }
}

/** Whether a record runs user code at once; completed calls only settle promises. */
function isVisible(record: unknown): boolean {
  return record !== Kind.Completed && record !== Kind.Failed;
}
