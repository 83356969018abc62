package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.copilotnative.generated.CallKind;
import io.github.copilotnative.generated.ErrorKind;
import io.github.copilotnative.generated.EventTypes;
import io.github.copilotnative.generated.Events;
import io.github.copilotnative.generated.RpcTypes;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** All generated types at once. */
class GeneratedTest {
    /** JSON that no schema would expect at most places. */
    private static final List<String> ODD = List.of("null", "7", "1e400", "\"x\"", "true", "[]",
        "[null,{},[1],\"y\"]", "{}", "{\"a\":null,\"b\":[2]}");

    private static List<Class<?>> views() {
        List<Class<?>> found = new ArrayList<>();
        for (Class<?> holder : List.of(RpcTypes.class, EventTypes.class)) {
            for (Class<?> type : holder.getDeclaredClasses()) {
                if (JsonView.class.isAssignableFrom(type)) {
                    found.add(type);
                }
            }
        }
        return found;
    }

    /** The methods that read a member. */
    private static List<Method> readers(Class<?> type) {
        List<Method> found = new ArrayList<>();
        for (Method method : type.getDeclaredMethods()) {
            if (method.getParameterCount() == 0 && !Modifier.isStatic(method.getModifiers()) && !method.isSynthetic()) {
                found.add(method);
            }
        }
        return found;
    }

    @Test
    void readingNeverFails() throws Exception {
        int read = 0;
        for (Class<?> type : views()) {
            for (String odd : ODD) {
                JsonObject everywhere = new JsonObject();
                JsonElement value = Json.parse(odd);
                for (Method reader : readers(type)) {
                    everywhere.add(reader.getName(), value);
                }
                for (JsonElement json : List.of(everywhere, value)) {
                    Object view = JsonView.make(type, json);
                    for (Method reader : readers(type)) {
                        reader.invoke(view);
                        read++;
                    }
                }
            }
        }
        assertTrue(read > 10_000, read + " members were read");
    }

    @Test
    void whatIsSetIsRead() throws Exception {
        int set = 0;
        for (Class<?> type : views()) {
            for (Method setter : type.getDeclaredMethods()) {
                if (setter.getParameterCount() == 1 && setter.getReturnType() == type && !Modifier.isStatic(setter.getModifiers())) {
                    Object view = type.getConstructor().newInstance();
                    Object value = sample(setter.getParameterTypes()[0]);
                    if (value != null) {
                        setter.invoke(view, value);
                        assertEquals(value, type.getMethod(setter.getName()).invoke(view), setter.toString());
                        set++;
                    }
                    setter.invoke(view, (Object) null);
                }
            }
        }
        assertTrue(set > 500, set + " members were set");
    }

    private static Object sample(Class<?> type) throws ReflectiveOperationException {
        if (type == String.class) {
            return "text";
        } else if (type == Boolean.class) {
            return true;
        } else if (type == Long.class) {
            return 1L << 53;
        } else if (type == Double.class) {
            return 0.5;
        } else if (OpenText.class.isAssignableFrom(type)) {
            return type.getMethod("of", String.class).invoke(null, "new");
        } else if (JsonView.class.isAssignableFrom(type)) {
            return JsonView.make(type, Json.parse("{\"new\":1}"));
        }
        return null;
    }

    @Test
    void everyEventHasItsData() throws Exception {
        int seen = 0;
        for (Field field : Events.class.getFields()) {
            EventType<?> type = (EventType<?>) field.get(null);
            CopilotEvent event = CopilotEvent.of(Json.parse("{\"type\":\"" + type.name() + "\",\"data\":{\"x\":1}}"));
            Class<?> expected = (Class<?>) ((ParameterizedType) field.getGenericType()).getActualTypeArguments()[0];
            assertEquals(expected, dataOf(event, type).getClass());
            seen++;
        }
        assertTrue(seen > 60, seen + " events");
    }

    private static JsonView dataOf(CopilotEvent event, EventType<?> type) {
        JsonView data = event.data(type);
        assertNotNull(data, type.name());
        return data;
    }

    /** The kinds are those of the header. */
    @Test
    void kindsAreThoseOfTheHeader() throws IOException {
        String header = Files.readString(Path.of("../../include/copilot.h"));
        Matcher errors = Pattern.compile("COPILOT_ERROR_(\\w+) = (\\d+),").matcher(header);
        int count = 0;
        while (errors.find()) {
            assertEquals(errors.group(1), ErrorKind.of(Integer.parseInt(errors.group(2))).name());
            count++;
        }
        assertEquals(ErrorKind.values().length - 1, count);
        Matcher calls = Pattern.compile("COPILOT_CALL_(\\w+) = (\\d+),").matcher(header);
        count = 0;
        while (calls.find()) {
            assertEquals(calls.group(1), CallKind.of(Integer.parseInt(calls.group(2))).name());
            count++;
        }
        assertEquals(CallKind.values().length - 1, count);
    }

    /** Every asynchronous function of the header is used, and every other one is there or has no use in Java. */
    @Test
    void everyFunctionOfTheHeaderIsBound() throws IOException {
        List<String> notNeeded = List.of("copilot_call_fail", "copilot_client_fd", "copilot_error_name", "copilot_event_get_fields",
            "copilot_event_get_header", "copilot_json_get", "copilot_json_quote", "copilot_json_text", "copilot_session_config_set",
            "copilot_session_id", "copilot_version_number");
        String header = Files.readString(Path.of("../../include/copilot.h"));
        List<String> bound = new ArrayList<>();
        for (Method method : Lib.class.getDeclaredMethods()) {
            bound.add(method.getName());
        }
        Matcher functions = Pattern.compile("(?m)^[\\w ]+\\*{0,2} ?\\*?(copilot_\\w+)\\(").matcher(header);
        int count = 0;
        while (functions.find()) {
            String name = functions.group(1);
            boolean hasTwin = header.contains(name + "_async(");
            boolean isBound = bound.contains(name) || hasTwin || notNeeded.contains(name) || name.startsWith("copilot_cancel_token");
            // The functions for each kind are copilot_session_config_on_call with its number; the last three are inline.
            boolean isTwin = name.matches("copilot_session_config_on_\\w+|copilot_s|copilot_sn|copilot_string_view");
            assertTrue(isBound || isTwin, name + " is not bound");
            count++;
        }
        assertTrue(count > 80, count + " functions");
    }
}
