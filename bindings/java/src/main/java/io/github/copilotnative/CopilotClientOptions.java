package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.github.copilotnative.generated.CallKind;
import io.github.copilotnative.generated.ClientOptions;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The options and handlers of a client. They are read when the client is made. Nothing is checked here: the engine does. */
public final class CopilotClientOptions extends ClientOptions<CopilotClientOptions> {
    private final JsonObject options = new JsonObject();
    private final JsonObject served = new JsonObject();
    private final Map<CallKind, Call.Handler> handlers = new EnumMap<>(CallKind.class);
    private Consumer<JsonElement> onLifecycle;
    private BiConsumer<String, JsonElement> onNotification;
    private Consumer<CopilotException> onClosed;
    private Handlers.Llm llm;
    private Executor handlerExecutor;
    private Executor eventExecutor;

    /** Sets an option by its name on the wire; any value with a JSON form. */
    @Override
    public CopilotClientOptions set(String name, Object value) {
        options.add(name, Json.tree(value));
        return this;
    }

    /** How the runtime is reached. */
    public CopilotClientOptions connection(Connection connection) {
        return set("connection", connection);
    }

    /**
     * Where handlers of questions run (tools, permissions and so on). Usually each runs on a daemon thread of a pool that all clients
     * share.
     */
    public CopilotClientOptions handlerExecutor(Executor executor) {
        handlerExecutor = executor;
        return this;
    }

    /**
     * Where handlers of events, notifications and the end of the connection run, one at a time and in order. Usually that is the client's
     * callback thread, where they must not wait for calls of the client. What an executor has not run yet waits in memory.
     */
    public CopilotClientOptions eventExecutor(Executor executor) {
        eventExecutor = executor;
        return this;
    }

    /** Told of {@code session.lifecycle} notifications. */
    public CopilotClientOptions onLifecycle(Consumer<JsonElement> handler) {
        served.addProperty("lifecycle", true);
        onLifecycle = handler;
        return this;
    }

    /** Told of every other notification: its method and its parameters. */
    public CopilotClientOptions onNotification(BiConsumer<String, JsonElement> handler) {
        onNotification = handler;
        return this;
    }

    /** Asks the runtime for its telemetry events, which come as notifications. */
    public CopilotClientOptions gitHubTelemetry() {
        served.addProperty("gitHubTelemetry", true);
        return this;
    }

    /** Told that the connection was lost without being asked to. */
    public CopilotClientOptions onClosed(Consumer<CopilotException> handler) {
        onClosed = handler;
        return this;
    }

    /** Answers the list of models, instead of the runtime. */
    public CopilotClientOptions onListModels(Handlers.ListModels handler) {
        return serve(CallKind.LIST_MODELS, call -> handler.answer(call.question(), call));
    }

    /** As {@link #onListModels}, later. */
    public CopilotClientOptions onListModelsAsync(AsyncCallHandler<JsonElement, List<?>> handler) {
        return serve(CallKind.LIST_MODELS, call -> handler.answer(call.question(), call));
    }

    /** Answers which program runs an extension; null: the runtime chooses. */
    public CopilotClientOptions onExtensionLaunch(Handlers.ExtensionLaunch handler) {
        return serve(CallKind.EXTENSION_LAUNCH, call -> handler.answer(new Questions.ExtensionLaunch(call.question()), call));
    }

    /** As {@link #onExtensionLaunch}, later. */
    public CopilotClientOptions onExtensionLaunchAsync(AsyncCallHandler<Questions.ExtensionLaunch, Answers.ExtensionLaunch> handler) {
        return serve(CallKind.EXTENSION_LAUNCH, call -> handler.answer(new Questions.ExtensionLaunch(call.question()), call));
    }

    /** Answers whether something is installed. */
    public CopilotClientOptions onInstallationConfirmation(Handlers.InstallationConfirmation handler) {
        return serve(CallKind.INSTALLATION_CONFIRMATION, call -> handler.answer(new Questions.Installation(call.question()), call));
    }

    /** As {@link #onInstallationConfirmation}, later. */
    public CopilotClientOptions onInstallationConfirmationAsync(AsyncCallHandler<Questions.Installation, Answers.Installation> handler) {
        return serve(CallKind.INSTALLATION_CONFIRMATION, call -> handler.answer(new Questions.Installation(call.question()), call));
    }

    /** Answers what is to be done on the application's main thread, with {@link CopilotClient#runUiAction}; the answer is ignored. */
    public CopilotClientOptions onUiThread(Handlers.UiThread handler) {
        return serve(CallKind.UI_THREAD, call -> handler.answer(new Questions.UiThread(call.question()), call));
    }

    /** As {@link #onUiThread}, later. */
    public CopilotClientOptions onUiThreadAsync(AsyncCallHandler<Questions.UiThread, Object> handler) {
        return serve(CallKind.UI_THREAD, call -> handler.answer(new Questions.UiThread(call.question()), call));
    }

    /** Answers what a host of {@link CopilotClient#startAhpHost} asks; {@link Call#name} says what. */
    public CopilotClientOptions onAhpHost(Handlers.AhpHost handler) {
        return serve(CallKind.AHP_HOST, call -> handler.answer(new Questions.AhpHost(call.question()), call));
    }

