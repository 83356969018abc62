package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many threads, and calls that are cancelled at any moment. */
@Timeout(120)
class RaceTest {
    @Test
    void callsCancelledAtAnyMomentLeaveNothingBehind() throws Exception {
        Random random = new Random(7);
        int before = Registry.size();
        try (CopilotClient client = Fake.client()) {
            client.start();
            int registered = Registry.size();
            int ended = 0;
            int cancelled = 0;
            for (int n = 0; n < 3000; n++) {
                Operation<JsonObject> ping = client.pingAsync("n");
                for (int spin = random.nextInt(4000); spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                ping.cancel(true);
                try {
                    assertEquals("pong: n", ping.join().get("message").getAsString());
                    ended++;
                } catch (CancellationException given) {
                    cancelled++;
                }
            }
            assertEquals(3000, ended + cancelled);
            assertTrue(cancelled > 0, "some were cancelled");
            Fake.eventually("nothing stays registered", () -> Registry.size() <= registered);
            assertEquals(0, client.diagnostics().get("pendingCalls").getAsInt());
        }
        Fake.eventually("nothing stays registered", () -> Registry.size() <= before);
    }

    @Test
    void sessionsCancelledWhileTheyOpenAreLetGo() throws Exception {
        try (CopilotClient client = Fake.client()) {
            client.start();
            Random random = new Random(11);
            for (int n = 0; n < 200; n++) {
                Operation<CopilotSession> opening = client.createSessionAsync(new SessionConfig().onEvent(event -> {}));
                for (int spin = random.nextInt(40_000); spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                if (!opening.cancel(true)) {
                    opening.join().close();
                }
            }
            Fake.eventually("no session is open", () -> client.diagnostics().get("openSessions").getAsInt() == 0);
        }
    }

    @Test
    void manyThreadsShareAClient() throws Exception {
        Tool tool = Tool.ofSchema("id", null, null, (arguments, call) -> call.session().id());
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (CopilotClient client = Fake.client()) {
            List<Callable<Integer>> works = new ArrayList<>();
            for (int n = 0; n < 8; n++) {
                works.add(() -> {
                    int seen = 0;
                    for (int round = 0; round < 10; round++) {
                        try (CopilotSession session = client.createSession(new SessionConfig().tool(tool));
                            EventStream events = session.events()) {
                            assertEquals("You said: hi", session.sendAndWait("hi").getText("/data/content"));
                            JsonObject calls = client.invoke("fake.toolRoundtrips",
                                Map.of("sessionId", session.id(), "toolName", "id", "count", 20, "inFlight", 4)).getAsJsonObject();
                            assertEquals(0, calls.get("failed").getAsInt());
                            session.disconnect();
                            while (events.hasNext()) {
                                events.next();
                                seen++;
                            }
                        }
                    }
                    return seen;
                });
            }
            for (Future<Integer> work : threads.invokeAll(works)) {
                assertTrue(work.get() >= 80, "events of ten turns");
            }
        } finally {
            threads.shutdown();
        }
    }
}
