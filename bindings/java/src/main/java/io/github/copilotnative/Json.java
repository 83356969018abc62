package io.github.copilotnative;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.TypeAdapterFactory;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import io.github.copilotnative.generated.ErrorKind;
import java.io.IOException;
import java.io.StringReader;

/** JSON as this package reads and writes it: trees of Gson, and values of programs as such trees. */
public final class Json {
    private static final int NESTING = 100_000;

    static final Gson GSON = new GsonBuilder()
        .disableHtmlEscaping()
        .serializeSpecialFloatingPointValues()
        .registerTypeAdapterFactory(new OwnTypes())
        .create();
    private static final TypeAdapter<JsonElement> TREE = GSON.getAdapter(JsonElement.class);

    private Json() {}

    /**
     * Reads JSON text.
     *
     * @throws CopilotException of kind {@code InvalidType} when it is no JSON
     */
    public static JsonElement parse(String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setNestingLimit(NESTING);
            reader.setStrictness(Strictness.LEGACY_STRICT);
            return TREE.read(reader);
        } catch (IOException | JsonParseException error) {
            throw new CopilotException(ErrorKind.INVALID_TYPE, "not JSON: " + error.getMessage());
        }
    }

    /**
     * A value as JSON: trees and views as they are, texts, numbers, booleans, lists, maps, records and null as one expects.
     *
     * @throws CopilotException of kind {@code InvalidType} when it has no JSON form
     */
    public static JsonElement tree(Object value) {
        if (value == null) {
            return JsonNull.INSTANCE;
        }
        if (value instanceof JsonElement element) {
            return element;
        }
        if (value instanceof JsonView view) {
            return view.json();
        }
        try {
            return GSON.toJsonTree(value);
        } catch (RuntimeException error) {
            throw new CopilotException(ErrorKind.INVALID_TYPE, value.getClass().getName() + " has no JSON form: " + error.getMessage());
        }
    }

    /** JSON text of a value, as {@link #tree} makes it; members that are JSON null are kept. */
    public static String write(Object value) {
        return tree(value).toString();
    }

    /** A JSON tree as a value of a type: a record, a list, a view of this package, and so on. */
    public static <T> T read(JsonElement json, Class<T> type) {
        try {
            return GSON.fromJson(json, type);
        } catch (JsonParseException | NumberFormatException error) {
            throw new CopilotException(ErrorKind.INVALID_TYPE, "the JSON is no " + type.getSimpleName() + ": " + error.getMessage());
        }
    }

    /** The value at a JSON pointer (RFC 6901) such as {@code /data/toolCalls/0/name}; null when there is none. */
    public static JsonElement get(JsonElement json, String pointer) {
        if (pointer.isEmpty()) {
            return json;
        }
        JsonElement at = json;
        for (String part : pointer.substring(1).split("/", -1)) {
            String name = part.replace("~1", "/").replace("~0", "~");
            if (at instanceof JsonObject object) {
                at = object.get(name);
            } else if (at instanceof JsonArray array && name.matches("0|[1-9][0-9]{0,8}") && Integer.parseInt(name) < array.size()) {
                at = array.get(Integer.parseInt(name));
            } else {
                return null;
            }
        }
        return at;
    }

    /** The text of a JSON string; null for everything else. */
    public static String text(JsonElement json) {
        return json instanceof JsonPrimitive primitive && primitive.isString() ? primitive.getAsString() : null;
    }

    static JsonElement parseOrNull(String text) {
        try {
            return text == null ? null : parse(text);
        } catch (CopilotException error) {
            return null;
        }
    }

    static JsonObject object(JsonElement json) {
        return json != null && json.isJsonObject() ? json.getAsJsonObject() : new JsonObject();
    }

    static String writeOrNull(Object value) {
        return value == null ? null : write(value);
    }

    /** Views and open texts inside of records, lists and maps. */
    private static final class OwnTypes implements TypeAdapterFactory {
        @Override
        @SuppressWarnings("unchecked")
        public <T> TypeAdapter<T> create(Gson gson, TypeToken<T> type) {
            Class<? super T> raw = type.getRawType();
            if (!JsonView.class.isAssignableFrom(raw) && !OpenText.class.isAssignableFrom(raw)) {
                return null;
            }
            TypeAdapter<JsonElement> trees = gson.getAdapter(JsonElement.class);
            return (TypeAdapter<T>) new TypeAdapter<Object>() {
                @Override
                public void write(JsonWriter out, Object value) throws IOException {
                    if (value instanceof JsonView view) {
                        trees.write(out, view.json());
                    } else {
                        out.value(value == null ? null : value.toString());
                    }
                }

                @Override
                public Object read(JsonReader in) throws IOException {
                    JsonElement json = trees.read(in);
                    return json.isJsonNull() ? null : JsonView.make(raw, json);
                }
            };
        }
    }
}
