// The plan of README.md through the Java package.

import com.google.gson.Gson;
import com.google.gson.JsonParser;
import io.github.copilotnative.Answers;
import io.github.copilotnative.Connection;
import io.github.copilotnative.CopilotClient;
import io.github.copilotnative.CopilotClientOptions;
import io.github.copilotnative.CopilotException;
import io.github.copilotnative.CopilotSession;
import io.github.copilotnative.Operation;
import io.github.copilotnative.SessionConfig;
import io.github.copilotnative.Tool;
import io.github.copilotnative.generated.ErrorKind;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

public final class Door {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Gson GSON = new Gson();
    private static final BufferedReader STDIN = new BufferedReader(new InputStreamReader(System.in));

    private record Result(String step, String kind, String message, String force) {
        static final Result NOTHING = new Result("", "", "", "");
    }

    private record Sample(List<Long> micros, int[] failures) {
        String line() {
            return GSON.toJson(Map.of("micros", micros, "failed", failures[0]));
        }
    }

    private static Sample sample = new Sample(new ArrayList<>(), new int[1]);

    private Door() {}

    private static String plan(String name) {
        return System.getenv().getOrDefault("FAULTS_" + name, "");
    }

    private static int number(String name) {
        return Integer.parseInt(plan(name));
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static CopilotClient newClient() {
        Connection connection = switch (plan("CONNECTION")) {
            case "tcp" -> Connection.tcp();
            case "inprocess" -> Connection.inProcess();
            default -> Connection.stdio();
        };
        CopilotClientOptions options = new CopilotClientOptions();
        options.connection(connection.path(plan("RUNTIME"))).useLoggedInUser(false);
        if (!plan("OPTIONS").isEmpty()) {
            JsonParser.parseString(plan("OPTIONS")).getAsJsonObject().asMap().forEach(options::set);
        }
        if (!plan("HOME").isEmpty()) {
            options.baseDirectory(plan("HOME"));
        }
        return new CopilotClient(options);
    }

    private static SessionConfig config(boolean aloud) {
        Map<String, Object> schema = Map.of("type", "object", "properties", Map.of());
        return new SessionConfig()
            .setAll(JsonParser.parseString(plan("SESSION")))
            .tool(Tool.ofSchema("probe", "Answers ok", schema, (arguments, call) -> {
                if (aloud) {
                    say("tool");
                    if (plan("TOOL").equals("wait")) {
                        CountDownLatch unwanted = new CountDownLatch(1);
                        call.onCancel(unwanted::countDown);
                        unwanted.await();
                    }
                }
                return "ok";
            }))
            .onPermission((question, call) -> Answers.Permission.approveOnce());
    }

    /** Start, session, turn and stop; the first that fails is told, and the client stopped by force. */
    private static Result turn() {
        CopilotClient client = newClient();
        CopilotSession[] session = new CopilotSession[1];
        Map<String, Supplier<Operation<?>>> steps = new LinkedHashMap<>();
        steps.put("start", client::startAsync);
        steps.put("create", () -> plan("RESUME").isEmpty()
            ? client.createSessionAsync(config(true))
            : client.resumeSessionAsync(plan("RESUME"), config(true)));
        Object once = plan("KEY").isEmpty() ? null : Map.of("idempotencyKey", plan("KEY"));
        steps.put("turn", () -> session[0].sendAndWaitAsync("go", once));
        steps.put("stop", client::stopAsync);
        for (Map.Entry<String, Supplier<Operation<?>>> step : steps.entrySet()) {
            boolean hangs = plan("HANGS").equals(step.getKey());
            try {
                Object value = step.getValue().get().await(hangs ? Duration.ofMillis(number("LIMIT")) : LIMIT);
                if (value instanceof CopilotSession made) {
                    session[0] = made;
                }
            } catch (CopilotException error) {
                String force = "";
                try {
                    client.forceStopAsync().await(LIMIT);
                } catch (CopilotException again) {
                    force = again.kind() + ": " + again.getMessage();
                }
                client.close();
                return new Result(step.getKey(), String.valueOf(error.kind()), error.getMessage(), force);
            }
        }
        client.close();
        return Result.NOTHING;
    }

    /** Waits until the driver has looked at this process. */
    private static void mark() throws Exception {
        System.gc();
        say("mark");
        STDIN.readLine();
    }

    private static Result cycles() throws Exception {
        for (int cycle = 0; cycle < number("COUNT"); cycle++) {
            if (cycle == number("WARM")) {
                mark();
            }
            CopilotClient client = newClient();
            client.createSession(config(false)).sendAndWait("go", LIMIT);
            client.stop();
            client.close();
        }
        mark();
        return Result.NOTHING;
    }

    private static void timed(Runnable call) throws InterruptedException {
        long start = System.nanoTime();
        try {
            call.run();
            sample.micros.add((System.nanoTime() - start) / 1000);
        } catch (CopilotException error) {
            sample.failures[0]++;
            System.err.println(error);
        }
        Thread.sleep(10);
    }

    private static void endRound(CopilotClient client, CopilotSession session, int number) {
        if (number % 3 == 0) {
            client.stop();
            return;
        }
        if (number % 3 == 2) {
            try {
                session.sendAndWait("die", LIMIT);
                sample.failures[0]++;
            } catch (CopilotException error) {
                boolean right = error.kind() == ErrorKind.PROCESS_EXITED || error.kind() == ErrorKind.SESSION_CLOSED;
                sample.failures[0] += right ? 0 : 1;
            }
        }
        client.forceStop();
    }

    /** One round of conversations; every third ends politely, by force, by a runtime that dies in a turn. */
    private static void round(int number) throws InterruptedException {
        try (CopilotClient client = newClient()) {
            timed(client::start);
            CopilotSession session = client.createSession(config(false));
            for (int turn = 0; turn < 20; turn++) {
                CopilotSession now = session;
                String prompt = turn % 5 == 4 ? "tool" : "hello";
                timed(() -> now.sendAndWait(prompt, LIMIT));
                if (turn % 7 == 6) {
                    session.send("long");
                    session.abort();
                    session.disconnect();
                    session = client.createSession(config(false));
                }
            }
            endRound(client, session, number);
        }
    }

    private static Result soak() throws InterruptedException {
        long end = System.nanoTime() + number("SECONDS") * 1_000_000_000L;
        long told = System.nanoTime();
        for (int number = 0; System.nanoTime() < end; number++) {
            round(number);
            if (System.nanoTime() - told >= number("INTERVAL") * 1_000_000_000L) {
                say(sample.line());
                sample = new Sample(new ArrayList<>(), new int[1]);
                told = System.nanoTime();
            }
        }
        return Result.NOTHING;
    }

    public static void main(String[] args) throws Exception {
        Result result = switch (plan("MODE")) {
            case "cycles" -> cycles();
            case "soak" -> soak();
            default -> turn();
        };
        say(GSON.toJson(result));
    }
}
