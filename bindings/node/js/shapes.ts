/**
 * Events put together from what they have in common and the values in which they differ.
 *
 * The engine finds the shapes (`core/src/host/shapes.rs`); an event made of one cannot be told from one that was parsed.
 */

type Members = Record<string, unknown>;

/** Texts that are too long to go through JSON: in the batch, `null` stands for the next of them. */
export class Texts {
  readonly #texts: readonly string[];
  #at: number;

  constructor(texts: readonly string[], from: number) {
    this.#texts = texts;
    this.#at = from;
  }

  next(): unknown {
    return this.#texts[this.#at++];
  }
}

export class Shape {
  readonly #event: Members;
  readonly #data: Members | undefined;
  /** Names of the members whose values differ, in the order of the values. */
  readonly #names: readonly string[];
  /** Which of them are in `data`. */
  readonly #inData: readonly boolean[];
  /** The values of the last event; `true` in the batch stands for them. */
  readonly #last: unknown[] = [];

  /** `event` is one with these members in this order; what is in the places of the values does not matter. */
  constructor(event: unknown, names: readonly string[], inData: readonly boolean[]) {
    this.#event = event as Members;
    const { data } = this.#event;
    this.#data = typeof data === "object" && data !== null ? (data as Members) : undefined;
    this.#names = names;
    this.#inData = inData;
  }

  /** How many values an event has. */
  get size(): number {
    return this.#names.length;
  }

  /** The event whose values begin at `from`. */
  make(values: readonly unknown[], from: number, texts: Texts): unknown {
    const names = this.#names;
    const inData = this.#inData;
    const last = this.#last;
    const event = { ...this.#event };
    let data = event;
    if (this.#data !== undefined) {
      data = { ...this.#data };
      event["data"] = data;
    }
    for (let at = 0; at < names.length; at++) {
      let value = values[from + at];
      if (value === true) value = last[at];
      else if (value === null) value = texts.next();
      else last[at] = value;
      if (inData[at] === true) data[names[at] as string] = value;
      else event[names[at] as string] = value;
    }
    return event;
  }
}
