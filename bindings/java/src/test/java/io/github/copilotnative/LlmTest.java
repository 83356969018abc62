package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests to models that the program serves. */
@Timeout(60)
class LlmTest {
    private static final String TAKES = """
        [{"on":{"method":"llmInference.setProvider"},"do":[{"reply":{"result":{"accepted":true,"success":true}}}]},
         {"on":{"method":"llmInference.httpResponseStart"},"do":[{"reply":{"result":{"accepted":true,"success":true}}}]},
         {"on":{"method":"llmInference.httpResponseChunk"},"do":[{"reply":{"result":{"accepted":true,"success":true}}}]}]""";

    private static void ask(CopilotClient client, String method, Object params) {
        client.invoke("fake.request", Map.of("method", method, "params", params));
    }

    @Test
    void aBodyIsWrittenInPieces() throws Exception {
        CompletableFuture<byte[]> body = new CompletableFuture<>();
        CopilotClientOptions options = Fake.options(TAKES).onLlmRequest((request, call) -> {
            body.complete(request.body());
            request.start(200, Map.of("content-type", List.of("text/plain")));
            request.write("text");
            request.write(new byte[] {0, (byte) 255});
            request.end();
            return null;
        });
        try (CopilotClient client = new CopilotClient(options)) {
            client.start();
            client.createSession();
            ask(client, "llmInference.httpRequestStart", Map.of("requestId", "q", "method", "post", "url", "http://model.example/v1",
                "headers", Map.of()));
            ask(client, "llmInference.httpRequestChunk", Map.of("requestId", "q", "data", "hello", "end", true));
            assertArrayEquals("hello".getBytes(StandardCharsets.UTF_8), body.get(60, TimeUnit.SECONDS));
            Map<String, Object> wanted = Map.of("method", "llmInference.httpResponseChunk");
            Fake.eventually("three pieces", () -> Json.get(client.invoke("fake.received", wanted), "/count").getAsInt() == 3);
            JsonElement pieces = Json.get(client.invoke("fake.received", wanted), "/messages");
            assertEquals("text", Json.text(Json.get(pieces, "/0/params/data")));
            byte[] bytes = Base64.getDecoder().decode(Json.text(Json.get(pieces, "/1/params/data")));
            assertArrayEquals(new byte[] {0, (byte) 255}, bytes);
        }
    }

    @Test
    void messagesOfASocketAreRead() throws Exception {
        CompletableFuture<List<String>> read = new CompletableFuture<>();
        CopilotClientOptions options = Fake.options(TAKES).onLlmRequest((request, call) -> {
            request.start(101, null);
            String first = request.nextMessage();
            String second = request.nextMessage();
            read.complete(List.of(first, String.valueOf(second), String.valueOf(request.nextMessage())));
            request.end();
            return null;
        });
        try (CopilotClient client = new CopilotClient(options)) {
            client.start();
            client.createSession();
            ask(client, "llmInference.httpRequestStart", Map.of("requestId", "w", "method", "GET", "url", "ws://model.example/v1",
                "headers", Map.of(), "transport", "websocket"));
            ask(client, "llmInference.httpRequestChunk", Map.of("requestId", "w", "data", "one"));
            ask(client, "llmInference.httpRequestChunk", Map.of("requestId", "w", "data", "", "end", true));
            assertEquals(List.of("one", "null", "null"), read.get(60, TimeUnit.SECONDS));
        }
    }
}
