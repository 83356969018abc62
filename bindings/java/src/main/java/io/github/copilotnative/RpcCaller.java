package io.github.copilotnative;

import com.google.gson.JsonElement;
import java.util.function.Function;
import java.util.function.Supplier;

/** What can call methods of the runtime: a client, or a session, which adds its id. */
public interface RpcCaller {
    /**
     * Calls a method.
     *
     * @param params anything that becomes a JSON object; null for none
     * @param read makes the result of its JSON
     */
    <T> Operation<T> call(String method, Object params, Function<JsonElement, T> read);

    /**
     * Begins a call and waits for its end.
     *
     * @throws CopilotException when it failed; of kind {@code WouldDeadlock}, before it begins, on the client's callback thread
     */
    <T> T await(Supplier<Operation<T>> call);
}
