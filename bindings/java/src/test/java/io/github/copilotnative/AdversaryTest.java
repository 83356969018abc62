package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.copilotnative.generated.ErrorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * A runtime that misbehaves by a seed: whatever it does, every call ends with a result or a {@link CopilotException}, and nothing
 * stays. {@code ADVERSARY_SEEDS=FROM..TO} chooses the seeds, {@code ADVERSARY_SEEDS=7} repeats one.
 */
class AdversaryTest {
    /** How long a program waits before it gives a call up, by when it must have ended then, in ms, and how many live at a time. */
    private static final int PATIENCE = 150;
    private static final int BOUND = 120_000;
    private static final int AT_ONCE = 8;

    private final Set<String> outcomes = ConcurrentHashMap.newKeySet();

    /** A program that uses what it can. */
    private final class Life {
        private final int seed;
        private final AtomicInteger questions = new AtomicInteger();
        private final List<Operation<?>> pending = new ArrayList<>();

        Life(int seed) {
            this.seed = seed;
        }

        /** Begins a call and gives it up after a while; null when it failed. */
        private <T> T attempt(String what, int patience, Supplier<Operation<T>> call) throws Exception {
            Operation<T> begun;
            try {
                begun = call.get();
            } catch (CopilotException refused) {
                noted(what, refused);
                return null;
            }
            pending.add(begun);
            try {
                T value = begun.get(patience, TimeUnit.MILLISECONDS);
                outcomes.add("result");
                return value;
            } catch (TimeoutException late) {
                begun.cancel(true);
                outcomes.add("given up");
            } catch (ExecutionException failed) {
                noted(what, failed.getCause());
            }
            return null;
        }

        private void noted(String what, Throwable problem) {
            boolean own = problem instanceof CopilotException known && known.kind() != ErrorKind.INTERNAL
                && known.getMessage() != null && !known.getMessage().isEmpty();
            if (!own) {
                throw new AssertionError("seed " + seed + ": " + what + ": " + problem, problem);
            }
            outcomes.add(((CopilotException) problem).kind().toString());
        }

        /** Right, or an error. */
        private <T> T answer(T right) {
            if (questions.incrementAndGet() % 2 == 0) {
                throw new IllegalStateException("no");
            }
            return right;
        }

        private SessionConfig config() {
            return new SessionConfig()
                .set("sessionId", "s")
                .tool(Tool.of("t", "", Object.class, (given, call) -> answer("done")))
                .onEvent(event -> event.type())
                .onPermission((question, call) -> answer(Answers.Permission.approveOnce()))
                .onHook("preToolUse", (question, call) -> answer(null))
                .onHook("sessionStart", (question, call) -> answer(7))
                .onTransform("tone", (question, call) -> answer("text"))
                .onProviderToken("default", (question, call) -> answer("token"))
                .onCanvas((question, call) -> answer(null))
                .onSkills((question, call) -> answer(List.of()));
        }

        private void talk(CopilotSession session) throws Exception {
            pending.add(session.sendAndWaitAsync("at once", null));
            attempt("sendAndWait", PATIENCE, () -> session.sendAndWaitAsync("a", null));
            attempt("send", PATIENCE, () -> session.sendAsync("b", null));
            attempt("getEvents", PATIENCE, session::getEventsAsync);
            attempt("abort", PATIENCE, session::abortAsync);
            session.close();
        }

        void live() throws Exception {
            List<String> args = List.of("--adversary", String.valueOf(seed));
            Connection connection = seed % 4 == 0 ? Connection.tcp() : Connection.stdio();
            connection.path(System.getenv("COPILOT_FAKE_RUNTIME")).args(args);
            CopilotClient client = new CopilotClient(new CopilotClientOptions().connection(connection).set("startTimeoutMs", 2000));
            attempt("start", 3000, client::startAsync);
            attempt("ping", PATIENCE, () -> client.pingAsync("x"));
            attempt("listModels", PATIENCE, client::listModelsAsync);
            attempt("listSessions", PATIENCE, () -> client.listSessionsAsync(null));
            CopilotSession made = attempt("createSession", PATIENCE, () -> client.createSessionAsync(config()));
            if (made != null) {
                talk(made);
            }
            made = attempt("resumeSession", PATIENCE, () -> client.resumeSessionAsync("s", config()));
            if (made != null) {
                talk(made);
            }
            attempt("stop", BOUND, seed % 2 == 0 ? client::stopAsync : client::forceStopAsync);
            client.close();
            // Whatever was still waited for ends with the client.
            Fake.eventually("calls of seed " + seed + " end with their client", () -> pending.stream().allMatch(Operation::isDone));
        }
    }

    private static int entries(String folder) {
        try (Stream<Path> all = Files.list(Path.of(folder))) {
            return (int) all.count();
        } catch (IOException gone) {
            return 0;
        }
    }

    private static boolean isOurs(Thread thread) {
        return thread.getName().startsWith("copilot-callbacks");
    }

    private static long callbackThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(AdversaryTest::isOurs).count();
    }

    @Test
    void everyCallEndsAndNothingStays() throws Exception {
        Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/fd")), "descriptors are counted in /proc");
        String chosen = System.getenv().getOrDefault("ADVERSARY_SEEDS", "0..24");
        String[] ends = chosen.split("\\.\\.");
        int from = Integer.parseInt(ends[0]);
        int to = ends.length > 1 ? Integer.parseInt(ends[1]) : from + 1;
        // The first client starts what lives as long as the process.
        try (CopilotClient client = Fake.client()) {
            client.start();
        }
        long threads = callbackThreads();
        long others = ProcessHandle.current().children().count();
        int descriptors = entries("/proc/self/fd");
        ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE);
        List<Future<?>> lives = new ArrayList<>();
        for (int seed = from; seed < to; seed++) {
            Life life = new Life(seed);
            lives.add(workers.submit(() -> {
                life.live();
                return null;
            }));
        }
        for (Future<?> life : lives) {
            life.get();
        }
        workers.shutdown();
        assertTrue(workers.awaitTermination(BOUND, TimeUnit.MILLISECONDS));
        assertTrue(to - from < 20 || outcomes.size() > 4, () -> "the adversary does little: " + outcomes);
        Fake.eventually("threads of seeds " + chosen + " end", () -> callbackThreads() <= threads);
        Fake.eventually("runtimes of seeds " + chosen + " end", () -> ProcessHandle.current().children().count() <= others);
        Fake.eventually("descriptors of seeds " + chosen + " are closed", () -> {
            System.gc();
            // The collector and the class loader open some of their own.
            return entries("/proc/self/fd") <= descriptors + 4;
        });
    }
}
