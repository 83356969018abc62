package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.github.copilotnative.generated.SessionRpc;
import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A conversation with the agent. Every call exists twice: the plain form waits for its result and throws a {@link CopilotException} when it
 * failed; the form with {@code Async} in its name returns at once, and cancelling what it returns cancels the call. All methods may be used
 * from any thread.
 */
public final class CopilotSession implements AutoCloseable, RpcCaller {
    private final ClientCore core;
    private final Pointer handle;
    private final Cleaner.Cleanable freed;
    private final SessionRpc rpc = new SessionRpc(this);

    CopilotSession(ClientCore core, Pointer handle) {
        this.core = core;
        this.handle = handle;
        core.add(this);
        freed = ClientCore.CLEANER.register(this, new Free(core, handle));
    }

    /** Frees the handle; it must not refer to the session. */
    private record Free(ClientCore core, Pointer handle) implements Runnable {
        @Override
        public void run() {
            core.remove(handle);
        }
    }

    Pointer handle() {
        return handle;
    }

    /** The id of the session. */
    public String id() {
        return Json.text(state().get("sessionId"));
    }

    /** What is known of the session: {@code sessionId}, {@code workspacePath}, {@code capabilities}, {@code openCanvases}. */
    public JsonObject state() {
        PointerByReference place = new PointerByReference();
        CopilotException.check(Lib.copilot_session_state(handle, place));
        return Json.object(Json.parse(Text.take(place.getValue())));
    }

    /** How many events went in and out. */
    public Counters counters() {
        Lib.CountersSpec counters = new Lib.CountersSpec();
        CopilotException.check(Lib.copilot_session_counters(handle, counters));
        return new Counters(counters.received, counters.delivered, counters.queuedEvents, counters.queuedBytes);
    }

    /** The methods of the runtime for this session, with their types. */
    public SessionRpc rpc() {
        return rpc;
    }

    // -- events

    /**
     * Adds a handler for all events from now on; the first handler of a session that nothing was asked of before also gets the events since
     * it was made. Handlers run one at a time and in order, on the client's callback thread or its executor for events; what they throw is
     * logged and otherwise ignored.
     *
     * @throws CopilotException when the session is closed
     */
    public Subscription on(Consumer<CopilotEvent> handler) {
        return on((String) null, handler);
    }

    /** As {@link #on(Consumer)}, for the events of one type; null for all. */
    public Subscription on(String type, Consumer<CopilotEvent> handler) {
        // The listener must not refer to this session, which would then never be collected.
        ClientCore shared = core;
        return shared.listen(handle, type, event -> shared.tell(handler, event));
    }

    /** As {@link #on(Consumer)}, for the events of one type, with their data. */
    public <D extends JsonView> Subscription on(EventType<D> type, BiConsumer<CopilotEvent, D> handler) {
        return on(type.name(), event -> handler.accept(event, event.data(type)));
    }

    /**
     * The events from now on, to be read one after the other; begins as {@link #on(Consumer)} does. Close it when it is no longer read.
     *
     * @throws CopilotException when the session is closed
     */
    public EventStream events() {
        return core.stream(this);
    }

    // -- messages

    /** Sends a message; the answer comes as events. Returns the id of the message. */
    public String send(String prompt) {
        return core.await(() -> sendAsync(prompt, null));
    }

    /** As {@link #send(String)}, with options: {@code attachments}, {@code mode} and what else the runtime knows; null for none. */
    public String send(String prompt, Object options) {
        return core.await(() -> sendAsync(prompt, options));
    }

    /** As {@link #send(String, Object)}, without waiting. */
    public Operation<String> sendAsync(String prompt, Object options) {
        Lib.Str text = Text.of(prompt);
        Lib.Str more = Text.of(Json.writeOrNull(options));
        Operation<String> started = ofText((user, op) -> Lib.copilot_session_send_async(
            handle, text, more, Callbacks.DONE, user, Callbacks.DESTROY, op),
            result -> Json.text(Json.get(Json.parse(result), "/messageId")));
        Text.keep(text, more);
        return started;
    }

