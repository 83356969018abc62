// Every measure through the Java package.

import io.github.copilotnative.Answers;
import io.github.copilotnative.Connection;
import io.github.copilotnative.CopilotClient;
import io.github.copilotnative.CopilotClientOptions;
import io.github.copilotnative.CopilotEvent;
import io.github.copilotnative.CopilotSession;
import io.github.copilotnative.SessionConfig;
import io.github.copilotnative.Tool;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

public final class Bench {
    private static final int FLIGHT = 64;
    private static final Map<String, Double> REPORT = new TreeMap<>();
    private static final AtomicLong CALLS = new AtomicLong();
    private static CopilotClient client;

    private Bench() {}

    private static int number(String name) {
        return Integer.parseInt(System.getenv(name));
    }

    private static double seconds() {
        return System.nanoTime() / 1e9;
    }

    private static double cpu() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime() / 1e9;
    }

    /** A line of /proc/self/status, in KB. */
    private static double status(String line) {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(text -> text.startsWith(line))
                .mapToDouble(text -> Double.parseDouble(text.substring(line.length()).trim().split(" ")[0]))
                .findFirst().orElse(0);
        } catch (IOException none) {
            return 0;
        }
    }

    private static void times(String name, double[] micros, int count) {
        if (count == 0) {
            return;
        }
        double[] sorted = Arrays.copyOf(micros, count);
        Arrays.sort(sorted);
        REPORT.put(name + "_p50_us", sorted[(count - 1) / 2]);
        REPORT.put(name + "_p99_us", sorted[(count - 1) * 99 / 100]);
    }

    /** What a handler has seen. Written where handlers run, read after {@code done}. */
    private static final class Seen {
        private int deltas;
        private long text;
        private long first;
        private double[] latencies;
        private final CountDownLatch done = new CountDownLatch(1);

        void event(CopilotEvent event) {
            if (event.type().equals("assistant.message_delta")) {
                String delta = event.getText("/data/deltaContent");
                if (latencies != null) {
                    Instant now = Instant.now();
                    latencies[deltas] = now.getEpochSecond() * 1e6 + now.getNano() / 1e3 - leading(delta);
                }
                deltas++;
                first = first == 0 ? delta.length() : first;
                text += delta.length();
            } else if (event.type().equals("session.idle")) {
                done.countDown();
            }
        }

        private static double leading(String text) {
            int end = 0;
            while (end < text.length() && "0123456789.".indexOf(text.charAt(end)) >= 0) {
                end++;
            }
            return Double.parseDouble(text.substring(0, end));
        }

        /** Ends at the latest with the limit: what had not come counts as lost. */
        void await() throws InterruptedException {
            done.await(number("BENCH_LIMIT"), TimeUnit.SECONDS);
        }
    }

    private static CopilotSession open(Seen seen) {
        SessionConfig config = new SessionConfig()
            .streaming(true)
            .tool(Tool.ofSchema("bench", "Answers ok", Map.of("type", "object"), (arguments, call) -> {
                CALLS.incrementAndGet();
                return "ok";
            }))
            .onPermission((question, call) -> Answers.Permission.approveOnce());
        CopilotSession session = client.createSession(config);
        session.on(seen::event);
        return session;
    }

    private static void turn(String prompt, Seen seen) throws InterruptedException {
        CopilotSession session = open(seen);
        session.send(prompt);
        seen.await();
        session.close();
    }

    private static void pings() throws InterruptedException {
        double[] micros = new double[number("BENCH_PINGS")];
        for (int n = 0; n < micros.length; n++) {
            double start = seconds();
            client.ping("x");
            micros[n] = (seconds() - start) * 1e6;
        }
        times("ping", micros, micros.length);
        int count = number("BENCH_FLIGHT");
        AtomicLong left = new AtomicLong(count - FLIGHT);
        CountDownLatch all = new CountDownLatch(count);
        double start = seconds();
        for (int n = 0; n < FLIGHT; n++) {
            next(left, all);
        }
        all.await();
        REPORT.put("pings_per_s", count / (seconds() - start));
    }

    private static void next(AtomicLong left, CountDownLatch all) {
        client.pingAsync("x").thenRun(() -> {
            if (left.decrementAndGet() >= 0) {
                next(left, all);
            }
            all.countDown();
        });
    }

    private static void flood(String name, int count, int bytes) throws Exception {
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5");
        } catch (IOException none) {
            // The peak is that of the whole run then.
        }
        Seen seen = new Seen();
        double memory = status("VmRSS:");
        double start = seconds();
        double spent = cpu();
        turn("flood " + count + " " + bytes, seen);
        double full = (double) (seen.text / Math.max(seen.first, 1));
        REPORT.put(name + "_per_s", full / (seconds() - start));
        REPORT.put(name + "_cpu_s", (cpu() - spent) * 1e5 / Math.max(full, 1));
        REPORT.put(name + "_peak_mb", (status("VmHWM:") - memory) / 1024);
        REPORT.put(name + "_lost", count - full);
    }

    private static void paced() throws InterruptedException {
        int count = number("BENCH_PACED");
        Seen seen = new Seen();
        seen.latencies = new double[count];
        turn("paced " + count, seen);
        REPORT.put("paced_lost", (double) (count - seen.deltas));
        times("delta", seen.latencies, seen.deltas);
    }

    private static void tools(int inFlight) throws InterruptedException {
        int count = number("BENCH_TOOLS");
        CALLS.set(0);
        double start = seconds();
        turn("tools " + count + " " + inFlight, new Seen());
        REPORT.put("tools" + inFlight + "_per_s", CALLS.get() / (seconds() - start));
        REPORT.put("tools" + inFlight + "_lost", (double) (count - CALLS.get()));
    }

    private static void sessions() {
        List<CopilotSession> made = new ArrayList<>();
        int count = number("BENCH_SESSIONS");
        double memory = status("VmRSS:");
        double start = seconds();
        for (int n = 0; n < count; n++) {
            made.add(open(new Seen()));
        }
        REPORT.put("sessions_per_s", count / (seconds() - start));
        REPORT.put("session_kb", (status("VmRSS:") - memory) / count);
        made.forEach(CopilotSession::close);
    }

    private static void streams() throws InterruptedException {
        int events = number("BENCH_STREAM_EVENTS");
        List<Seen> all = new ArrayList<>();
        List<CopilotSession> made = new ArrayList<>();
        for (int n = 0; n < number("BENCH_STREAMS"); n++) {
            Seen seen = new Seen();
            all.add(seen);
            made.add(open(seen));
        }
        double start = seconds();
        made.forEach(session -> session.sendAsync("flood " + events + " 64", null));
        long deltas = 0;
        for (Seen seen : all) {
            seen.await();
            deltas += seen.deltas;
        }
        REPORT.put("streams_ms", (seconds() - start) * 1e3);
        REPORT.put("streams_lost", (double) ((long) all.size() * events - deltas));
    }

    public static void main(String[] args) throws Exception {
        double start = seconds();
        client = new CopilotClient(
            new CopilotClientOptions().connection(Connection.stdio().path(System.getenv("BENCH_FAKE"))));
        client.start();
        REPORT.put("start_ms", (seconds() - start) * 1e3);
        pings();
        flood("flood64", number("BENCH_FLOOD"), 64);
        flood("flood4k", number("BENCH_FLOOD_BIG"), 4096);
        paced();
        tools(1);
        tools(16);
        sessions();
        streams();
        start = seconds();
        client.stop();
        REPORT.put("stop_ms", (seconds() - start) * 1e3);
        client.close();
        StringJoiner line = new StringJoiner(",", "{", "}");
        REPORT.forEach((name, value) -> line.add(String.format(Locale.ROOT, "\"%s\":%.4f", name, value)));
        System.out.println(line);
    }
}
