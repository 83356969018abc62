package io.github.copilotnative;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.copilotnative.generated.ErrorKind;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A JSON value with named members. Reading never fails: a member that is absent, null or of an unexpected type reads as null, and
 * {@link #json} has everything that came, also members this package does not know.
 */
public abstract class JsonView {
    private final JsonElement json;

    /** A view of this JSON, which is not copied. */
    protected JsonView(JsonElement json) {
        this.json = json;
    }

    /** The JSON behind the view; changes of it show in the view. */
    public final JsonElement json() {
        return json;
    }

    /** A member as it is; null when absent or null. */
    protected final JsonElement any(String name) {
        JsonElement found = json instanceof JsonObject object ? object.get(name) : null;
        return found == null || found.isJsonNull() ? null : found;
    }

    /** A member, read by a function that gives null for what it does not understand. */
    protected final <T> T one(String name, Function<JsonElement, T> read) {
        JsonElement found = any(name);
        return found == null ? null : read.apply(found);
    }

    /** Sets a member; null takes it away. */
    protected final void put(String name, Object value) {
        JsonObject object = json.getAsJsonObject();
        if (value == null) {
            object.remove(name);
        } else {
            object.add(name, Json.tree(value));
        }
    }

    /** Any JSON. */
    public static JsonElement toAny(JsonElement json) {
        return json;
    }

    /** Reads what may be JSON null, as null. */
    public static <T> Function<JsonElement, T> orNull(Function<JsonElement, T> read) {
        return json -> json == null || json.isJsonNull() ? null : read.apply(json);
    }

    /** Reads a text. */
    public static String toText(JsonElement json) {
        return Json.text(json);
    }

    /** Reads a boolean. */
    public static Boolean toBool(JsonElement json) {
        return json instanceof JsonPrimitive primitive && primitive.isBoolean() ? primitive.getAsBoolean() : null;
    }

    /** Reads a whole number. */
    public static Long toLong(JsonElement json) {
        Double number = toDouble(json);
        if (number == null) {
            return null;
        }
        try {
            return json.getAsLong();
        } catch (NumberFormatException error) {
            return number.longValue();
        }
    }

    /** Reads a number. */
    public static Double toDouble(JsonElement json) {
        return json instanceof JsonPrimitive primitive && primitive.isNumber() ? (Double) primitive.getAsDouble() : null;
    }

    /** Reads a list; its items are read by a function. */
    public static <T> Function<JsonElement, List<T>> listOf(Function<JsonElement, T> read) {
        return json -> {
            if (!(json instanceof JsonArray array)) {
                return null;
            }
            List<T> items = new ArrayList<>(array.size());
            array.forEach(item -> items.add(item.isJsonNull() ? null : read.apply(item)));
            return Collections.unmodifiableList(items);
        };
    }

    /** Reads an object as a map; its values are read by a function. */
    public static <T> Function<JsonElement, Map<String, T>> mapOf(Function<JsonElement, T> read) {
        return json -> {
            if (!(json instanceof JsonObject object)) {
                return null;
            }
            Map<String, T> values = new LinkedHashMap<>();
            object.entrySet().forEach(entry ->
                values.put(entry.getKey(), entry.getValue().isJsonNull() ? null : read.apply(entry.getValue())));
            return Collections.unmodifiableMap(values);
        };
    }

    /** A view or open text of a class, by its constructor for JSON or its method {@code of}. */
    static Object make(Class<?> type, JsonElement json) {
        try {
            if (OpenText.class.isAssignableFrom(type)) {
                Method of = type.getMethod("of", String.class);
                String text = Json.text(json);
                return text == null ? null : of.invoke(null, text);
            }
            Constructor<?> constructor = type.getConstructor(JsonElement.class);
            return constructor.newInstance(json);
        } catch (ReflectiveOperationException error) {
            throw new CopilotException(ErrorKind.INVALID_TYPE, type.getName() + " cannot be made from JSON: " + error);
        }
    }

    @Override
    public final boolean equals(Object other) {
        return other != null && other.getClass() == getClass() && ((JsonView) other).json.equals(json);
    }

    @Override
    public final int hashCode() {
        return json.hashCode();
    }

    /** The JSON text; of what may hold secrets only the names of its members. */
    @Override
    public String toString() {
        return json.toString();
    }
}
