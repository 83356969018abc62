package io.github.copilotnative;

/** A handler of events that was added. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    /** Takes the handler away. Doing it again does nothing. */
    @Override
    void close();
}
