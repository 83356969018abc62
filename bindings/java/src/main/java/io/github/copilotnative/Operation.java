package io.github.copilotnative;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.github.copilotnative.generated.ErrorKind;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A call under way. It completes on the client's callback thread: what hangs on it with {@code thenApply} and the like runs there and must
 * not wait for other calls; use {@code thenApplyAsync} for that. Ending it early, by {@link #cancel}, {@code orTimeout} or in another way,
 * cancels the call in the library. Futures derived from it do not cancel it.
 */
public final class Operation<T> extends CompletableFuture<T> {
    private final ClientCore core;
    private Pointer op;
    private boolean over;
    private boolean started;
    private boolean dropped;

    private Operation(ClientCore core) {
        this.core = core;
        whenComplete((value, error) -> endEarly());
    }

    /** Starts a call of the library: gets user data and the place for the operation. */
    interface Start {
        Pointer start(Pointer userData, PointerByReference op);
    }

    /**
     * Starts an operation.
     *
     * @param owner what must not be collected meanwhile
     * @param read makes the value of what the library gave
     * @param unwanted gets rid of a value that came too late
     */
    static <T> Operation<T> start(
        ClientCore core, Object owner, Start start, Function<Pointer, T> read, Consumer<T> unwanted) {
        Operation<T> operation = new Operation<>(core);
        Pointer userData = Registry.keep(new Callbacks.Completion() {
            @Override
            public void done(Pointer error, Pointer result) {
                Reference.reachabilityFence(owner);
                operation.done(error, result, read, unwanted);
            }

            @Override
            public void destroyed() {
                operation.dropped();
            }
        });
        PointerByReference place = new PointerByReference();
        Pointer error;
        try {
            error = start.start(userData, place);
        } catch (Throwable problem) {
            Registry.destroy(userData);
            throw problem;
        }
        if (error != null) {
            CopilotException thrown = CopilotException.take(error);
            operation.settle();
            operation.completeExceptionally(thrown);
        } else {
            operation.hold(place.getValue());
        }
        return operation;
    }

    /** An operation whose result is JSON text. */
    static <T> Operation<T> ofText(ClientCore core, Object owner, Start start, Function<String, T> read) {
        return start(core, owner, start, result -> read.apply(Text.take(result)), value -> {});
    }

    private void done(Pointer error, Pointer result, Function<Pointer, T> read, Consumer<T> unwanted) {
        settle();
        if (error != null) {
            completeExceptionally(CopilotException.take(error));
            return;
        }
        try {
            T value = read.apply(result);
            if (!complete(value)) {
                unwanted.accept(value);
            }
        } catch (Throwable problem) {
            completeExceptionally(problem);
        }
    }

    /** The library will not call back any more. While the call starts, that is so because it fails, with an error that says more. */
    private void dropped() {
        boolean isStarted;
        synchronized (this) {
            dropped = true;
            settle();
            isStarted = started;
        }
        if (isStarted) {
            completeExceptionally(closed());
        }
    }

    private static CopilotException closed() {
        return new CopilotException(ErrorKind.SESSION_CLOSED, "The client was closed").here();
    }

    private void hold(Pointer handle) {
        boolean isDropped;
        synchronized (this) {
            op = handle;
            started = true;
            isDropped = dropped;
            if (over) {
                free();
            }
        }
        if (isDropped) {
            // Has no effect on one that is done, as usual.
            completeExceptionally(closed());
        } else if (isDone()) {
            endEarly();
        }
    }

    private synchronized void settle() {
        over = true;
        free();
    }

    private void free() {
        if (op != null) {
            Lib.copilot_op_free(op);
            op = null;
        }
    }

    private synchronized void endEarly() {
        if (!over && op != null) {
            Callbacks.guarded(() -> CopilotException.check(Lib.copilot_op_cancel(op)));
        }
    }

    /**
     * Waits for the result.
     *
     * @throws CopilotException when the call failed; of kind {@code Cancelled} when it was cancelled or this thread was interrupted, which
     *     also cancels the call and leaves the thread marked as interrupted; of kind {@code WouldDeadlock} on the client's callback thread
     */
    public T await() {
        return await(null);
    }

    /**
     * Waits for the result, at most this long.
     *
     * @param limit null for no limit
     * @throws CopilotException as {@link #await()}, and of kind {@code Timeout} when the time is over, which also cancels the call
     */
    public T await(Duration limit) {
        if (!isDone()) {
            core.refuseCallbackThread();
        }
        try {
            return limit == null ? get() : get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            cancel(true);
            Thread.currentThread().interrupt();
            throw new CopilotException(ErrorKind.CANCELLED, "The thread that waited was interrupted");
        } catch (CancellationException cancelled) {
            throw new CopilotException(ErrorKind.CANCELLED, "The call was cancelled");
        } catch (TimeoutException late) {
            cancel(true);
            throw new CopilotException(ErrorKind.TIMEOUT, "Timeout after " + limit.toMillis() + " ms");
        } catch (ExecutionException failed) {
            throw unwrapped(failed.getCause());
        }
    }

    private static RuntimeException unwrapped(Throwable cause) {
        if (cause instanceof CopilotException known) {
            return known.here();
        }
        if (cause instanceof TimeoutException) {
            return new CopilotException(ErrorKind.TIMEOUT, "Timeout: the call took too long");
        }
        return new CopilotException(ErrorKind.INTERNAL, String.valueOf(cause));
    }
}
