/**
 * Listening to the signals of programs.
 *
 * A signal may be given to any number of calls at once, and Node warns when an object gets many listeners. Each signal gets
 * one listener for all of them, and none once nobody is interested any more.
 */

interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/** Runs `callback` when the signal fires; it must not have fired yet. Returns the function that undoes this. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const entry = listening.get(signal) ?? listen(signal);
  entry.callbacks.add(callback);
  return () => {
    if (!entry.callbacks.delete(callback) || entry.callbacks.size > 0) return;
    listening.delete(signal);
    signal.removeEventListener("abort", entry.listener);
  };
}

function listen(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    listening.delete(signal);
    for (const callback of [...callbacks]) callback();
  };
  const entry = { callbacks, listener };
  signal.addEventListener("abort", listener, { once: true });
  listening.set(signal, entry);
  return entry;
}
