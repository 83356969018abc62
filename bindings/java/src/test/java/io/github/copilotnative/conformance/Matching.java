package io.github.copilotnative.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.copilotnative.Json;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** References and partial match, as the test kit's README describes them. */
final class Matching {
    private static final Pattern REFERENCE = Pattern.compile("\\$(?:([A-Za-z_][\\w-]*)((?:\\.[\\w-]+)*))");

    private Matching() {}

    /** Replaces references in every string; unknown names stay. */
    static JsonElement resolve(JsonElement value, Map<String, JsonElement> names) {
        if (value instanceof JsonObject object) {
            if (object.size() == 1 && object.has("$repeat")) {
                JsonArray repeat = object.getAsJsonArray("$repeat");
                return new JsonPrimitive(repeat.get(0).getAsString().repeat(repeat.get(1).getAsInt()));
            }
            JsonObject out = new JsonObject();
            object.entrySet().forEach(entry -> out.add(entry.getKey(), resolve(entry.getValue(), names)));
            return out;
        }
        if (value instanceof JsonArray array) {
            JsonArray out = new JsonArray();
            array.forEach(item -> out.add(resolve(item, names)));
            return out;
        }
        String text = Json.text(value);
        return text == null ? value : resolve(text, names);
    }

    private static JsonElement resolve(String text, Map<String, JsonElement> names) {
        Matcher whole = REFERENCE.matcher(text);
        if (whole.matches()) {
            JsonElement found = lookup(whole, names);
            return found == null ? new JsonPrimitive(text) : found;
        }
        return new JsonPrimitive(REFERENCE.matcher(text).replaceAll(match -> {
            JsonElement found = lookup((Matcher) match, names);
            String shown = found == null ? match.group() : found.isJsonPrimitive() ? found.getAsString() : found.toString();
            return Matcher.quoteReplacement(shown);
        }));
    }

    private static JsonElement lookup(Matcher match, Map<String, JsonElement> names) {
        JsonElement value = names.get(match.group(1));
        return value == null ? null : Json.get(value, match.group(2).replace('.', '/'));
    }

    static boolean matches(JsonElement pattern, JsonElement value) {
        if (pattern instanceof JsonObject object) {
            if (object.size() == 1) {
                if (object.has("$any")) {
                    return true;
                }
                if (object.has("$contains")) {
                    String text = Json.text(value);
                    return text != null && text.contains(object.get("$contains").getAsString());
                }
                if (object.has("$oneOf")) {
                    return object.getAsJsonArray("$oneOf").asList().stream().anyMatch(each -> matches(each, value));
                }
            }
            return value instanceof JsonObject found
                && object.entrySet().stream().allMatch(entry -> member(entry.getValue(), entry.getKey(), found));
        }
        if (pattern instanceof JsonArray array) {
            if (!(value instanceof JsonArray found) || found.size() != array.size()) {
                return false;
            }
            for (int at = 0; at < array.size(); at++) {
                if (!matches(array.get(at), found.get(at))) {
                    return false;
                }
            }
            return true;
        }
        return same(pattern, value);
    }

    private static boolean same(JsonElement one, JsonElement other) {
        if (one instanceof JsonPrimitive a && other instanceof JsonPrimitive b && a.isNumber() && b.isNumber()) {
            return a.getAsBigDecimal().compareTo(b.getAsBigDecimal()) == 0;
        }
        return one.equals(other);
    }

    private static boolean member(JsonElement pattern, String name, JsonObject value) {
        if (pattern instanceof JsonObject object && object.size() == 1 && object.has("$absent")) {
            return !value.has(name);
        }
        return value.has(name) && matches(pattern, value.get(name));
    }

    static boolean inOrder(List<JsonElement> patterns, List<? extends JsonElement> values) {
        int at = 0;
        for (JsonElement pattern : patterns) {
            while (at < values.size() && !matches(pattern, values.get(at))) {
                at++;
            }
            if (at++ >= values.size()) {
                return false;
            }
        }
        return true;
    }
}
