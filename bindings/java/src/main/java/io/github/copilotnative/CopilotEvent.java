package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

/** An event of a session. It does not change and may be kept and passed between threads. */
public final class CopilotEvent {
    private final String type;
    private final String text;
    private volatile JsonObject tree;

    CopilotEvent(String type, String text) {
        this.type = type;
        this.text = text;
    }

    /** An event of the history or of a result. */
    static CopilotEvent of(JsonElement json) {
        CopilotEvent event = new CopilotEvent(Json.text(Json.get(json, "/type")), json.toString());
        event.tree = Json.object(json);
        return event;
    }

    /** Its type, for example {@code assistant.message_delta}. */
    public String type() {
        return type;
    }

    /** Its id; null when it has none. */
    public String id() {
        return Json.text(json().get("id"));
    }

    /** The id of the event before it; null for the first one. */
    public String parentId() {
        return Json.text(json().get("parentId"));
    }

    /** The sub-agent it comes from; null for the root agent. */
    public String agentId() {
        return Json.text(json().get("agentId"));
    }

    /** When it happened, as ISO-8601 text. */
    public String timestamp() {
        return Json.text(json().get("timestamp"));
    }

    /** Whether it is not kept in the session's history. */
    public boolean ephemeral() {
        return json().get("ephemeral") instanceof JsonPrimitive value && value.isBoolean() && value.getAsBoolean();
    }

    /** The whole event as JSON text, as the runtime sent it. */
    public String text() {
        return text;
    }

    /** The whole event as a tree, read at the first use. Do not change it. */
    public JsonObject json() {
        JsonObject found = tree;
        if (found == null) {
            found = Json.object(Json.parse(text));
            tree = found;
        }
        return found;
    }

    /** The value at a JSON pointer, such as {@code /data/deltaContent}; null when there is none. */
    public JsonElement get(String pointer) {
        return Json.get(json(), pointer);
    }

    /** The text at a JSON pointer; null when there is none or it is something else. */
    public String getText(String pointer) {
        return Json.text(get(pointer));
    }

    /** The data of an event of a known type; null when this event has another type. */
    public <D extends JsonView> D data(EventType<D> wanted) {
        return wanted.name().equals(type) ? wanted.read(Json.object(json().get("data"))) : null;
    }

    /** The JSON text. */
    @Override
    public String toString() {
        return text;
    }
}
