package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Clients on the fake runtime, and what tests ask of it. */
final class Fake {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private Fake() {}

    private static String path() {
        String path = System.getenv("COPILOT_FAKE_RUNTIME");
        if (path == null) {
            throw new IllegalStateException("COPILOT_FAKE_RUNTIME must name the fake runtime");
        }
        return path;
    }

    /** Options of a client whose fake runtime follows a script. */
    static CopilotClientOptions options(String script) {
        return new CopilotClientOptions().connection(Connection.stdio().path(path()).args(List.of("--script-json", script)));
    }

    static CopilotClient client(String script) {
        return new CopilotClient(options(script));
    }

    static CopilotClient client() {
        return client("[]");
    }

    /** Never answers {@code test.hang}. */
    static final String HANGS = "[{\"on\":{\"method\":\"test.hang\"},\"do\":[{\"noReply\":true}]}]";

    /** Lets the runtime call a tool and waits until the answer is there; what the runtime got as {@code result} or {@code error}. */
    static Operation<JsonElement> callTool(CopilotClient client, CopilotSession session, String tool, Object arguments) {
        JsonObject script = Json.parse("""
            {"rules":[{"on":{"method":"test.tool"},"do":[
              {"event":{"type":"external_tool.requested","data":{"requestId":"$params.tool","toolCallId":"c","toolName":"$params.tool",
                "arguments":"$params.arguments"}}},
              {"expect":{"method":"session.tools.handlePendingToolCall","where":{"requestId":"$params.tool"},
                "as":"tool","timeoutMs":15000}},
              {"reply":{"result":"$tool.params"}}]}]}""").getAsJsonObject();
        client.invoke("fake.script", Map.of("script", script));
        return client.invokeAsync("test.tool", Map.of("sessionId", session.id(), "tool", tool, "arguments", arguments));
    }

    static void flood(CopilotClient client, CopilotSession session, int count) {
        client.invoke("fake.flood", Map.of("sessionId", session.id(), "count", count, "bytes", 10));
    }

    static long counter(CopilotClient client, String name) {
        return Json.get(client.diagnostics(), "/counters/" + name).getAsLong();
    }

    static void eventually(String what, BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not in time: " + what);
            }
            Thread.sleep(10);
        }
    }
}
