package io.github.copilotnative;

import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import java.util.function.Consumer;

/** What the library logs. There is one receiver for the whole process; without one nothing is logged. */
public final class CopilotLog {
    private static final Lib.LogFn RECEIVE = (userData, level, target, message) -> Callbacks.guarded(() -> {
        Receiver receiver = Registry.find(userData, Receiver.class);
        if (receiver != null) {
            Level[] known = Level.values();
            receiver.handler.accept(new Line(known[Math.min(level, known.length - 1)], target.text(), message.text()));
        }
    });

    static {
        // Threads of the library stay attached: they log more than once.
        Native.setCallbackThreadInitializer(RECEIVE, new CallbackThreadInitializer(true, false, "copilot-log"));
    }

    private CopilotLog() {}

    /** How much is logged. */
    public enum Level {
        /** Nothing. */
        OFF,
        /** What failed and nobody else is told of. */
        ERROR,
        /** Handlers that failed, runtimes that died. */
        WARN,
        /** Starts, stops, sessions. */
        INFO,
        /** Requests and handlers, with their times. */
        DEBUG,
        /** Messages, without their content. */
        TRACE
    }

    /**
     * A line of the log.
     *
     * @param level how important it is
     * @param target where it comes from, such as {@code copilot_core::rpc}
     * @param message what it says, without secrets that the library knows
     */
    public record Line(Level level, String target, String message) {}

    private static final class Receiver implements Registry.Entry {
        private final Consumer<Line> handler;

        Receiver(Consumer<Line> handler) {
            this.handler = handler;
        }
    }

    /**
     * Says who gets what the library logs from now on, in place of whoever got it before. The handler runs on any thread, also on several at
     * a time, and must not call this package.
     *
     * @param handler null for silence
     * @throws CopilotException of kind {@code Unsupported} when the process has another receiver of Rust's {@code tracing}
     */
    public static void set(Level level, Consumer<Line> handler) {
        if (handler == null) {
            CopilotException.check(Lib.copilot_log_set(level.ordinal(), null, null, null));
        } else {
            CopilotException.check(
                Lib.copilot_log_set(level.ordinal(), RECEIVE, Registry.keep(new Receiver(handler)), Callbacks.DESTROY));
        }
    }
}
