package io.github.copilotnative;

/**
 * How many events went in and out.
 *
 * @param received events that came from the runtime
 * @param delivered events handed over to be passed to handlers
 * @param queuedEvents events that wait in the library
 * @param queuedBytes bytes of the events that wait
 */
public record Counters(long received, long delivered, long queuedEvents, long queuedBytes) {}
