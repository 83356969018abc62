package io.github.copilotnative;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import io.github.copilotnative.generated.ErrorKind;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What a client and its sessions share: the library's client, and the thread that runs its callbacks. Refers to neither. */
final class ClientCore {
    static final Cleaner CLEANER = Cleaner.create();
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final long PATIENCE_MS = 10_000;

    /** Runs handlers that nobody chose an executor for; its threads end when they have had nothing to do for a minute. */
    private static final Executor HANDLERS = Executors.newCachedThreadPool(new DaemonThreads());

    private final Pointer handle;
    private final Thread thread;
    private final Executor handlers;
    private final Executor events;
    private final Map<Pointer, WeakReference<CopilotSession>> sessions = new ConcurrentHashMap<>();
    private final Set<EventStream.Buffer> buffers = ConcurrentHashMap.newKeySet();
    private int users = 1;
    private volatile boolean ended;

    ClientCore(Pointer handle, Executor handlers, Executor events) {
        this.handle = handle;
        this.handlers = handlers == null ? HANDLERS : handlers;
        this.events = events == null ? null : new InOrder(events);
        thread = new Thread(this::run, "copilot-callbacks-" + COUNT.incrementAndGet());
        thread.setDaemon(true);
        thread.start();
    }

    Pointer handle() {
        return handle;
    }

    boolean isCallbackThread() {
        return Thread.currentThread() == thread;
    }

    private void run() {
        while (!ended) {
            Pointer error = Lib.copilot_client_poll(handle, -1, null);
            if (error != null) {
                Callbacks.report(CopilotException.take(error));
                break;
            }
        }
        sessions.keySet().forEach(this::freeSession);
        Lib.copilot_client_free(handle);
        finishStreams(null);
    }

    /** Runs an answer where handlers run. */
    void answer(Call call, Call.Handler handler) {
        handlers.execute(() -> call.serve(handler));
    }

    /** Gives something to a handler where events are handled, in order. */
    <T> void tell(Consumer<T> handler, T value) {
        Runnable work = () -> Callbacks.guarded(() -> handler.accept(value));
        if (events == null) {
            work.run();
        } else {
            events.execute(work);
        }
    }

    CopilotSession session(Pointer session) {
        WeakReference<CopilotSession> found = session == null ? null : sessions.get(session);
        return found == null ? null : found.get();
    }

    /** A new session uses this client. */
    synchronized void add(CopilotSession session) {
        users++;
        sessions.put(session.handle(), new WeakReference<>(session));
    }

    /** A session's handle is done with; once. */
    void remove(Pointer session) {
        freeSession(session);
        release();
    }

    private void freeSession(Pointer session) {
        if (sessions.remove(session) != null) {
            Lib.copilot_session_free(session);
        }
    }

    /** The client or one of its sessions is done with. */
    synchronized void release() {
        if (--users == 0) {
            end();
        }
    }

    private void end() {
        ended = true;
        Pointer error = Lib.copilot_client_interrupt(handle);
        if (error != null) {
            Lib.copilot_error_free(error);
        }
    }

    /** Ends the client with all its sessions, and waits until its thread has ended, unless this is it. */
    void close() {
        end();
        if (isCallbackThread()) {
            return;
        }
        boolean isInterrupted = Thread.interrupted();
        try {
            thread.join(PATIENCE_MS);
        } catch (InterruptedException again) {
            isInterrupted = true;
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Begins a call and waits for its end; on the callback thread it is not even begun. */
    <T> T await(Supplier<Operation<T>> call) {
        return await(call, null);
    }

    /** The same, at most this long; null for no limit. */
    <T> T await(Supplier<Operation<T>> call, Duration limit) {
        refuseCallbackThread();
        return call.get().await(limit);
    }

    /** Waiting on the callback thread would never end. */
    void refuseCallbackThread() {
        if (isCallbackThread()) {
            throw new CopilotException(ErrorKind.WOULD_DEADLOCK,
                "a blocking call on the callback thread of its client would wait for itself; use the asynchronous form");
        }
    }

    /** Listens to events. */
    Subscription listen(Pointer session, String type, Callbacks.Listener listener) {
        LongByReference number = new LongByReference();
        Lib.Str view = Text.of(type);
        CopilotException.check(
            Lib.copilot_session_on(session, view, Callbacks.EVENT, Registry.keep(listener), Callbacks.DESTROY, number));
        Text.keep(view);
        return () -> {
            Pointer error = Lib.copilot_session_off(session, number.getValue());
            if (error != null) {
                Lib.copilot_error_free(error);
            }
        };
    }

    /** Begins a stream of events. */
    EventStream stream(CopilotSession session) {
        EventStream.Buffer buffer = new EventStream.Buffer(this);
        buffers.add(buffer);
        return new EventStream(this, session, buffer, listen(session.handle(), null, buffer));
    }

    void forget(EventStream.Buffer buffer) {
        buffers.remove(buffer);
    }

    /** The connection is gone, or the client stopped: nothing more comes. */
    void finishStreams(CopilotException error) {
        for (EventStream.Buffer buffer : buffers) {
            buffers.remove(buffer);
            buffer.finish(error);
        }
    }

    /** Runs tasks one at a time and in order on another executor. */
    private static final class InOrder implements Executor {
        private final Executor executor;
        private final java.util.ArrayDeque<Runnable> waiting = new java.util.ArrayDeque<>();
        private boolean busy;

        InOrder(Executor executor) {
            this.executor = executor;
        }

        @Override
        public void execute(Runnable task) {
            synchronized (this) {
                waiting.add(task);
                if (busy) {
                    return;
                }
                busy = true;
            }
            schedule();
        }

        private void schedule() {
            try {
                executor.execute(this::drain);
            } catch (RuntimeException refused) {
                synchronized (this) {
                    busy = false;
                    waiting.clear();
                }
                throw refused;
            }
        }

        private void drain() {
            for (;;) {
                Runnable task;
                synchronized (this) {
                    task = waiting.poll();
                    if (task == null) {
                        busy = false;
                        return;
                    }
                }
                task.run();
            }
        }
    }

    private static final class DaemonThreads implements java.util.concurrent.ThreadFactory {
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public Thread newThread(Runnable work) {
            Thread made = new Thread(work, "copilot-handler-" + count.incrementAndGet());
            made.setDaemon(true);
            return made;
        }
    }
}
