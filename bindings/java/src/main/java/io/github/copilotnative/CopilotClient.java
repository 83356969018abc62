package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.github.copilotnative.generated.ServerRpc;
import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A connection to one runtime. Every call exists twice: the plain form waits for its result and throws a {@link CopilotException} when it
 * failed; the form with {@code Async} in its name returns at once, and cancelling what it returns cancels the call. All methods may be used
 * from any thread.
 */
public final class CopilotClient implements AutoCloseable, RpcCaller {
    private final ClientCore core;
    private final Pointer handle;
    private final ServerRpc rpc = new ServerRpc(this);
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Cleaner.Cleanable forgotten;

    /** A client with the usual options. Starts nothing: {@link #start} does, or the first session. */
    public CopilotClient() {
        this(new CopilotClientOptions());
    }

    /**
     * A client. Starts nothing: {@link #start} does, or the first session.
     *
     * @throws CopilotException when an option is not allowed
     */
    public CopilotClient(CopilotClientOptions options) {
        core = options.open();
        handle = core.handle();
        forgotten = ClientCore.CLEANER.register(this, new Release(core));
    }

    /** Ends the client when its last session ends; it must not refer to the client object. */
    private record Release(ClientCore core) implements Runnable {
        @Override
        public void run() {
            core.release();
        }
    }

    /** The version of the library. */
    public static String libraryVersion() {
        return Text.ofC(Lib.copilot_version());
    }

    /** Whether the library can do something that not every build or version can, such as {@code inprocess}; false for any other word. */
    public static boolean has(String feature) {
        Lib.Str name = Text.of(feature);
        boolean isThere = Lib.copilot_has(name.data) != 0;
        Text.keep(name);
        return isThere;
    }

    // -- the runtime

    /** Starts the runtime and agrees on a protocol version; {@code version}, {@code protocolVersion}, {@code timings}. */
    public JsonObject start() {
        return core.await(() -> startAsync());
    }

    /** As {@link #start}, without waiting. */
    public Operation<JsonObject> startAsync() {
        return plain((user, op) -> Lib.copilot_client_start_async(
            handle, Callbacks.DONE, user, Callbacks.DESTROY, op), CopilotClient::object);
    }

    /**
     * Ends all sessions and the runtime, politely first. The client can be started again.
     *
     * @throws CopilotException of kind {@code StopFailed} when some steps failed; the runtime is gone all the same
     */
    public void stop() {
        core.await(() -> stopAsync());
    }

    /** As {@link #stop}, without waiting. */
    public Operation<Void> stopAsync() {
        return ending(plain((user, op) -> Lib.copilot_client_stop_async(handle, Callbacks.DONE, user, Callbacks.DESTROY, op), r -> null));
    }

    /** Kills the runtime without asking it. The client can be started again. */
    public void forceStop() {
        core.await(() -> forceStopAsync());
    }

    /** As {@link #forceStop}, without waiting. */
    public Operation<Void> forceStopAsync() {
        return ending(plain((user, op) -> Lib.copilot_client_force_stop_async(
            handle, Callbacks.DONE, user, Callbacks.DESTROY, op), r -> null));
    }

    private Operation<Void> ending(Operation<Void> stop) {
        stop.whenComplete((done, error) -> {
            if (!stop.isCancelled()) {
                core.finishStreams(null);
            }
        });
        return stop;
    }

    /** The state of the connection. */
    public ConnectionState state() {
        int[] state = new int[1];
        CopilotException.check(Lib.copilot_client_state(handle, state));
        ConnectionState[] known = ConnectionState.values();
        return known[Math.min(state[0], known.length - 1)];
    }

    /** The TCP port of the runtime; 0 when it has none. */
    public int runtimePort() {
        int[] port = new int[1];
        CopilotException.check(Lib.copilot_client_runtime_port(handle, port));
        return port[0];
    }

    /** How many events of all sessions went in and out. */
    public Counters counters() {
        Lib.CountersSpec counters = new Lib.CountersSpec();
        CopilotException.check(Lib.copilot_client_counters(handle, counters));
        return new Counters(counters.received, counters.delivered, counters.queuedEvents, counters.queuedBytes);
    }

    /** What can be seen of the client: its state, the phases of its last start, counters. No content and no secrets. Does not wait. */
    public JsonObject diagnostics() {
        PointerByReference place = new PointerByReference();
        CopilotException.check(Lib.copilot_client_diagnostics(handle, place));
        return object(Text.take(place.getValue()));
    }

    /** Replaces the environment of the runtime from the next start on. */
    public void setEnv(Map<String, String> env) {
        core.await(() -> setEnvAsync(env));
    }

    /** As {@link #setEnv}, without waiting. */
    public Operation<Void> setEnvAsync(Map<String, String> env) {
        return text(Json.write(env), (a, user, op) -> Lib.copilot_client_set_env_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> null);
    }

    /**
     * Runs an action of the runtime's library on this thread, which must be the application's main thread; for the handler of
     * {@link CopilotClientOptions#onUiThread}.
     *
     * @throws CopilotException of kind {@code InvalidState} when the action is over, or this is not the thread the library wants
     */
    public void runUiAction(int action) {
        CopilotException.check(Lib.copilot_client_run_ui_action(handle, action));
    }

