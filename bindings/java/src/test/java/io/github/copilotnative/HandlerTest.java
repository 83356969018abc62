package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import io.github.copilotnative.generated.Events;
import io.github.copilotnative.generated.ErrorKind;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handlers: what they give, throw and are told, and the threads they run on. */
@Timeout(60)
class HandlerTest {
    record Sum(int a, int b) {}

    private static JsonElement answer(Object arguments, Tool tool) {
        try (CopilotClient client = Fake.client(); CopilotSession session = client.createSession(new SessionConfig().tool(tool))) {
            return Fake.callTool(client, session, tool.name(), arguments).await(Fake.PATIENCE);
        }
    }

    @Test
    void toolsGetRecordsAndGiveValuesOrStages() {
        Tool now = Tool.of("add", "adds", Sum.class, (sum, call) -> sum.a() + sum.b());
        assertEquals("3", Json.get(answer(Map.of("a", 1, "b", 2), now), "/result").getAsString());
        Tool later = Tool.of("add", "adds", Sum.class, (sum, call) -> CompletableFuture.supplyAsync(() -> List.of(sum.a(), sum.b())));
        assertEquals("[1,2]", Json.get(answer(Map.of("a", 1, "b", 2), later), "/result").getAsString());
    }

    @Test
    void whatToolsThrowIsTheirError() {
        Tool throwing = Tool.of("add", "adds", Sum.class, (sum, call) -> {
            throw new IllegalStateException("no numbers today");
        });
        assertTrue(answer(Map.of(), throwing).toString().contains("no numbers today"));
        Tool failing = Tool.of("add", "adds", Sum.class, (sum, call) -> CompletableFuture.failedFuture(new RuntimeException("later")));
        assertTrue(answer(Map.of(), failing).toString().contains("later"));
        Tool worse = Tool.of("add", "adds", Sum.class, (sum, call) -> {
            throw new StackOverflowError("deep");
        });
        assertTrue(answer(Map.of(), worse).toString().contains("deep"));
        assertTrue(answer(Map.of("a", "one"), throwing).toString().contains("Sum"), "arguments of the wrong type");
        Tool odd = Tool.of("add", "adds", Sum.class, (sum, call) -> new Thread());
        assertTrue(answer(Map.of(), odd).toString().contains("JSON"), "a result without a JSON form");
    }