    /** Sends a message and waits until the agent has finished with it; its last message, or null when there was none. */
    public CopilotEvent sendAndWait(String prompt) {
        return core.await(() -> sendAndWaitAsync(prompt, null));
    }

    /** As {@link #sendAndWait(String)}, at most this long; null for no limit. The limit ends the wait, not the work: see {@link #abort}. */
    public CopilotEvent sendAndWait(String prompt, Duration limit) {
        JsonObject options = new JsonObject();
        if (limit != null) {
            options.addProperty("timeoutMs", limit.toMillis());
        }
        return core.await(() -> sendAndWaitAsync(prompt, options));
    }

    /** As {@link #sendAndWait(String)}, with options: see {@link #sendAndWaitAsync}. */
    public CopilotEvent sendAndWait(String prompt, Object options) {
        return core.await(() -> sendAndWaitAsync(prompt, options));
    }

    /**
     * As {@link #sendAndWait(String)}, without waiting.
     *
     * @param options as for {@link #send(String, Object)}, and {@code timeoutMs}, {@code inactivityTimeoutMs}, {@code until}; null for none
     */
    public Operation<CopilotEvent> sendAndWaitAsync(String prompt, Object options) {
        return two(prompt, Json.writeOrNull(options), (a, b, user, op) -> Lib.copilot_session_send_and_wait_async(
            handle, a, b, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> {
                JsonElement event = Json.parse(result);
                return event.isJsonNull() ? null : CopilotEvent.of(event);
            });
    }

    /**
     * Sends a message and waits for an answer that follows the JSON Schema of a record class; the answer as that record.
     *
     * @throws CopilotException of kind {@code SchemaMismatch} when the agent does not manage it, as {@link #sendAndWait(String)} else
     */
    public <T> T sendAndWaitFor(String prompt, Class<T> type) {
        return core.await(() -> sendAndWaitForAsync(prompt, type, null));
    }

    /**
     * As {@link #sendAndWaitFor}, without waiting.
     *
     * @param options as for {@link #sendAndWaitAsync}, and {@code responseRetries}; null for none
     */
    public <T> Operation<T> sendAndWaitForAsync(String prompt, Class<T> type, Object options) {
        Lib.Str text = Text.of(prompt);
        Lib.Str schema = Text.of(Json.write(Schemas.of(type)));
        Lib.Str more = Text.of(Json.writeOrNull(options));
        Operation<T> started = ofText((user, op) -> Lib.copilot_session_send_and_wait_structured_async(
            handle, text, schema, more, Callbacks.DONE, user, Callbacks.DESTROY, op),
            result -> Json.read(Json.get(Json.parse(result), "/value"), type));
        Text.keep(text, schema, more);
        return started;
    }

    /** Every event of the session so far, oldest first. */
    public List<CopilotEvent> getEvents() {
        return core.await(() -> getEventsAsync());
    }

    /** As {@link #getEvents}, without waiting. */
    public Operation<List<CopilotEvent>> getEventsAsync() {
        return ofText((user, op) -> Lib.copilot_session_get_events_async(handle, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> {
            List<CopilotEvent> events = new ArrayList<>();
            Json.get(Json.parse(result), "/events").getAsJsonArray().forEach(event -> events.add(CopilotEvent.of(event)));
            return events;
        });
    }

    /** Asks the agent to stop what it is doing. */
    public void abort() {
        core.await(() -> abortAsync());
    }

    /** As {@link #abort}, without waiting. */
    public Operation<Void> abortAsync() {
        return ofText((user, op) -> Lib.copilot_session_abort_async(handle, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> null);
    }

    // -- settings

    /** Changes the model from the next message on; the conversation so far is kept. */
    public void setModel(String model) {
        core.await(() -> setModelAsync(model, null));
    }

    /** As {@link #setModel(String)}, with options such as {@code reasoningEffort}; null for none. */
    public void setModel(String model, Object options) {
        core.await(() -> setModelAsync(model, options));
    }

    /** As {@link #setModel(String, Object)}, without waiting. */
    public Operation<Void> setModelAsync(String model, Object options) {
        return two(model, Json.writeOrNull(options), (a, b, user, op) -> Lib.copilot_session_set_model_async(
            handle, a, b, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> null);
    }

    /** Changes how the automatic choice of models weighs cost and ability; null: the default. Returns the runtime's answer. */
    public JsonElement setAutoTier(Object tier) {
        return core.await(() -> setAutoTierAsync(tier));
    }

    /** As {@link #setAutoTier}, without waiting. */
    public Operation<JsonElement> setAutoTierAsync(Object tier) {
        return text(Json.write(tier), (a, user, op) -> Lib.copilot_session_set_auto_tier_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), Json::parse);
    }

    /**
     * Replaces the declarations of all tools of this program in the session. Handlers stay those that the session was made with.
     *
     * @param tools a list of declarations
     * @param options {@code handlers}: the names of the tools this program serves; null: those it serves already
     */
    public void setTools(Object tools, Object options) {
        core.await(() -> setToolsAsync(tools, options));
    }

    /** As {@link #setTools}, without waiting. */
    public Operation<Void> setToolsAsync(Object tools, Object options) {
        return two(Json.write(tools), Json.writeOrNull(options), (a, b, user, op) -> Lib.copilot_session_set_tools_async(
            handle, a, b, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> null);
    }

    /**
     * Replaces all tools of this program in the session, with the functions that run them; after an error the old ones stay.
     *
     * @throws CopilotException of kind {@code Rpc} when the runtime cannot do it
     */
    public void setTools(List<Tool> tools) {
        core.await(() -> setToolsAsync(tools));
    }

    /** As {@link #setTools(List)}, without waiting. */
    public Operation<Void> setToolsAsync(List<Tool> tools) {
        SessionConfig config = new SessionConfig();
        tools.forEach(config::tool);
        Pointer made = config.make(core);
        try {
            return ofText((user, op) -> Lib.copilot_session_serve_tools_async(
                handle, made, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> null);
        } finally {
            Lib.copilot_session_config_free(made);
        }
    }

    /** Writes a line into the session's timeline; the id of its event, or null. */
    public String log(String message) {
        return core.await(() -> logAsync(message, null));
    }

    /** As {@link #log(String)}, with {@code level} and {@code ephemeral}; null for none. */
    public String log(String message, Object options) {
        return core.await(() -> logAsync(message, options));
    }

    /** As {@link #log(String, Object)}, without waiting. */
    public Operation<String> logAsync(String message, Object options) {
        return two(message, Json.writeOrNull(options), (a, b, user, op) -> Lib.copilot_session_log_async(
            handle, a, b, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> Json.text(Json.get(Json.parse(result), "/eventId")));
    }

    /** Ends a task that runs in the background; false when there is no such task. */
    public boolean cancelTask(String id) {
        return core.await(() -> cancelTaskAsync(id));
    }

    /** As {@link #cancelTask}, without waiting. */
    public Operation<Boolean> cancelTaskAsync(String id) {
        return text(id, (a, user, op) -> Lib.copilot_session_cancel_task_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> Json.get(Json.parse(result), "/cancelled").getAsBoolean());
    }

    // -- questions to the user

    /** Asks the user yes or no. Fails with kind {@code Unsupported} when the host cannot ask, as the next three do. */
    public boolean confirm(String message) {
        return core.await(() -> confirmAsync(message));
    }

    /** As {@link #confirm}, without waiting. */
    public Operation<Boolean> confirmAsync(String message) {
        return text(message, (a, user, op) -> Lib.copilot_session_confirm_async(
            handle, a, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> Json.parse(result).getAsBoolean());
    }

    /** Asks the user to choose one of several texts; null when none was chosen. */
    public String select(String message, List<String> options) {
        return core.await(() -> selectAsync(message, options));
    }

    /** As {@link #select}, without waiting. */
    public Operation<String> selectAsync(String message, List<String> options) {
        return two(message, Json.write(options), (a, b, user, op) -> Lib.copilot_session_select_async(
            handle, a, b, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> Json.text(Json.parse(result)));
    }

    /** Asks the user for a text; null when there is none. Options such as {@code minLength} may be null. */
    public String input(String message, Object options) {
        return core.await(() -> inputAsync(message, options));
    }

    /** As {@link #input}, without waiting. */
    public Operation<String> inputAsync(String message, Object options) {
        return two(message, Json.writeOrNull(options), (a, b, user, op) -> Lib.copilot_session_input_async(
            handle, a, b, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> Json.text(Json.parse(result)));
    }

    /** Asks the user to fill in a form of this JSON Schema. */
    public Answers.Elicitation elicit(String message, Object schema) {
        return core.await(() -> elicitAsync(message, schema));
    }

    /** As {@link #elicit}, without waiting. */
    public Operation<Answers.Elicitation> elicitAsync(String message, Object schema) {
        return two(message, Json.write(schema), (a, b, user, op) -> Lib.copilot_session_elicit_async(
            handle, a, b, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> new Answers.Elicitation(Json.parse(result)));
    }

    // -- everything else

    /** Calls any method of the runtime for this session; its id is added to the parameters, which may be null. */
    public JsonElement invoke(String method, Object params) {
        return core.await(() -> invokeAsync(method, params));
    }

    /** As {@link #invoke}, without waiting. */
    public Operation<JsonElement> invokeAsync(String method, Object params) {
        return call(method, params, result -> result);
    }

    @Override
    public <T> T await(Supplier<Operation<T>> call) {
        return core.await(call);
    }

    @Override
    public <T> Operation<T> call(String method, Object params, Function<JsonElement, T> read) {
        return two(method, Json.writeOrNull(params), (a, b, user, op) -> Lib.copilot_session_invoke_async(
            handle, a, b, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> read.apply(Json.parse(result)));
    }

    /** Lets go of the session: waits end, handlers are cancelled, streams of events end. Its state stays on disk and can be resumed. */
    public void disconnect() {
        core.await(() -> disconnectAsync());
    }

    /** As {@link #disconnect}, without waiting. */
    public Operation<Void> disconnectAsync() {
        return ofText(
            (user, op) -> Lib.copilot_session_disconnect_async(handle, Callbacks.DONE, user, Callbacks.DESTROY, op), result -> null);
    }

    /**
     * Disconnects, if that is not done yet, and frees the session. Never fails. On the client's callback thread it does not wait. A session
     * that is forgotten instead of closed is freed after the garbage collector has found it, unless its own handlers refer to it.
     */
    @Override
    public void close() {
        try {
            Operation<Void> left = disconnectAsync();
            if (!core.isCallbackThread()) {
                left.await();
            }
        } catch (CopilotException gone) {
            // Closed already, or the connection is lost: there is nothing left to disconnect.
        }
        freed.clean();
    }

    private interface One {
        Pointer start(Lib.Str a, Pointer user, PointerByReference op);
    }

    private interface Two {
        Pointer start(Lib.Str a, Lib.Str b, Pointer user, PointerByReference op);
    }

    private <T> Operation<T> text(String text, One start, Function<String, T> read) {
        Lib.Str a = Text.of(text);
        Operation<T> started = ofText((user, op) -> start.start(a, user, op), read);
        Text.keep(a);
        return started;
    }

    private <T> Operation<T> two(String first, String second, Two start, Function<String, T> read) {
        Lib.Str a = Text.of(first);
        Lib.Str b = Text.of(second);
        Operation<T> started = ofText((user, op) -> start.start(a, b, user, op), read);
        Text.keep(a, b);
        return started;
    }

    private <T> Operation<T> ofText(Operation.Start start, Function<String, T> read) {
        return Operation.ofText(core, this, start, read);
    }
}
