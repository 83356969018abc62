package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import io.github.copilotnative.generated.ErrorKind;

/**
 * What every call of this package throws when it fails, and what its futures fail with. {@link #kind} says what went wrong; the kinds are
 * the same in every language. Bad arguments end with it too: the engine looks at them, not this package.
 */
public class CopilotException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorKind kind;
    private final int number;
    private final Long rpcCode;
    private final transient JsonElement data;
    private final transient JsonObject reason;

    /** An error made in this language. */
    public CopilotException(ErrorKind kind, String message) {
        this(kind, kind.number(), message, null, null, null, null);
    }

    CopilotException(
        ErrorKind kind, int number, String message, Long rpcCode, JsonElement data, JsonObject reason, Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.number = number;
        this.rpcCode = rpcCode;
        this.data = data;
        this.reason = reason;
    }

    /** What went wrong; {@link ErrorKind#UNKNOWN} when the library is newer than this package and has a new kind. */
    public ErrorKind kind() {
        return kind;
    }

    /** The stable number of the kind, also of one that this package does not know. */
    public int number() {
        return number;
    }

    /** The code of a JSON-RPC error of the runtime; null when the error has none. */
    public Long rpcCode() {
        return rpcCode;
    }

    /** Details as JSON: the data of a JSON-RPC error, or what was last seen before a time limit passed; null when there are none. */
    public JsonElement data() {
        return data;
    }

    /** Why, as a stable code such as {@code session.disconnected}; null when the error has no reason. */
    public String reasonCode() {
        return reason == null ? null : Json.text(reason.get("code"));
    }

    /** The reason with its parameters beside {@code code}; null when the error has no reason. */
    public JsonObject reason() {
        return reason;
    }

    /** The same error, thrown here. */
    CopilotException here() {
        return make(kind, number, getMessage(), rpcCode, data, reason, this);
    }

    private static CopilotException make(
        ErrorKind kind, int number, String message, Long rpcCode, JsonElement data, JsonObject reason, Throwable cause) {
        return kind == ErrorKind.SESSION_CLOSED
            ? new SessionClosedException(message, data, reason, cause)
            : new CopilotException(kind, number, message, rpcCode, data, reason, cause);
    }

    /** Reads and frees a {@code copilot_error}. */
    static CopilotException take(Pointer error) {
        try {
            LongByReference code = new LongByReference();
            Long rpcCode = Lib.copilot_error_rpc_code(error, code) != 0 ? code.getValue() : null;
            int number = Lib.copilot_error_code(error);
            JsonElement data = Json.parseOrNull(Text.ofC(Lib.copilot_error_data(error)));
            JsonElement reason = Json.parseOrNull(Text.ofC(Lib.copilot_error_reason(error)));
            return make(ErrorKind.of(number), number, Text.ofC(Lib.copilot_error_message(error)), rpcCode, data,
                reason != null && reason.isJsonObject() ? reason.getAsJsonObject() : null, null);
        } finally {
            Lib.copilot_error_free(error);
        }
    }

    /** Throws what a function returned, if it is an error. */
    static void check(Pointer error) {
        if (error != null) {
            throw take(error);
        }
    }
}
