package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.sun.jna.Pointer;
import io.github.copilotnative.generated.CallKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A question that a handler answers: what it is about, who asks, and whether its answer is still wanted. */
public final class Call {
    private final ClientCore core;
    private final Pointer handle;
    private final int kind;
    private final Pointer session;
    private final String name;
    private final String args;
    private final List<Runnable> watchers = new ArrayList<>();
    private Thread runner;
    private boolean cancelled;

    Call(ClientCore core, Pointer handle, int kind, Pointer session, String name, String args) {
        this.core = core;
        this.handle = handle;
        this.kind = kind;
        this.session = session;
        this.name = name;
        this.args = args;
    }

    /** What is asked. */
    public CallKind kind() {
        return CallKind.of(kind);
    }

    /** The name of the tool, hook, section, command, provider, factory or request; empty for other kinds. */
    public String name() {
        return name;
    }

    /** What is asked, as JSON: the arguments that {@link CallKind} tells of. */
    public JsonElement question() {
        return Json.parse(args);
    }

    /** The session that asks; null for questions of the client, and for a session whose creation has not ended yet. */
    public CopilotSession session() {
        return core.session(session);
    }

    /** Whether the answer is no longer wanted. */
    public synchronized boolean isCancelled() {
        return cancelled;
    }

    /** Runs something on the callback thread as soon as the answer is no longer wanted; at once, here, if that is so already. */
    public void onCancel(Runnable watcher) {
        synchronized (this) {
            if (!cancelled) {
                watchers.add(watcher);
                return;
            }
        }
        watcher.run();
    }

    /** Runs a handler and sends what it gives. */
    void serve(Handler handler) {
        watch();
        try {
            Object answer;
            begin();
            try {
                answer = handler.answer(this);
            } finally {
                end();
            }
            if (answer instanceof CompletionStage<?> stage) {
                later(stage);
            } else {
                reply(answer);
            }
        } catch (Throwable problem) {
            fail(problem);
        }
    }

    /** What answers a call: a value, or a stage of one. */
    @FunctionalInterface
    interface Handler {
        Object answer(Call call) throws Exception;
    }

    private void later(CompletionStage<?> stage) {
        onCancel(() -> {
            if (stage instanceof CompletableFuture<?> future) {
                future.cancel(true);
            }
        });
        stage.whenComplete((value, error) -> {
            if (error != null) {
                fail(error);
            } else {
                Callbacks.guarded(() -> reply(value));
            }
        });
    }

    private void watch() {
        Pointer userData = Registry.keep(new Callbacks.Cancellation() {
            @Override
            public void cancelled() {
                cancelNow();
            }
        });
        Pointer error = Lib.copilot_call_on_cancel(handle, Callbacks.CANCEL, userData, Callbacks.DESTROY);
        if (error != null) {
            Lib.copilot_error_free(error);
        }
    }

    private void cancelNow() {
        List<Runnable> told;
        synchronized (this) {
            cancelled = true;
            told = new ArrayList<>(watchers);
            watchers.clear();
            if (runner != null) {
                runner.interrupt();
            }
        }
        told.forEach(Callbacks::guarded);
    }

    private synchronized void begin() {
        // On the callback thread nobody could cancel it meanwhile.
        runner = core.isCallbackThread() ? null : Thread.currentThread();
        if (cancelled && runner != null) {
            runner.interrupt();
        }
    }

    private synchronized void end() {
        if (runner != null && cancelled) {
            Thread.interrupted();
        }
        runner = null;
    }

    private void reply(Object answer) {
        boolean isText = kind == CallKind.TOOL.number() && answer != null && !(answer instanceof Answers.ToolResult);
        String text = isText && answer instanceof String given ? given : Json.write(answer);
        Lib.Str view = Text.of(text);
        finished(isText ? Lib.copilot_call_reply_text(handle, view) : Lib.copilot_call_reply(handle, view));
        Text.keep(view);
    }

    private void fail(Throwable problem) {
        Throwable cause = problem;
        while (cause.getCause() != null && (cause instanceof java.util.concurrent.CompletionException
            || cause instanceof java.util.concurrent.ExecutionException)) {
            cause = cause.getCause();
        }
        String message = cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage();
        HandlerException known = cause instanceof HandlerException given ? given : null;
        Lib.Str text = Text.of(message);
        Lib.Str data = Text.of(known == null || known.data() == null ? null : known.data().toString());
        finished(Lib.copilot_call_fail_with(handle, text, known == null ? 0 : known.code(), data));
        Text.keep(text, data);
    }

    /** An answer that was not taken is either no longer wanted, or is none: then the question ends here. */
    private void finished(Pointer error) {
        if (error != null) {
            CopilotException refused = CopilotException.take(error);
            if (Lib.copilot_call_free(handle) == 0 && !isCancelled()) {
                Callbacks.report(refused);
            }
        }
    }
}
