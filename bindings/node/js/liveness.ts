/**
 * Keeps the event loop running while someone waits for an answer or has a session open, and no longer.
 *
 * The addon's wake-up handle is weak, so an idle client never holds the process. One shared timer does, and `busy` keeps the
 * clients that need it from being collected.
 */

const busy = new Set<object>();
let timer: NodeJS.Timeout | undefined;

/** As long as a timer can be: the timer only has to exist. */
const FOREVER = 0x7fff_ffff;

/** What one client has to wait for. */
export class Liveness {
  readonly #owner: object;
  #count = 0;

  constructor(owner: object) {
    this.#owner = owner;
  }

  /** Keeps the process running, until {@link release} was called as often as this. */
  hold(): void {
    this.#count += 1;
    if (this.#count > 1) return;
    if (busy.size === 0) {
      timer ??= setInterval(() => undefined, FOREVER);
      timer.ref();
    }
    busy.add(this.#owner);
  }

  /** Undoes one {@link hold}. */
  release(): void {
    if (this.#count === 0) return;
    this.#count -= 1;
    if (this.#count > 0) return;
    busy.delete(this.#owner);
    if (busy.size === 0) timer?.unref();
  }
}
