package io.github.copilotnative;

import com.google.gson.JsonElement;

/** Thrown by a handler that wants to say more than a text: the error reaches the runtime with its code and data. */
public class HandlerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long code;
    private final transient JsonElement data;

    /** An error with a text and details, for example {@code {"code":"ENOENT"}} of a file that is not there. */
    public HandlerException(String message, Object data) {
        this(message, 0, data);
    }

    /**
     * An error with a text, a JSON-RPC code and details.
     *
     * @param code 0 for none
     * @param data anything with a JSON form; null for none
     */
    public HandlerException(String message, long code, Object data) {
        super(message);
        this.code = code;
        this.data = data == null ? null : Json.tree(data);
    }

    /** The JSON-RPC code; 0 for none. */
    public long code() {
        return code;
    }

    /** The details; null for none. */
    public JsonElement data() {
        return data;
    }
}
