package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;

/** How a runtime is reached. */
public final class Connection extends JsonView {
    /** Any connection, as docs/host.md describes it. */
    public Connection(JsonElement json) {
        super(json);
    }

    private static Connection of(String kind) {
        JsonObject json = new JsonObject();
        json.addProperty("kind", kind);
        return new Connection(json);
    }

    /** A child process over its standard input and output. */
    public static Connection stdio() {
        return of("stdio");
    }

    /** A child process over a TCP port. */
    public static Connection tcp() {
        return of("tcp");
    }

    /** A runtime that runs already, at this address. */
    public static Connection uri(String url) {
        return of("uri").with("url", url);
    }

    /** The runtime as a library in this process. */
    public static Connection inProcess() {
        return of("inprocess");
    }

    /** The program that started this one: this process is an extension, and its standard streams belong to the runtime. */
    public static Connection parentProcess() {
        return of("parent-process");
    }

    /** The path of the runtime. */
    public Connection path(String path) {
        return with("path", path);
    }

    /** More arguments of the runtime. */
    public Connection args(List<String> args) {
        return with("args", args);
    }

    /** The port of a TCP runtime; without one it chooses. */
    public Connection port(int port) {
        return with("port", port);
    }

    /** The shared secret of a TCP runtime; null for none. */
    public Connection token(String token) {
        return with("connectionToken", token);
    }

    /** Another member; null takes it away. */
    public Connection with(String member, Object value) {
        put(member, value);
        return this;
    }

    /** The names of its members: there are secrets among their values. */
    @Override
    public String toString() {
        return "Connection" + (json() instanceof JsonObject object ? object.keySet() : "");
    }
}