    // -- questions to the runtime

    /** Asks the runtime for a sign of life; the message comes back after {@code pong: } and may be null. */
    public JsonObject ping(String message) {
        return core.await(() -> pingAsync(message));
    }

    /** As {@link #ping}, without waiting. */
    public Operation<JsonObject> pingAsync(String message) {
        return text(message, (a, user, op) -> Lib.copilot_client_ping_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), CopilotClient::object);
    }

    /** The versions of the runtime and of its protocol: {@code version}, {@code protocolVersion}. */
    public JsonObject getStatus() {
        return core.await(() -> getStatusAsync());
    }

    /** As {@link #getStatus}, without waiting. */
    public Operation<JsonObject> getStatusAsync() {
        return plain(
            (user, op) -> Lib.copilot_client_get_status_async(handle, Callbacks.DONE, user, Callbacks.DESTROY, op), CopilotClient::object);
    }

    /** Who is logged in. */
    public JsonObject getAuthStatus() {
        return core.await(() -> getAuthStatusAsync());
    }

    /** As {@link #getAuthStatus}, without waiting. */
    public Operation<JsonObject> getAuthStatusAsync() {
        return plain((user, op) -> Lib.copilot_client_get_auth_status_async(
            handle, Callbacks.DONE, user, Callbacks.DESTROY, op), CopilotClient::object);
    }

    /** The models; the runtime is asked once until the client stops. */
    public List<JsonElement> listModels() {
        return core.await(() -> listModelsAsync());
    }

    /** As {@link #listModels}, without waiting. */
    public Operation<List<JsonElement>> listModelsAsync() {
        return plain((user, op) -> Lib.copilot_client_list_models_async(handle, Callbacks.DONE, user, Callbacks.DESTROY, op),
            result -> Json.get(Json.parse(result), "/models").getAsJsonArray().asList());
    }

    /** The sessions that the runtime keeps; options such as {@code filter} may be null. */
    public List<JsonElement> listSessions(Object options) {
        return core.await(() -> listSessionsAsync(options));
    }

    /** As {@link #listSessions}, without waiting. */
    public Operation<List<JsonElement>> listSessionsAsync(Object options) {
        return text(Json.writeOrNull(options), (a, user, op) -> Lib.copilot_client_list_sessions_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op),
            result -> Json.get(Json.parse(result), "/sessions").getAsJsonArray().asList());
    }

    /** What the runtime keeps of one session; null when there is none of this id. */
    public JsonElement getSessionMetadata(String sessionId) {
        return core.await(() -> getSessionMetadataAsync(sessionId));
    }

    /** As {@link #getSessionMetadata}, without waiting. */
    public Operation<JsonElement> getSessionMetadataAsync(String sessionId) {
        return text(sessionId, (a, user, op) -> Lib.copilot_client_get_session_metadata_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> Json.get(Json.parse(result), "/session"));
    }

    /** The id of the session used last; null when there is none. */
    public String getLastSessionId() {
        return core.await(() -> getLastSessionIdAsync());
    }

    /** As {@link #getLastSessionId}, without waiting. */
    public Operation<String> getLastSessionIdAsync() {
        return plain((user, op) -> Lib.copilot_client_get_last_session_id_async(
            handle, Callbacks.DONE, user, Callbacks.DESTROY, op), CopilotClient::sessionId);
    }

    /** The id of the session that the runtime's own interface shows; null when there is none. */
    public String getForegroundSessionId() {
        return core.await(() -> getForegroundSessionIdAsync());
    }

    /** As {@link #getForegroundSessionId}, without waiting. */
    public Operation<String> getForegroundSessionIdAsync() {
        return plain((user, op) -> Lib.copilot_client_get_foreground_session_id_async(
            handle, Callbacks.DONE, user, Callbacks.DESTROY, op), CopilotClient::sessionId);
    }

    /** Changes the session that the runtime's own interface shows. */
    public void setForegroundSessionId(String sessionId) {
        core.await(() -> setForegroundSessionIdAsync(sessionId));
    }

    /** As {@link #setForegroundSessionId}, without waiting. */
    public Operation<Void> setForegroundSessionIdAsync(String sessionId) {
        return text(sessionId, (a, user, op) -> Lib.copilot_client_set_foreground_session_id_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> null);
    }

    /** Removes a session for good, on disk too. */
    public void deleteSession(String sessionId) {
        core.await(() -> deleteSessionAsync(sessionId));
    }

    /** As {@link #deleteSession}, without waiting. */
    public Operation<Void> deleteSessionAsync(String sessionId) {
        return text(sessionId, (a, user, op) -> Lib.copilot_client_delete_session_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> null);
    }

    /** Starts a host for the Agent Host Protocol; what it asks goes to {@link CopilotClientOptions#onAhpHost}. */
    public JsonObject startAhpHost(Object options) {
        return core.await(() -> startAhpHostAsync(options));
    }

    /** As {@link #startAhpHost}, without waiting. */
    public Operation<JsonObject> startAhpHostAsync(Object options) {
        return text(Json.write(options), (a, user, op) -> Lib.copilot_client_start_ahp_host_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), CopilotClient::object);
    }

    /** Calls any method of the runtime; the parameters may be null. */
    public JsonElement invoke(String method, Object params) {
        return core.await(() -> invokeAsync(method, params));
    }

    /** As {@link #invoke(String, Object)}, at most this long; fails with kind {@code Timeout} then. */
    public JsonElement invoke(String method, Object params, Duration limit) {
        return core.await(() -> invokeAsync(method, params), limit);
    }

    /** As {@link #invoke(String, Object)}, without waiting. */
    public Operation<JsonElement> invokeAsync(String method, Object params) {
        return call(method, params, result -> result);
    }

    @Override
    public <T> T await(Supplier<Operation<T>> call) {
        return core.await(call);
    }

    @Override
    public <T> Operation<T> call(String method, Object params, Function<JsonElement, T> read) {
        Lib.Str name = Text.of(method);
        Lib.Str json = Text.of(Json.writeOrNull(params));
        Operation<T> started = plain((user, op) -> Lib.copilot_client_invoke_async(
            handle, name, json, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> read.apply(Json.parse(result)));
        Text.keep(name, json);
        return started;
    }

    /** The methods of the runtime, with their types. */
    public ServerRpc rpc() {
        return rpc;
    }

    /** Sends a notification to the runtime. Does not wait; a client that is not connected sends nothing. */
    public void notify(String method, Object params) {
        Lib.Str name = Text.of(method);
        Lib.Str json = Text.of(Json.writeOrNull(params));
        CopilotException.check(Lib.copilot_client_notify(handle, name, json));
        Text.keep(name, json);
    }

    // -- sessions

    /** Creates a session with the runtime's defaults; starts the client when needed. */
    public CopilotSession createSession() {
        return createSession(new SessionConfig());
    }

    /**
     * Creates a session; starts the client when needed.
     *
     * @throws CopilotException when an option is not allowed or the runtime refuses
     */
    public CopilotSession createSession(SessionConfig config) {
        return core.await(() -> createSessionAsync(config));
    }

    /** As {@link #createSession(SessionConfig)}, without waiting. */
    public Operation<CopilotSession> createSessionAsync(SessionConfig config) {
        return open(config, (made, user, op) -> Lib.copilot_client_create_session_async(
            handle, made, Callbacks.DONE, user, Callbacks.DESTROY, op));
    }

    /** Opens a session that exists already, by its id. */
    public CopilotSession resumeSession(String sessionId, SessionConfig config) {
        return core.await(() -> resumeSessionAsync(sessionId, config));
    }

    /** As {@link #resumeSession}, without waiting. */
    public Operation<CopilotSession> resumeSessionAsync(String sessionId, SessionConfig config) {
        Lib.Str id = Text.of(sessionId);
        Operation<CopilotSession> started = open(config, (made, user, op) -> Lib.copilot_client_resume_session_async(
            handle, id, made, Callbacks.DONE, user, Callbacks.DESTROY, op));
        Text.keep(id);
        return started;
    }

    private interface Opening {
        Pointer start(Pointer config, Pointer user, PointerByReference op);
    }

    private Operation<CopilotSession> open(SessionConfig config, Opening opening) {
        Pointer made = config.make(core);
        try {
            return Operation.start(core, this, (user, op) -> opening.start(made, user, op),
                session -> new CopilotSession(core, session), CopilotSession::close);
        } finally {
            Lib.copilot_session_config_free(made);
        }
    }

    /**
     * Stops the runtime politely and frees the client with all its sessions. Never fails: call {@link #stop} before to see what went wrong.
     * When it returns, no handler of the client starts any more. On the callback thread it returns at once and the rest follows. A client
     * that is forgotten instead of closed is freed, and its runtime killed, after the garbage collector has found it and its sessions,
     * unless its own handlers refer to it.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        Operation<Void> stop = stopAsync();
        if (core.isCallbackThread()) {
            stop.whenComplete((done, error) -> core.close());
            return;
        }
        // Not to be interrupted: the end of the sessions interrupts their handlers, one of which may be this.
        stop.handle((done, error) -> null).join();
        core.close();
        forgotten.clean();
    }

    private interface One {
        Pointer start(Lib.Str a, Pointer user, PointerByReference op);
    }

    private <T> Operation<T> text(String text, One start, Function<String, T> read) {
        Lib.Str a = Text.of(text);
        Operation<T> started = plain((user, op) -> start.start(a, user, op), read);
        Text.keep(a);
        return started;
    }

    private <T> Operation<T> plain(Operation.Start start, Function<String, T> read) {
        return Operation.ofText(core, this, start, read);
    }

    private static JsonObject object(String json) {
        return Json.object(Json.parse(json));
    }

    private static String sessionId(String json) {
        return Json.text(Json.get(Json.parse(json), "/sessionId"));
    }
}