    /** As {@link #onAhpHost}, later. */
    public CopilotClientOptions onAhpHostAsync(AsyncCallHandler<Questions.AhpHost, Object> handler) {
        return serve(CallKind.AHP_HOST, call -> handler.answer(new Questions.AhpHost(call.question()), call));
    }

    /** Serves requests to model providers in place of the runtime. */
    public CopilotClientOptions onLlmRequest(Handlers.Llm handler) {
        llm = handler;
        return serve(CallKind.LLM_REQUEST, call -> {
            throw new IllegalStateException("served elsewhere");
        });
    }

    /** As {@link #onLlmRequest}, later. */
    public CopilotClientOptions onLlmRequestAsync(AsyncCallHandler<LlmRequest, Object> handler) {
        return onLlmRequest(handler::answer);
    }

    /**
     * Answers any kind of question of the client, and of sessions that have no handler of their own for it. The handler gets the arguments
     * as JSON and may give a value with a JSON form or a {@link java.util.concurrent.CompletionStage} of one.
     */
    public CopilotClientOptions onCall(CallKind kind, CallHandler<JsonElement, Object> handler) {
        return serve(kind, call -> handler.answer(call.question(), call));
    }

    private CopilotClientOptions serve(CallKind kind, Call.Handler handler) {
        if (kind.clientWide() && !kind.served().isEmpty()) {
            served.addProperty(kind.served(), true);
        }
        handlers.put(kind, handler);
        return this;
    }

    /** Makes the library's client. */
    ClientCore open() {
        if (served.size() > 0) {
            options.add("handlers", served);
        }
        Lib.Str json = Text.of(options.toString());
        Lib.ClientOptions given = new Lib.ClientOptions();
        given.json.set(json);
        Told told = new Told(this);
        given.onCall = handlers.isEmpty() ? null : Callbacks.CALL;
        given.onLifecycle = onLifecycle == null ? null : Callbacks.LIFECYCLE;
        given.onNotification = onNotification == null && llm == null ? null : Callbacks.NOTIFICATION;
        given.onClosed = Callbacks.CLOSED;
        given.userData = Registry.keep(told);
        given.destroy = Callbacks.DESTROY;
        PointerByReference place = new PointerByReference();
        CopilotException.check(Lib.copilot_client_new(given, place));
        Text.keep(json);
        ClientCore core = new ClientCore(place.getValue(), handlerExecutor, eventExecutor);
        told.core = core;
        return core;
    }

    /** The handlers of one client. Nothing calls them before the client is used. */
    private static final class Told implements Callbacks.ClientListener {
        private final Map<CallKind, Call.Handler> handlers;
        private final Handlers.Llm llm;
        private final Map<String, LlmRequest> requests = new ConcurrentHashMap<>();
        private final Consumer<JsonElement> onLifecycle;
        private final BiConsumer<String, JsonElement> onNotification;
        private final Consumer<CopilotException> onClosed;
        private volatile ClientCore core;

        Told(CopilotClientOptions options) {
            handlers = new EnumMap<>(CallKind.class);
            handlers.putAll(options.handlers);
            llm = options.llm;
            onLifecycle = options.onLifecycle;
            onNotification = options.onNotification;
            onClosed = options.onClosed;
        }

        @Override
        public void asked(Pointer call, int kind, Pointer session, String name, String args) {
            Call.Handler handler = kind == CallKind.LLM_REQUEST.number() && llm != null ? serving(args) : handlers.get(CallKind.of(kind));
            Call asked = new Call(core, call, kind, session, name, args);
            core.answer(asked, handler != null ? handler : none -> {
                throw new IllegalStateException("No handler for " + asked.kind().wireName() + " " + name);
            });
        }

        /** What serves a request to a model. It is known at once, as its messages may come before the handler runs. */
        private Call.Handler serving(String args) {
            LlmRequest request = new LlmRequest(core, Json.parse(args));
            requests.put(request.requestId(), request);
            return call -> {
                Object answer;
                try {
                    answer = llm.answer(request, call);
                } catch (Throwable problem) {
                    requests.remove(request.requestId());
                    throw problem;
                }
                if (!(answer instanceof CompletionStage<?> stage)) {
                    requests.remove(request.requestId());
                    return null;
                }
                call.onCancel(() -> stage.toCompletableFuture().cancel(true));
                return stage.whenComplete((value, error) -> requests.remove(request.requestId())).thenApply(value -> null);
            };
        }

        @Override
        public void lifecycle(String json) {
            core.tell(onLifecycle, Json.parse(json));
        }

        @Override
        public void notification(String method, String json) {
            JsonElement given = Json.parse(json);
            LlmRequest request = method.equals("llm.message") ? requests.get(Json.text(Json.get(given, "/requestId"))) : null;
            if (request != null) {
                request.message(given.getAsJsonObject());
            } else if (onNotification != null) {
                core.tell(params -> onNotification.accept(method, params), given);
            }
        }

        @Override
        public void lost(CopilotException error) {
            core.finishStreams(error);
            if (onClosed != null) {
                core.tell(onClosed, error);
            }
        }
    }
}
