package io.github.copilotnative;

/** The state of a client's connection. */
public enum ConnectionState {
    /** Not started, or stopped. */
    DISCONNECTED,
    /** A start is under way. */
    CONNECTING,
    /** Ready for calls. */
    CONNECTED,
    /** The start failed or the connection was lost. */
    ERROR
}
