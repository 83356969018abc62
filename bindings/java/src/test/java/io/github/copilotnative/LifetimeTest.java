package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.copilotnative.generated.ErrorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Slow readers, forgotten objects, and growth. */
@Timeout(120)
class LifetimeTest {
    @Test
    void aSlowReaderLosesNothing() throws Exception {
        int count = 20_000;
        try (CopilotClient client = Fake.client(); CopilotSession session = client.createSession(); EventStream events = session.events()) {
            Fake.flood(client, session, count);
            assertEquals("pong: x", client.ping("x").get("message").getAsString(), "what waits stops nobody");
            int next = 0;
            while (next < count) {
                CopilotEvent event = events.next();
                if (event.type().equals("assistant.message_delta")) {
                    assertEquals(next++, event.get("/data/n").getAsInt());
                    if (next % 5000 == 0) {
                        Thread.sleep(50);
                    }
                }
            }
            assertFalse(events.hasNext(Duration.ofMillis(20)));
        }
    }

    @Test
    void streamsEndWithTheirSessionAndClient() throws Exception {
        try (CopilotClient client = Fake.client()) {
            CopilotSession session = client.createSession();
            EventStream first = session.events();
            CompletableFuture<Long> counted = CompletableFuture.supplyAsync(() -> first.stream().count());
            session.sendAndWait("x");
            session.close();
            assertTrue(counted.get(60, TimeUnit.SECONDS) > 5);
            EventStream second = client.createSession().events();
            client.stop();
            second.forEachRemaining(event -> {});
            assertThrows(NoSuchElementException.class, second::next);
        }
    }

    @Test
    void forgottenSessionsAndClientsAreFreed() throws Exception {
        int before = Registry.size();
        ProcessHandle runtime = forget();
        Fake.eventually("the runtime of a forgotten client ends", () -> {
            System.gc();
            return !runtime.isAlive();
        });
        Fake.eventually("nothing stays registered", () -> {
            System.gc();
            return Registry.size() <= before;
        });
        Fake.eventually("its thread ends", () -> callbackThreads() == 0);
    }

    /** Makes and forgets a client and a session that listens. */
    private static ProcessHandle forget() {
        CopilotClient client = Fake.client();
        CopilotSession session = client.createSession(new SessionConfig().onEvent(event -> {}).tool(
            Tool.ofSchema("t", null, null, (arguments, call) -> null)));
        session.events();
        session.on(event -> {});
        session.sendAndWait("x");
        return ProcessHandle.of(client.diagnostics().get("runtimePid").getAsLong()).orElseThrow();
    }

    @Test
    void aSessionKeepsAForgottenClientGoing() throws Exception {
        CopilotSession session = Fake.client().createSession();
        for (int n = 0; n < 5; n++) {
            System.gc();
            Thread.sleep(20);
            assertEquals("You said: x", session.sendAndWait("x").getText("/data/content"));
        }
        session.close();
    }

    @Test
    void manySessionsLeaveNothingBehind() throws Exception {
        try (CopilotClient client = Fake.client()) {
            sessions(client, 100);
            System.gc();
            int registered = Registry.size();
            int threads = Thread.activeCount();
            long memory = memory();
            sessions(client, 400);
            System.gc();
            Fake.eventually("nothing stays registered", () -> Registry.size() <= registered);
            assertTrue(Thread.activeCount() <= threads + 2, "threads: " + threads + ", then " + Thread.activeCount());
            long grown = memory() - memory;
            assertTrue(grown < 48 << 20, "grown by " + (grown >> 20) + " MiB");
            assertEquals(0, client.diagnostics().get("openSessions").getAsInt());
        }
    }

    private static void sessions(CopilotClient client, int count) {
        for (int n = 0; n < count; n++) {
            SessionConfig config = new SessionConfig().onEvent(event -> {})
                .onPermission((question, call) -> Answers.Permission.approveOnce());
            try (CopilotSession session = client.createSession(config); EventStream events = session.events()) {
                session.sendAndWait("hello");
                assertTrue(events.hasNext());
            }
        }
    }

    /** Memory of this process. */
    private static long memory() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        }
        return Files.readAllLines(status).stream().filter(line -> line.startsWith("VmRSS")).mapToLong(
            line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).sum();
    }

    @Test
    void clientsComeAndGo() throws Exception {
        for (int n = 0; n < 3; n++) {
            Fake.client().close();
        }
        Fake.eventually("threads of closed and forgotten clients end", () -> {
            System.gc();
            return callbackThreads() == 0;
        });
        for (int n = 0; n < 10; n++) {
            try (CopilotClient client = Fake.client()) {
                client.start();
            }
        }
        assertEquals(0, callbackThreads());
    }

    private static long callbackThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("copilot-callbacks")).count();
    }

    @Test
    void closedObjectsSaySo() {
        CopilotClient client = Fake.client(Fake.HANGS);
        CopilotSession session = client.createSession();
        EventStream events = session.events();
        Operation<?> hanging = client.invokeAsync("test.hang", null);
        client.close();
        client.close();
        session.close();
        assertTrue(hanging.isCompletedExceptionally(), "calls end with their client");
        assertEquals(ErrorKind.BAD_HANDLE, assertThrows(CopilotException.class, () -> client.ping("x")).kind());
        assertEquals(ErrorKind.BAD_HANDLE, assertThrows(CopilotException.class, () -> session.send("x")).kind());
        assertEquals(ErrorKind.BAD_HANDLE, assertThrows(CopilotException.class, () -> session.on(event -> {})).kind());
        events.forEachRemaining(event -> {});
    }
}
