package io.github.copilotnative.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.copilotnative.CopilotException;
import io.github.copilotnative.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Runs the conformance cases through the package: {@code Runner FOLDER-OF-tests/conformance [NAME…]}. The peers are named by
 * COPILOT_FAKE_RUNTIME, COPILOT_FAKE_LIBRARY, COPILOT_SCRIPTED_MODEL and COPILOT_CLI_PATH; CONFORMANCE_LEVEL and CONFORMANCE_RUNTIME
 * choose.
 */
public final class Runner {
    private static final long LIMIT_SECONDS = 60;
    /** Handlers that throw on purpose would fill the output. */
    private static final Logger QUIET = Logger.getLogger("io.github.copilotnative");

    private int passed;
    private int failed;
    private int skipped;
    private final PrintWriter report;

    private Runner(PrintWriter report) {
        this.report = report;
    }

    /** Runs them; ends with 1 when one failed. */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        List<String> names = Arrays.asList(args).subList(1, args.length);
        String file = Peers.variable("CONFORMANCE_REPORT");
        QUIET.setLevel(Level.OFF);
        int code;
        try (PrintWriter report = file.isEmpty() ? null : new PrintWriter(file, StandardCharsets.UTF_8)) {
            code = new Runner(report).runAll(folder, names);
        }
        System.exit(code);
    }

    private int runAll(Path folder, List<String> names) throws IOException, InterruptedException {
        JsonElement lacking = Json.get(Json.parse(Files.readString(folder.resolve("surfaces.json"))), "/java");
        List<Path> files;
        try (Stream<Path> found = Files.list(folder.resolve("cases"))) {
            files = found.filter(path -> path.toString().endsWith(".json")).sorted().toList();
        }
        for (Path file : files) {
            JsonObject test = Json.parse(Files.readString(file)).getAsJsonObject();
            if (names.isEmpty() ? isOfLevel(test) : names.contains(test.get("name").getAsString())) {
                runCase(test, lacking == null ? new JsonObject() : lacking.getAsJsonObject());
            }
        }
        System.out.println("conformance java: " + passed + " passed, " + failed + " failed, " + skipped + " skipped");
        return failed > 0 || passed == 0 ? 1 : 0;
    }

    private static boolean isOfLevel(JsonObject test) {
        String level = Peers.variable("CONFORMANCE_LEVEL");
        return level.isEmpty() || level.equals("all") || test.getAsJsonArray("levels").contains(Json.tree(level));
    }

    private void runCase(JsonObject test, JsonObject lacking) throws InterruptedException {
        String name = test.get("name").getAsString();
        List<String> missing = World.list(test.get("features")).stream().map(JsonElement::getAsString).filter(lacking::has).toList();
        String only = Peers.variable("CONFORMANCE_RUNTIME");
        for (JsonElement runtime : test.getAsJsonArray("runtime")) {
            boolean isReal = runtime.getAsString().equals("real");
            if (!only.isEmpty() && !only.equals("all") && !only.equals(runtime.getAsString())) {
                continue;
            }
            String full = name + (isReal && test.getAsJsonArray("runtime").size() > 1 ? "@real" : "");
            long begin = System.nanoTime();
            if (!missing.isEmpty()) {
                note(full, "skip", "needs " + String.join(", ", missing), begin);
            } else if (isReal && Peers.variable("COPILOT_CLI_PATH").isEmpty()) {
                note(full, "skip", "no COPILOT_CLI_PATH", begin);
            } else {
                String wrong = limited(test, isReal);
                note(full, wrong == null ? "pass" : "fail", wrong == null ? "" : wrong, begin);
            }
        }
    }

    private void note(String name, String status, String reason, long begin) {
        switch (status) {
            case "pass" -> passed++;
            case "fail" -> failed++;
            default -> skipped++;
        }
        String shown = reason.length() > 700 ? reason.substring(0, 700) : reason;
        System.out.printf("%s %s (%.2f s) %s%n", status, name, (System.nanoTime() - begin) / 1e9, shown);
        if (report != null) {
            JsonObject line = new JsonObject();
            line.addProperty("surface", "java");
            line.addProperty("case", name);
            line.addProperty("status", status);
            line.addProperty("reason", shown);
            report.println(line);
            report.flush();
        }
    }

    /** What was wrong with a case, or null. */
    private static String limited(JsonObject test, boolean isReal) throws InterruptedException {
        FutureTask<String> task = new FutureTask<>(() -> one(test, isReal));
        Thread thread = new Thread(task, "case");
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            thread.interrupt();
            return "took over " + LIMIT_SECONDS + " s at " + Arrays.toString(thread.getStackTrace());
        } catch (ExecutionException failed) {
            return String.valueOf(failed.getCause());
        }
    }

    private static String one(JsonObject test, boolean isReal) throws Exception {
        try (World world = new World(test, isReal)) {
            Verbs verbs = new Verbs(world);
            int number = 0;
            for (JsonElement step : test.getAsJsonArray("steps")) {
                number++;
                try {
                    verbs.step(step);
                } catch (CopilotException error) {
                    return "step " + number + ": " + error.kind().wireName() + " " + error.getMessage();
                } catch (StepFailed error) {
                    return "step " + number + ": " + error.getMessage();
                }
            }
            if (!test.has("allow_failures")) {
                for (JsonObject line : world.recording()) {
                    if ("failure".equals(Json.text(line.get("dir")))) {
                        return "the fake runtime: " + line.get("text");
                    }
                }
            }
            return null;
        }
    }
}