    @Test
    void anAnswerThatIsNoLongerWantedInterruptsItsHandler() throws Exception {
        CountDownLatch running = new CountDownLatch(2);
        CountDownLatch told = new CountDownLatch(3);
        CompletableFuture<Object> never = new CompletableFuture<>();
        AtomicReference<Call> asked = new AtomicReference<>();
        Tool hanging = Tool.of("hang", "hangs", Sum.class, (sum, call) -> {
            asked.set(call);
            call.onCancel(told::countDown);
            running.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException interrupted) {
                told.countDown();
                throw interrupted;
            }
            return null;
        });
        Tool waiting = Tool.of("wait", "waits", Sum.class, (sum, call) -> {
            running.countDown();
            return never;
        });
        never.whenComplete((value, error) -> told.countDown());
        try (CopilotClient client = Fake.client()) {
            CopilotSession session = client.createSession(new SessionConfig().tool(hanging).tool(waiting));
            Fake.callTool(client, session, "hang", Map.of());
            Fake.callTool(client, session, "wait", Map.of());
            assertTrue(running.await(60, TimeUnit.SECONDS));
            assertEquals(session, asked.get().session());
            session.disconnect();
            assertTrue(told.await(60, TimeUnit.SECONDS), "watcher, interrupted thread and cancelled stage");
            assertTrue(asked.get().isCancelled());
        }
    }

    @Test
    void laterToolsComeWithTheirFunctions() {
        Tool old = Tool.of("old", "adds", Sum.class, (sum, call) -> "old");
        Tool later = Tool.of("later", "adds", Sum.class, (sum, call) -> "later");
        String takes = "[{\"on\":{\"method\":\"session.tools.set\"},\"do\":[{\"reply\":{\"result\":{}}}]}]";
        try (CopilotClient client = Fake.client(takes)) {
            CopilotSession session = client.createSession(new SessionConfig().tool(old));
            session.setTools(List.of(later));
            assertEquals("later", Json.text(Json.get(Fake.callTool(client, session, "later", Map.of()).join(), "/result")));
            // Nothing takes such calls now.
            CopilotException refused = assertThrows(CopilotException.class, () -> session.setTools(List.of(old)));
            assertEquals(ErrorKind.RPC, refused.kind());
        }
    }

    @Test
    void handlersThatThrowDisturbNobody() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        try (CopilotClient client = Fake.client(); CopilotSession session = client.createSession()) {
            session.on(event -> {
                throw new StackOverflowError("a handler of events");
            });
            session.on(event -> seen.add(event.type()));
            session.on(Events.ASSISTANT_MESSAGE, (event, data) -> seen.add(data.content()));
            assertEquals("You said: hi", session.sendAndWait("hi").getText("/data/content"));
            Fake.eventually("the others see everything", () -> seen.contains("session.idle") && seen.contains("You said: hi"));
        }
    }

    @Test
    void blockingOnTheCallbackThreadIsRefusedAndElsewhereAllowed() throws Exception {
        CompletableFuture<ErrorKind> refused = new CompletableFuture<>();
        try (CopilotClient client = Fake.client(); CopilotSession session = client.createSession()) {
            session.on("session.idle", event -> {
                try {
                    client.ping("x");
                    refused.complete(null);
                } catch (CopilotException error) {
                    refused.complete(error.kind());
                }
            });
            session.send("hi");
            assertEquals(ErrorKind.WOULD_DEADLOCK, refused.get(60, TimeUnit.SECONDS));
        }
        ExecutorService one = Executors.newSingleThreadExecutor();
        CompletableFuture<String> allowed = new CompletableFuture<>();
        try (CopilotClient client = new CopilotClient(Fake.options("[]").eventExecutor(one));
            CopilotSession session = client.createSession()) {
            session.on("session.idle", event -> allowed.complete(client.ping("x").get("message").getAsString()));
            session.send("hi");
            assertEquals("pong: x", allowed.get(60, TimeUnit.SECONDS));
        } finally {
            one.shutdown();
        }
    }

    @Test
    void anExecutorForEventsKeepsTheirOrder() throws Exception {
        ExecutorService many = Executors.newFixedThreadPool(4);
        List<Long> numbers = new CopyOnWriteArrayList<>();
        AtomicBoolean busy = new AtomicBoolean();
        AtomicBoolean together = new AtomicBoolean();
        try (CopilotClient client = new CopilotClient(Fake.options("[]").eventExecutor(many));
            CopilotSession session = client.createSession()) {
            session.on("assistant.message_delta", event -> {
                together.compareAndSet(false, !busy.compareAndSet(false, true));
                numbers.add(event.get("/data/n").getAsLong());
                busy.set(false);
            });
            Fake.flood(client, session, 2000);
            Fake.eventually("all events", () -> numbers.size() == 2000);
        } finally {
            many.shutdown();
        }
        for (int n = 0; n < numbers.size(); n++) {
            assertEquals(n, numbers.get(n));
        }
        assertEquals(false, together.get(), "one at a time");
    }

    @Test
    void handlersRunOnTheExecutorOfTheProgram() throws Exception {
        ExecutorService own = Executors.newSingleThreadExecutor(work -> new Thread(work, "mine"));
        AtomicReference<String> where = new AtomicReference<>();
        Tool tool = Tool.ofSchema("where", null, null, (arguments, call) -> {
            where.set(Thread.currentThread().getName());
            return null;
        });
        try (CopilotClient client = new CopilotClient(Fake.options("[]").handlerExecutor(own));
            CopilotSession session = client.createSession(new SessionConfig().tool(tool))) {
            Fake.callTool(client, session, "where", Map.of()).await(Fake.PATIENCE);
            assertEquals("mine", where.get());
            own.shutdown();
            JsonElement refused = Fake.callTool(client, session, "where", Map.of()).await(Fake.PATIENCE);
            assertNotEquals(null, Json.get(refused, "/error"), "an executor that takes nothing more is an error for the runtime");
        }
    }

    @Test
    void closingFromHandlers() throws Exception {
        CompletableFuture<String> sessionClosed = new CompletableFuture<>();
        CompletableFuture<String> clientClosed = new CompletableFuture<>();
        CopilotClient client = Fake.client();
        CopilotSession session = client.createSession();
        session.on("session.idle", event -> {
            session.close();
            sessionClosed.complete("yes");
        });
        session.send("hi");
        assertEquals("yes", sessionClosed.get(60, TimeUnit.SECONDS));
        assertThrows(CopilotException.class, session::id);
        CopilotSession second = client.createSession();
        second.on("session.idle", event -> {
            client.close();
            clientClosed.complete("yes");
        });
        second.send("hi");
        assertEquals("yes", clientClosed.get(60, TimeUnit.SECONDS));
        Fake.eventually("the client is gone", () -> {
            try {
                client.state();
                return false;
            } catch (CopilotException gone) {
                return gone.kind() == ErrorKind.BAD_HANDLE;
            }
        });
        client.close();
    }

    @Test
    void aToolMayCloseItsClient() throws Exception {
        CompletableFuture<ConnectionState> after = new CompletableFuture<>();
        AtomicReference<CopilotClient> self = new AtomicReference<>();
        Tool closing = Tool.ofSchema("close", null, null, (arguments, call) -> {
            self.get().close();
            after.complete(ConnectionState.DISCONNECTED);
            return "closed";
        });
        CopilotClient client = Fake.client();
        self.set(client);
        CopilotSession session = client.createSession(new SessionConfig().tool(closing));
        ProcessHandle runtime = ProcessHandle.of(client.diagnostics().get("runtimePid").getAsLong()).orElseThrow();
        Fake.callTool(client, session, "close", Map.of());
        assertEquals(ConnectionState.DISCONNECTED, after.get(60, TimeUnit.SECONDS));
        Fake.eventually("the runtime is gone", () -> !runtime.isAlive());
    }

    @Test
    void whatIsRefusedOnTheCallbackThreadIsNotEvenBegun() throws Exception {
        CompletableFuture<ErrorKind> refused = new CompletableFuture<>();
        try (CopilotClient client = Fake.client(); CopilotSession session = client.createSession()) {
            session.on("session.idle", event ->
                refused.complete(assertThrows(CopilotException.class, () -> session.send("from a handler")).kind()));
            session.send("hi");
            assertEquals(ErrorKind.WOULD_DEADLOCK, refused.get(60, TimeUnit.SECONDS));
            JsonElement sent = client.invoke("fake.received", Map.of("method", "session.send"));
            assertEquals(1, Json.get(sent, "/count").getAsInt());
        }
    }

    @Test
    void declarationsHoldWhatWasGiven() {
        Tool tool = Tool.declared("open", "somebody else answers", Map.of("type", "object"));
        assertEquals("open", tool.declaration().get("name").getAsString());
        assertNull(Tool.declared("open", null, null).declaration().get("description"));
        assertEquals(true, tool.with("skipPermission", true).declaration().get("skipPermission").getAsBoolean());
    }
}
