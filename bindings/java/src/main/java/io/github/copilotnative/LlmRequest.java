package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.github.copilotnative.generated.ErrorKind;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A request to a model provider that a handler serves in place of the runtime: begin with {@link #start}, write the body in pieces, and
 * {@link #end} it. A handler that throws or returns before the end lets the request fail. A WebSocket is accepted with status 101 and no
 * headers; each piece is then a message.
 */
public final class LlmRequest extends JsonView {
    private static final Object END = new Object();

    private final ClientCore core;
    private final LinkedBlockingQueue<Object> messages = new LinkedBlockingQueue<>();

    LlmRequest(ClientCore core, JsonElement json) {
        super(json);
        this.core = core;
    }

    /** The id of the request. */
    public String requestId() {
        return one("requestId", JsonView::toText);
    }

    /** The session it is for; may be null. */
    public String sessionId() {
        return one("sessionId", JsonView::toText);
    }

    /** The method of HTTP. */
    public String method() {
        return one("method", JsonView::toText);
    }

    /** The address. */
    public String url() {
        return one("url", JsonView::toText);
    }

    /** {@code http} or another way. */
    public String transport() {
        return one("transport", JsonView::toText);
    }

    /** All headers: name to list of values. */
    public JsonElement headers() {
        return any("headers");
    }

    /** The headers that may be passed on. */
    public JsonElement forwardHeaders() {
        return any("forwardHeaders");
    }

    /** The whole body; empty when there is none. */
    public byte[] body() {
        String encoded = one("bodyBase64", JsonView::toText);
        return encoded == null ? new byte[0] : Base64.getDecoder().decode(encoded);
    }

    /**
     * Begins the answer; waits until the runtime took it, as the methods below do.
     *
     * @param headers name to list of values; null for none
     */
    public void start(int status, Map<String, List<String>> headers) {
        core.await(() -> startAsync(status, headers));
    }

    /** As {@link #start}, without waiting. */
    public Operation<Void> startAsync(int status, Map<String, List<String>> headers) {
        JsonObject options = new JsonObject();
        options.addProperty("status", status);
        if (headers != null) {
            options.add("headers", Json.tree(headers));
        }
        Lib.Str more = Text.of(options.toString());
        return started(more, (id, user, op) -> Lib.copilot_client_llm_start_async(
            core.handle(), id, more, Callbacks.DONE, user, Callbacks.DESTROY, op));
    }

    /** Writes a piece of the body, or a message of the WebSocket. */
    public void write(String text) {
        core.await(() -> writeAsync(text));
    }

    /** As {@link #write(String)}, without waiting. */
    public Operation<Void> writeAsync(String text) {
        Lib.Str piece = Text.of(text);
        return started(piece, (id, user, op) -> Lib.copilot_client_llm_write_text_async(
            core.handle(), id, piece, Callbacks.DONE, user, Callbacks.DESTROY, op));
    }

    /** Writes bytes of the body, or a binary message of the WebSocket. */
    public void write(byte[] bytes) {
        core.await(() -> writeAsync(bytes));
    }

    /** As {@link #write(byte[])}, without waiting. */
    public Operation<Void> writeAsync(byte[] bytes) {
        Lib.Str piece = Text.of(bytes);
        return started(piece, (id, user, op) -> Lib.copilot_client_llm_write_bytes_async(
            core.handle(), id, piece, Callbacks.DONE, user, Callbacks.DESTROY, op));
    }

    /** Ends the answer. */
    public void end() {
        core.await(() -> endAsync());
    }

    /** As {@link #end}, without waiting. */
    public Operation<Void> endAsync() {
        return started(null, (id, user, op) -> Lib.copilot_client_llm_end_async(
            core.handle(), id, Callbacks.DONE, user, Callbacks.DESTROY, op));
    }

    /** Fails an answer that was begun; before that, let the handler throw. */
    public void fail(String message) {
        core.await(() -> failAsync(message));
    }

    /** As {@link #fail}, without waiting. */
    public Operation<Void> failAsync(String message) {
        Lib.Str text = Text.of(message);
        return started(text, (id, user, op) -> Lib.copilot_client_llm_fail_async(
            core.handle(), id, text, Text.of((String) null), Callbacks.DONE, user, Callbacks.DESTROY, op));
    }

    /**
     * Waits for the next message that the runtime sends over a WebSocket; null at its end.
     *
     * @throws CopilotException of kind {@code Cancelled} when the thread is interrupted, as it is when the request is no longer wanted
     */
    public String nextMessage() {
        try {
            Object next = messages.take();
            if (next == END) {
                messages.add(END);
                return null;
            }
            return (String) next;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CopilotException(ErrorKind.CANCELLED, "The thread that waited was interrupted");
        }
    }

    /** A message of the runtime. */
    void message(JsonObject params) {
        String data = Json.text(params.get("data"));
        messages.add(data == null ? END : data);
    }

    private interface Start {
        Pointer start(Lib.Str id, Pointer user, PointerByReference op);
    }

    private Operation<Void> started(Lib.Str given, Start start) {
        Lib.Str id = Text.of(requestId());
        Operation<Void> operation = Operation.ofText(core, this, (user, op) -> start.start(id, user, op), result -> null);
        Text.keep(id, given);
        return operation;
    }
}
