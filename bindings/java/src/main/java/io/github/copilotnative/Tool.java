package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.jna.Pointer;

/** A tool that the model can call. It does not change; the same tool may serve several sessions. */
public final class Tool {
    private final String name;
    private final String description;
    private final JsonElement parameters;
    private final JsonObject more;
    private final Call.Handler handler;

    private Tool(String name, String description, JsonElement parameters, JsonObject more, Call.Handler handler) {
        this.name = name;
        this.description = description;
        this.parameters = parameters;
        this.more = more;
        this.handler = handler;
    }

    /**
     * A tool whose arguments are a record; its components make the JSON Schema, {@link Describe} their descriptions.
     *
     * @throws CopilotException of kind {@code InvalidType} when there is no schema for the class
     */
    public static <T> Tool of(String name, String description, Class<T> arguments, ToolHandler<T> handler) {
        return new Tool(name, description, Schemas.of(arguments), new JsonObject(),
            call -> handler.run(Json.read(Json.get(call.question(), "/arguments"), arguments), call));
    }

    /**
     * A tool with a JSON Schema of its own.
     *
     * @param parameters the schema: a tree, a map or JSON text; null for none
     */
    public static Tool ofSchema(String name, String description, Object parameters, ToolHandler<JsonElement> handler) {
        return new Tool(name, description, schema(parameters), new JsonObject(),
            call -> handler.run(Json.get(call.question(), "/arguments"), call));
    }

    /** A tool that is only declared: somebody else answers its calls. */
    public static Tool declared(String name, String description, Object parameters) {
        return new Tool(name, description, schema(parameters), new JsonObject(), null);
    }

    private static JsonElement schema(Object parameters) {
        return parameters == null ? null : parameters instanceof String text ? Json.parse(text) : Json.tree(parameters);
    }

    /** The same tool with one more member, for example {@code skipPermission}. */
    public Tool with(String member, Object value) {
        JsonObject all = more.deepCopy();
        all.add(member, Json.tree(value));
        return new Tool(name, description, parameters, all, handler);
    }

    /** The name under which the model calls it. */
    public String name() {
        return name;
    }

    /** Its declaration as JSON, for {@link CopilotSession#setTools}. */
    public JsonObject declaration() {
        JsonObject json = more.deepCopy();
        json.addProperty("name", name);
        if (description != null) {
            json.addProperty("description", description);
        }
        if (parameters != null) {
            json.add("parameters", parameters);
        }
        return json;
    }

    void addTo(Pointer config, ClientCore core) {
        Lib.Str[] views = {
            Text.of(name), Text.of(description), Text.of(parameters == null ? null : parameters.toString()), Text.of(more.toString())};
        Lib.ToolSpec spec = new Lib.ToolSpec();
        spec.name.set(views[0]);
        spec.description.set(views[1]);
        spec.parameters.set(views[2]);
        spec.json.set(views[3]);
        if (handler != null) {
            spec.call = Callbacks.CALL;
            spec.userData = Registry.keep(new Asked(core, handler));
            spec.destroy = Callbacks.DESTROY;
        }
        CopilotException.check(Lib.copilot_session_config_tool(config, spec));
        Text.keep((Object) views);
    }
}
