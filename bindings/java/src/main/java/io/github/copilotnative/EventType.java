package io.github.copilotnative;

import com.google.gson.JsonElement;
import java.util.function.Function;

/**
 * A type of event with the type of its data. The known ones are in {@link io.github.copilotnative.generated.Events}.
 *
 * @param <D> the data
 */
public final class EventType<D extends JsonView> {
    private final String name;
    private final Function<JsonElement, D> read;

    /** A type of event, for one that is not known here. */
    public EventType(String name, Function<JsonElement, D> read) {
        this.name = name;
        this.read = read;
    }

    /** Its name on the wire, for example {@code assistant.message_delta}. */
    public String name() {
        return name;
    }

    D read(JsonElement data) {
        return read.apply(data);
    }
}
