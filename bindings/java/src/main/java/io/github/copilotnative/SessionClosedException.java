package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.copilotnative.generated.ErrorKind;

/** The session was disconnected or deleted, or its client stopped or closed. Nothing more can be asked of the session. */
public final class SessionClosedException extends CopilotException {
    private static final long serialVersionUID = 1L;

    SessionClosedException(String message, JsonElement data, JsonObject reason, Throwable cause) {
        super(ErrorKind.SESSION_CLOSED, ErrorKind.SESSION_CLOSED.number(), message, null, data, reason, cause);
    }
}
