package io.github.copilotnative;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.annotations.SerializedName;
import io.github.copilotnative.generated.ErrorKind;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/** JSON Schemas of Java types. */
public final class Schemas {
    private static final Set<Class<?>> WHOLE =
        Set.of(int.class, Integer.class, long.class, Long.class,
            short.class, Short.class, byte.class, Byte.class, java.math.BigInteger.class);
    private static final Set<Class<?>> NUMBERS =
        Set.of(double.class, Double.class, float.class, Float.class, java.math.BigDecimal.class, Number.class);

    private Schemas() {}

    /**
     * The JSON Schema of a type: records, texts, numbers, booleans, enums, lists, arrays and maps; anything for {@code Object} and trees.
     * Components of records are required unless {@link Describe} says otherwise.
     *
     * @throws CopilotException of kind {@code InvalidType} for other types
     */
    public static JsonObject of(Type type) {
        JsonObject schema = new JsonObject();
        if (type instanceof ParameterizedType generic) {
            container((Class<?>) generic.getRawType(), generic.getActualTypeArguments(), schema);
        } else if (type instanceof GenericArrayType array) {
            list(array.getGenericComponentType(), schema);
        } else if (type instanceof Class<?> plain) {
            plain(plain, schema);
        } else {
            throw unknown(type);
        }
        return schema;
    }

    private static void plain(Class<?> type, JsonObject schema) {
        if (type == String.class || type == char.class || type == Character.class) {
            schema.addProperty("type", "string");
        } else if (type == boolean.class || type == Boolean.class) {
            schema.addProperty("type", "boolean");
        } else if (WHOLE.contains(type)) {
            schema.addProperty("type", "integer");
        } else if (NUMBERS.contains(type)) {
            schema.addProperty("type", "number");
        } else if (type.isEnum()) {
            choice(type, schema);
        } else if (type.isArray()) {
            list(type.getComponentType(), schema);
        } else if (type.isRecord()) {
            record(type, schema);
        } else if (type != Object.class && !JsonElement.class.isAssignableFrom(type)) {
            throw unknown(type);
        }
    }

    private static void container(Class<?> raw, Type[] arguments, JsonObject schema) {
        if (Collection.class.isAssignableFrom(raw)) {
            list(arguments[0], schema);
        } else if (Map.class.isAssignableFrom(raw)) {
            schema.addProperty("type", "object");
            schema.add("additionalProperties", of(arguments[1]));
        } else {
            throw unknown(raw);
        }
    }

    private static void list(Type item, JsonObject schema) {
        schema.addProperty("type", "array");
        schema.add("items", of(item));
    }

    private static void choice(Class<?> type, JsonObject schema) {
        schema.addProperty("type", "string");
        JsonArray values = new JsonArray();
        for (Object value : type.getEnumConstants()) {
            values.add(Json.tree(value));
        }
        schema.add("enum", values);
    }

    private static void record(Class<?> type, JsonObject schema) {
        schema.addProperty("type", "object");
        JsonObject properties = new JsonObject();
        JsonArray required = new JsonArray();
        for (RecordComponent component : type.getRecordComponents()) {
            JsonObject property = of(component.getGenericType());
            Describe words = component.getAnnotation(Describe.class);
            describe(words, property);
            properties.add(name(type, component), property);
            if (words == null || !words.optional()) {
                required.add(name(type, component));
            }
        }
        schema.add("properties", properties);
        schema.add("required", required);
        describe(type.getAnnotation(Describe.class), schema);
    }

    private static void describe(Describe words, JsonObject schema) {
        if (words != null && !words.value().isEmpty()) {
            schema.addProperty("description", words.value());
        }
    }

    private static String name(Class<?> type, RecordComponent component) {
        try {
            SerializedName given = type.getDeclaredField(component.getName()).getAnnotation(SerializedName.class);
            return given == null ? component.getName() : given.value();
        } catch (NoSuchFieldException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static CopilotException unknown(Type type) {
        return new CopilotException(ErrorKind.INVALID_TYPE, type.getTypeName() + " has no JSON Schema; give one yourself, or use a record");
    }
}
