package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import io.github.copilotnative.generated.ErrorKind;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that are given up. */
@Timeout(60)
class CancellationTest {
    @Test
    void cancellingAFutureCancelsTheCall() throws Exception {
        try (CopilotClient client = Fake.client(Fake.HANGS)) {
            client.start();
            Operation<JsonElement> hanging = client.invokeAsync("test.hang", null);
            Fake.eventually("the call is under way", () -> client.diagnostics().get("pendingCalls").getAsInt() == 1);
            assertTrue(hanging.cancel(true));
            assertThrows(CancellationException.class, hanging::join);
            Fake.eventually("the engine gave it up", () -> Fake.counter(client, "callsAbandoned") == 1);
            assertEquals(0, client.diagnostics().get("pendingCalls").getAsInt());
            assertEquals(ErrorKind.CANCELLED, assertThrows(CopilotException.class, hanging::await).kind());
        }
    }

    @Test
    void interruptingABlockedThreadCancelsTheCall() throws Exception {
        try (CopilotClient client = Fake.client(Fake.HANGS)) {
            client.start();
            AtomicReference<CopilotException> thrown = new AtomicReference<>();
            AtomicReference<Boolean> marked = new AtomicReference<>();
            Thread blocked = new Thread(() -> {
                thrown.set(assertThrows(CopilotException.class, () -> client.invoke("test.hang", null)));
                marked.set(Thread.currentThread().isInterrupted());
            });
            blocked.start();
            Fake.eventually("the call is under way", () -> client.diagnostics().get("pendingCalls").getAsInt() == 1);
            blocked.interrupt();
            blocked.join();
            assertEquals(ErrorKind.CANCELLED, thrown.get().kind());
            assertTrue(marked.get(), "the thread stays marked as interrupted");
            Fake.eventually("the engine gave it up", () -> Fake.counter(client, "callsAbandoned") == 1);
        }
    }

    @Test
    void timeLimitsCancelTheCall() throws Exception {
        try (CopilotClient client = Fake.client(Fake.HANGS)) {
            client.start();
            CopilotException late =
                assertThrows(CopilotException.class, () -> client.invoke("test.hang", null, Duration.ofMillis(50)));
            assertEquals(ErrorKind.TIMEOUT, late.kind());
            Operation<JsonElement> second = client.invokeAsync("test.hang", null);
            second.orTimeout(50, TimeUnit.MILLISECONDS);
            Throwable cause = assertThrows(CompletionException.class, second::join).getCause();
            assertEquals(TimeoutException.class, cause.getClass());
            Fake.eventually("the engine gave up both", () -> Fake.counter(client, "callsAbandoned") == 2);
            assertEquals("pong: on", client.ping("on").get("message").getAsString());
        }
    }

    @Test
    void aTimeLimitOfATurnIsTheEngines() {
        String quiet = "[{\"on\":{\"method\":\"session.send\"},\"do\":[{\"reply\":\"default\"}]}]";
        try (CopilotClient client = Fake.client(quiet); CopilotSession session = client.createSession()) {
            CopilotException late =
                assertThrows(CopilotException.class, () -> session.sendAndWait("x", Duration.ofMillis(80)));
            assertEquals(ErrorKind.TIMEOUT, late.kind());
            assertEquals("timeout.turn", late.reasonCode());
        }
    }

    @Test
    void aSessionThatComesTooLateIsLetGo() throws Exception {
        String slow = "[{\"on\":{\"method\":\"session.create\"},\"do\":[{\"sleep\":150},{\"builtin\":true}]}]";
        try (CopilotClient client = Fake.client(slow)) {
            client.start();
            Operation<CopilotSession> opening = client.createSessionAsync(new SessionConfig());
            Fake.eventually("the call is under way", () -> client.diagnostics().get("pendingCalls").getAsInt() == 1);
            opening.cancel(true);
            Thread.sleep(300);
            Fake.eventually("no session is left", () -> client.diagnostics().get("openSessions").getAsInt() == 0);
            assertFalse(client.createSession().id().isEmpty());
        }
    }
}
