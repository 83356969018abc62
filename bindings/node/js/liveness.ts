/**
 * Keeps the event loop running while someone waits for an answer or has a session open, and no longer.
 *
 * The addon's wake-up handle is weak, so an idle client never holds the process. One shared timer does, and `busy` keeps the
 * clients that need it from being collected.
 */

const busy = new Map<object, number>();
let timer: NodeJS.Timeout | undefined;

/** As long as a timer can be: the timer only has to exist. */
const FOREVER = 0x7fff_ffff;

/** Keeps the process running for `owner`, until {@link release} was called as often as this. */
export function hold(owner: object): void {
  const count = busy.get(owner);
  if (count !== undefined) {
    busy.set(owner, count + 1);
    return;
  }
  if (busy.size === 0) {
    timer ??= setInterval(() => undefined, FOREVER);
    timer.ref();
  }
  busy.set(owner, 1);
}

/** Undoes one {@link hold}. */
export function release(owner: object): void {
  const count = busy.get(owner);
  if (count === undefined) return;
  if (count > 1) {
    busy.set(owner, count - 1);
    return;
  }
  busy.delete(owner);
  if (busy.size === 0) timer?.unref();
}
