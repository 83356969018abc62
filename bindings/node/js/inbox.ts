/**
 * Takes what the engine delivers and hands it on, in order.
 *
 * Batches come as one JSON text each (`../src/batch.rs` writes them). Between a completed call and the next thing a user can
 * see, all microtasks run: code after an `await` registers its handlers before the event that followed the answer arrives.
 * Each record is handed out by itself: whatever goes wrong with one costs no other.
 */
import { unreadableEvent } from "./events.js";
import { Shape, Texts } from "./shapes.js";
import type { ErrorRecord } from "./errors.js";
import type { NativeClient } from "./native.js";

/** What the owner of an inbox does with each record. */
export interface Receiver {
  /** Events of one session. */
  events(session: number, events: readonly unknown[]): void;
  completed(ticket: number, result: unknown): void;
  failed(ticket: number, error: ErrorRecord): void;
  call(call: number, kind: number, session: number, name: string, args: unknown): void;
  /** A question whose arguments cannot be read. */
  unreadableCall(call: number): void;
  callCancelled(call: number): void;
  lifecycle(event: unknown): void;
  notification(method: string, params: unknown): void;
  closed(error: ErrorRecord): void;
  /** Nothing more of this session follows. */
  ended(session: number, error: ErrorRecord): void;
  /** A record could not be handed out. Must not throw. */
  fault(thrown: unknown): void;
}

/** Numbers of the records, as in `../src/batch.rs`; the last one is made here. */
const enum Kind {
  Event = 0,
  Completed = 1,
  Failed = 2,
  Call = 3,
  CallCancelled = 4,
  Lifecycle = 5,
  Notification = 6,
  Closed = 7,
  Ended = 8,
  Shape = 9,
  ShapedEvent = 10,
  UnreadableCall = 11,
}

/** Elements of an event's record: its number, the session, the event. */
const EVENT_SIZE = 3;

const NO_TEXTS = new Texts([], 0);

/** How long deliveries may occupy the event loop before timers and sockets get their turn. */
const SLICE_MS = 5;

/** The clock is read once per this many records; so many events of a session are handed on together at most. */
const CLOCK_EVERY = 32;

export class Inbox {
  readonly #native: NativeClient;
  readonly #receiver: Receiver;
  /** Shapes of events, by the engine's numbers. */
  readonly #shapes: Shape[] = [];
  #batch: unknown[] = [];
  #at = 0;
  #texts = NO_TEXTS;
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
    let count = 0;
    for (;;) {
      if (this.#at >= this.#batch.length && !this.#refill()) break;
      if (this.#settled && isVisible(this.#batch[this.#at])) {
        // From a microtask, a tick runs only when no microtask is left.
        queueMicrotask(() => {
          process.nextTick(this.#resume);
        });
        return;
      }
      count += this.#next();
      if (count < CLOCK_EVERY) continue;
      count = 0;
      if (performance.now() > end) {
        setImmediate(this.#resume);
        return;
      }
    }
    this.#running = false;
    this.#settled = false;
  }

  /** Hands out the next record, or the next few events of one session; returns how many records that were. */
  #next(): number {
    try {
      if (isEvent(this.#batch[this.#at])) return this.#deliverEvents();
      this.#deliver();
    } catch (thrown) {
      this.#receiver.fault(thrown);
    }
    return 1;
  }

  #refill(): boolean {
    this.#at = 0;
    this.#batch = [];
    this.#texts = NO_TEXTS;
    try {
      const drained = this.#native.drain();
      if (typeof drained === "string") {
        if (drained !== "") this.#batch = this.#parse(drained);
      } else {
        this.#batch = this.#parse(drained[0] as string);
        this.#texts = new Texts(drained, 1);
      }
    } catch (thrown) {
      this.#receiver.fault(thrown);
    }
    return this.#batch.length > 0;
  }

  #parse(text: string): unknown[] {
    try {
      return JSON.parse(text) as unknown[];
    } catch {
      return this.#native.records().flatMap((record) => salvage(record, this.#native));
    }
  }

  #deliverEvents(): number {
    const batch = this.#batch;
    const session = batch[this.#at + 1];
    const events: unknown[] = [];
    while (events.length < CLOCK_EVERY && isEvent(batch[this.#at]) && batch[this.#at + 1] === session) {
      events.push(this.#event());
    }
    this.#receiver.events(session as number, events);
    return events.length;
  }

  #event(): unknown {
    const batch = this.#batch;
    const at = this.#at;
    this.#at = at + EVENT_SIZE;
    if (batch[at] === Kind.Event) return batch[at + 2];
    const shape = this.#shapes[batch[at + 2] as number] as Shape;
    this.#at += shape.size;
    return shape.make(batch, at + EVENT_SIZE, this.#texts);
  }

  #deliver(): void {
    const batch = this.#batch;
    const receiver = this.#receiver;
    const at = this.#at;
    switch (batch[at] as Kind) {
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
        this.#at = at + 6;
        receiver.call(
          batch[at + 1] as number,
          batch[at + 2] as number,
          batch[at + 3] as number,
          batch[at + 4] as string,
          batch[at + 5],
        );
        return;
      case Kind.CallCancelled:
        this.#at = at + 2;
        receiver.callCancelled(batch[at + 1] as number);
        return;
      case Kind.UnreadableCall:
        this.#at = at + 2;
        receiver.unreadableCall(batch[at + 1] as number);
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
      case Kind.Ended:
        this.#at = at + 3;
        receiver.ended(batch[at + 1] as number, batch[at + 2] as ErrorRecord);
        return;
      case Kind.Shape:
        this.#at = at + 5;
        this.#shapes[batch[at + 1] as number] = shapeOf(batch, at + 2);
        return;
      default:
        // Not a batch of this version of the addon: nothing behind it can be told apart either.
        this.#at = batch.length;
        throw new Error(`The addon delivered a record of unknown kind ${String(batch[at])}`);
    }
  }
}

const BROKEN: ErrorRecord = { kind: "Protocol", message: "the runtime sent an answer that is not JSON" };

/** What is left of a record whose payload is no JSON: whoever waits for it, on either side, still gets an answer. */
function salvage(record: string, native: NativeClient): unknown[] {
  try {
    return JSON.parse(`[${record}]`) as unknown[];
  } catch {
    const [, kind, id] = /^(\d+)(?:,(\d+|"(?:[^"\\]|\\.)*"))?/.exec(record) ?? [];
    const number: unknown = Number(kind);
    switch (number as Kind) {
      case Kind.Event: {
        const raw = record.slice(`${String(kind)},${String(id)},`.length);
        return [Kind.Event, Number(id), unreadableEvent(native.eventType(raw), raw)];
      }
      case Kind.Completed:
        return [Kind.Failed, Number(id), BROKEN];
      case Kind.Call:
        return [Kind.UnreadableCall, Number(id)];
      case Kind.Lifecycle:
        return [Kind.Lifecycle, undefined];
      case Kind.Notification:
        return [Kind.Notification, JSON.parse(id ?? '""'), undefined];
      default:
        return [];
    }
  }
}

function shapeOf(batch: readonly unknown[], at: number): Shape {
  return new Shape(batch[at], batch[at + 1] as string[], batch[at + 2] as boolean[]);
}

function isEvent(record: unknown): boolean {
  return record === Kind.Event || record === Kind.ShapedEvent;
}

/** Whether a record runs user code at once; completed calls only settle promises. */
function isVisible(record: unknown): boolean {
  return record !== Kind.Completed && record !== Kind.Failed && record !== Kind.Shape;
}
