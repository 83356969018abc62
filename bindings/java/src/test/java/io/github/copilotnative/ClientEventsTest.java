package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import io.github.copilotnative.generated.ErrorKind;
import io.github.copilotnative.generated.RpcTypes;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client is told, and calls of clients and sessions. */
@Timeout(60)
class ClientEventsTest {
    @Test
    void lossesNotificationsAndLifecycleAreTold() throws Exception {
        String script = """
            [{"on":{"method":"test.tell"},"do":[
              {"notify":{"method":"session.lifecycle","params":{"type":"session.updated","sessionId":"s"}}},
              {"notify":{"method":"gitHubTelemetry.event","params":{"n":1,"event":{"kind":"x"}}}},{"reply":{"result":{}}}]},
             {"on":{"method":"test.die"},"do":[{"exit":3}]}]""";
        List<String> told = new CopyOnWriteArrayList<>();
        CompletableFuture<CopilotException> lost = new CompletableFuture<>();
        CopilotClientOptions options = Fake.options(script)
            .onLifecycle(event -> told.add(Json.text(Json.get(event, "/type"))))
            .onNotification((method, params) -> told.add(method + Json.get(params, "/n")))
            .gitHubTelemetry()
            .onClosed(lost::complete);
        try (CopilotClient client = new CopilotClient(options)) {
            client.start();
            assertEquals(ConnectionState.CONNECTED, client.state());
            CopilotSession session = client.createSession();
            client.invoke("test.tell", null);
            Fake.eventually("both are told: " + told, () -> told.containsAll(List.of("session.updated", "gitHubTelemetry.event1")));
            EventStream events = session.events();
            assertEquals(ErrorKind.PROCESS_EXITED, assertThrows(CopilotException.class, () -> client.invoke("test.die", null)).kind());
            assertEquals(ErrorKind.PROCESS_EXITED, lost.get(60, TimeUnit.SECONDS).kind());
            CopilotException end = assertThrows(CopilotException.class, () -> events.forEachRemaining(event -> {}));
            assertEquals(ErrorKind.PROCESS_EXITED, end.kind());
        }
    }

    @Test
    void errorsOfHandlersTakeTheirDataAlong() {
        SessionConfig config = new SessionConfig().onSessionFs((question, call) -> {
            throw new HandlerException("no " + question.text("path"), Map.of("code", "ENOENT"));
        });
        CopilotClientOptions options = Fake.options("[]").set("sessionFs",
            Map.of("initialCwd", "/", "sessionStatePath", "/state", "conventions", "posix"));
        try (CopilotClient client = new CopilotClient(options); CopilotSession session = client.createSession(config)) {
            JsonElement answer = client.invoke("fake.request", Map.of("method", "sessionFs.readFile",
                "params", Map.of("sessionId", session.id(), "path", "/a")));
            assertTrue(answer.toString().contains("ENOENT") && answer.toString().contains("no /a"), answer.toString());
        }
    }

    @Test
    void callsOfSessionsAndClients() {
        try (CopilotClient client = Fake.client(); CopilotSession session = client.createSession()) {
            assertEquals(session.id(), client.invoke("fake.received", Map.of("method", "session.create")).getAsJsonObject()
                .getAsJsonArray("messages").get(0).getAsJsonObject().getAsJsonObject("params").get("sessionId").getAsString());
            assertTrue(session.getEvents().isEmpty() || session.getEvents().get(0).id() != null);
            session.setModel("other", Map.of("reasoningEffort", "low"));
            JsonElement switched = client.invoke("fake.received", Map.of("method", "session.model.switchTo"));
            assertEquals("other", Json.text(Json.get(switched, "/messages/0/params/modelId")));
            assertEquals(ErrorKind.INVALID_ARGUMENT,
                assertThrows(CopilotException.class, () -> session.setModel("m", Map.of("contextTier", "odd"))).kind());
            RpcTypes.CurrentModel current = session.rpc().model().getCurrent();
            assertEquals(session.invoke("session.model.getCurrent", null), current.json());
            assertTrue(client.listSessions(null).size() >= 0);
            assertEquals(0, client.runtimePort());
            assertTrue(session.counters().received() >= 0 && client.counters().delivered() >= 0);
            assertEquals(ErrorKind.UNSUPPORTED, assertThrows(CopilotException.class, () -> session.confirm("sure?")).kind());
            client.notify("test.nothing", Map.of());
            session.abort();
        }
    }

    @Test
    void theLibraryLogsWhereItIsTold() throws Exception {
        List<CopilotLog.Line> lines = new CopyOnWriteArrayList<>();
        CopilotLog.set(CopilotLog.Level.DEBUG, line -> {
            lines.add(line);
            throw new IllegalStateException("a receiver that throws");
        });
        try (CopilotClient client = Fake.client()) {
            client.ping(client.start().get("version").getAsString());
            Fake.eventually("a call is logged", () -> lines.stream().anyMatch(line -> line.target().startsWith("copilot_core")));
        }
        CopilotLog.set(CopilotLog.Level.OFF, null);
        int count = lines.size();
        try (CopilotClient client = Fake.client()) {
            client.start();
        }
        assertEquals(count, lines.size());
        assertTrue(CopilotClient.has("llm"));
        assertFalse(CopilotClient.has("nonsense"));
    }

    @Test
    void aConfigurationServesSeveralSessions() {
        SessionConfig config = new SessionConfig().tool(Tool.ofSchema("who", null, null, (arguments, call) -> call.session().id()));
        try (CopilotClient client = Fake.client();
            CopilotSession one = client.createSession(config);
            CopilotSession two = client.createSession(config)) {
            for (CopilotSession session : List.of(one, two)) {
                JsonElement answer = Fake.callTool(client, session, "who", Map.of()).await(Fake.PATIENCE);
                assertEquals(session.id(), Json.get(answer, "/result").getAsString());
            }
        }
    }
}
