package io.github.copilotnative;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;

/** The functions that the library calls: one of each type for the whole program, which lives as long as the class. */
final class Callbacks {
    private static final System.Logger LOG = System.getLogger("io.github.copilotnative");
    private static final int WORD = Native.POINTER_SIZE;

    /** Completions. */
    interface Completion extends Registry.Entry {
        void done(Pointer error, Pointer result);
    }

    /** Events. */
    interface Listener extends Registry.Entry {
        void event(CopilotEvent event);
    }

    /** Questions. */
    interface Answerer extends Registry.Entry {
        void asked(Pointer call, int kind, Pointer session, String name, String args);
    }

    /** Withdrawn questions. */
    interface Cancellation extends Registry.Entry {
        void cancelled();
    }

    /** What concerns the client. */
    interface ClientListener extends Answerer {
        void lifecycle(String json);

        void notification(String method, String json);

        void lost(CopilotException error);
    }

    private Callbacks() {}

    static final Lib.DestroyFn DESTROY = userData -> guarded(() -> Registry.destroy(userData));

    static final Lib.DoneFn DONE = (userData, error, result) -> guarded(() -> {
        Completion completion = Registry.find(userData, Completion.class);
        if (completion != null) {
            completion.done(error, result);
        }
    });

    static final Lib.EventFn EVENT = (userData, session, event) -> guarded(() -> {
        Listener listener = Registry.find(userData, Listener.class);
        if (listener != null) {
            String type = Text.at(event, WORD);
            listener.event(new CopilotEvent(type, new String(Text.bytesAt(event, 3 * WORD), StandardCharsets.UTF_8)));
        }
    });

    static final Lib.CallFn CALL = (userData, call, info) -> {
        try {
            Answerer answerer = Registry.find(userData, Answerer.class);
            answerer.asked(call, info.getInt(WORD), info.getPointer(2L * WORD), Text.at(info, 3 * WORD), Text.at(info, 5 * WORD));
        } catch (Throwable problem) {
            report(problem);
            Lib.copilot_call_free(call);
        }
    };

    static final Lib.DestroyFn CANCEL = userData -> guarded(() -> {
        Cancellation cancellation = Registry.find(userData, Cancellation.class);
        if (cancellation != null) {
            cancellation.cancelled();
        }
    });

    static final Lib.NotificationFn LIFECYCLE =
        (userData, name, json) -> guarded(() -> Registry.find(userData, ClientListener.class).lifecycle(json.text()));

    static final Lib.NotificationFn NOTIFICATION =
        (userData, name, json) -> guarded(() -> Registry.find(userData, ClientListener.class).notification(name.text(), json.text()));

    static final Lib.ClosedFn CLOSED =
        (userData, error) -> guarded(() -> Registry.find(userData, ClientListener.class).lost(CopilotException.take(error)));

    /** Nothing that is thrown may reach the library. */
    static void guarded(Runnable work) {
        try {
            work.run();
        } catch (Throwable problem) {
            report(problem);
        }
    }

    static void report(Throwable problem) {
        try {
            LOG.log(System.Logger.Level.WARNING, "a handler failed", problem);
        } catch (Throwable ignored) {
            // A logger that fails cannot be told of.
        }
    }
}
