package io.github.copilotnative;

import io.github.copilotnative.generated.ErrorKind;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The events of a session, one after the other. What is not read yet waits in memory: a slow reader loses nothing. The stream ends when the
 * session is disconnected or its client stops or is closed, and fails with the error of the connection when that is lost. It is for one
 * reader at a time, and must be closed when it is no longer read.
 */
public final class EventStream implements Iterator<CopilotEvent>, Iterable<CopilotEvent>, AutoCloseable {
    private static final Object END = new Object();

    private final Buffer buffer;
    private final ClientCore core;
    private final Subscription subscription;
    private final CopilotSession session;
    private Object next;

    EventStream(ClientCore core, CopilotSession session, Buffer buffer, Subscription subscription) {
        this.core = core;
        this.session = session;
        this.buffer = buffer;
        this.subscription = subscription;
    }

    /** What waits to be read. The library's listener holds it, and not the stream. */
    static final class Buffer implements Callbacks.Listener {
        private final LinkedBlockingQueue<Object> queue = new LinkedBlockingQueue<>();
        private final ClientCore core;
        private boolean finished;

        Buffer(ClientCore core) {
            this.core = core;
        }

        @Override
        public void event(CopilotEvent event) {
            queue.add(event);
        }

        @Override
        public void destroyed() {
            core.forget(this);
            finish(null);
        }

        /** Nothing more comes; with an error that says why, or null. The first reason counts. */
        synchronized void finish(CopilotException error) {
            if (!finished) {
                finished = true;
                queue.add(error == null ? END : error);
            }
        }
    }

    /**
     * Waits for the next event; false when the stream has ended.
     *
     * @throws CopilotException the error of a lost connection, after what came before it; of kind {@code Cancelled} when the thread is
     *     interrupted; of kind {@code WouldDeadlock} on the client's callback thread
     */
    @Override
    public boolean hasNext() {
        return ready(null);
    }

    /** As {@link #hasNext}, but gives up after a time; false then too. */
    public boolean hasNext(Duration limit) {
        return ready(limit);
    }

    private boolean ready(Duration limit) {
        if (next == null) {
            if (core.isCallbackThread() && buffer.queue.isEmpty()) {
                throw new CopilotException(ErrorKind.WOULD_DEADLOCK, "events cannot be waited for on the callback thread of their client");
            }
            try {
                next = limit == null ? buffer.queue.take() : buffer.queue.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new CopilotException(ErrorKind.CANCELLED, "The thread that waited was interrupted");
            }
        }
        if (next instanceof CopilotException error) {
            throw error.here();
        }
        return next != null && next != END;
    }

    /**
     * The next event, which it waits for.
     *
     * @throws NoSuchElementException when the stream has ended
     */
    @Override
    public CopilotEvent next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the events have ended");
        }
        CopilotEvent event = (CopilotEvent) next;
        next = null;
        return event;
    }

    /** This stream itself: it can be walked through once. */
    @Override
    public Iterator<CopilotEvent> iterator() {
        return this;
    }

    /** The session these events are of. */
    public CopilotSession session() {
        return session;
    }

    /** The events as a stream of Java, which closes this when it is closed. */
    public Stream<CopilotEvent> stream() {
        int marks = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, marks), false).onClose(this::close);
    }

    /** How many events wait to be read. */
    public int waiting() {
        return buffer.queue.size();
    }

    /** Ends the stream; what was not read yet can still be read. */
    @Override
    public void close() {
        subscription.close();
        buffer.destroyed();
    }
}
