package io.github.copilotnative.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.copilotnative.Connection;
import io.github.copilotnative.CopilotClient;
import io.github.copilotnative.CopilotClientOptions;
import io.github.copilotnative.CopilotEvent;
import io.github.copilotnative.CopilotException;
import io.github.copilotnative.CopilotSession;
import io.github.copilotnative.Json;
import io.github.copilotnative.SessionConfig;
import io.github.copilotnative.Subscription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** One case while it runs: its peers, clients, sessions, kept events and stored values. */
final class World implements AutoCloseable {
    final boolean real;
    final Path home;
    final Path record;
    final Path script;
    final Peers peers = new Peers();
    final Map<String, JsonElement> names = new ConcurrentHashMap<>();
    final Map<String, CopilotClient> clients = new ConcurrentHashMap<>();
    final Map<String, CopilotSession> sessions = new ConcurrentHashMap<>();
    final Map<String, List<CopilotEvent>> kept = new ConcurrentHashMap<>();
    final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();
    final Map<String, Future<JsonElement>> begun = new ConcurrentHashMap<>();
    final Map<String, Future<String[]>> iterations = new ConcurrentHashMap<>();

    World(JsonObject test, boolean real) throws IOException {
        this.real = real;
        home = Files.createTempDirectory("conformance-");
        record = home.resolve("recording.jsonl");
        script = home.resolve("script.json");
        Files.writeString(script, test.has("fake") ? test.get("fake").toString() : "{}");
        names.put("home", Json.tree(home.toString()));
        if (real) {
            Path model = home.resolve("model.json");
            Files.writeString(model, test.has("model") ? test.get("model").toString() : "[]");
            String url = peers.start(List.of(Peers.variable("COPILOT_SCRIPTED_MODEL"), "--script", model.toString()), null);
            names.put("modelUrl", Json.tree(url));
        }
    }

    @Override
    public void close() {
        for (CopilotClient client : clients.values()) {
            try {
                client.forceStop();
            } catch (CopilotException gone) {
                // It is gone already.
            }
            client.close();
        }
        peers.close();
        Peers.removeAll(home);
    }

    // -- what a case names

    static String text(JsonObject args, String name, String otherwise) {
        String found = Json.text(args.get(name));
        return found == null ? otherwise : found;
    }

    CopilotClient client(JsonObject args) {
        return named(clients, text(args, "client", "client"));
    }

    CopilotSession session(JsonObject args) {
        return named(sessions, text(args, "session", "session"));
    }

    List<CopilotEvent> events(JsonObject args) {
        return named(kept, text(args, "subscription", text(args, "session", "session")));
    }

    static <T> T named(Map<String, T> all, String name) {
        T found = all.get(name);
        if (found == null) {
            throw new StepFailed("nothing is called " + name);
        }
        return found;
    }

    static List<JsonElement> list(JsonElement json) {
        return json instanceof JsonArray array ? array.asList() : List.of();
    }

    // -- recording

    List<JsonObject> recording() {
        List<JsonObject> lines = new ArrayList<>();
        try {
            String text = Files.readString(record);
            for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
                if (!line.isEmpty()) {
                    lines.add(Json.parse(line).getAsJsonObject());
                }
            }
        } catch (IOException none) {
            // Nothing was recorded yet.
        }
        return lines;
    }

    /** What this program sent. */
    List<JsonObject> frames() {
        List<JsonObject> frames = new ArrayList<>();
        for (JsonObject line : recording()) {
            if ("in".equals(Json.text(line.get("dir"))) && line.getAsJsonObject("frame").has("method")) {
                frames.add(line.getAsJsonObject("frame"));
            }
        }
        return frames;
    }

    ProcessHandle runtime() {
        for (JsonObject line : recording()) {
            if ("start".equals(Json.text(line.get("dir")))) {
                return ProcessHandle.of(line.get("pid").getAsLong()).orElse(null);
            }
        }
        throw new StepFailed("the recording names no process");
    }

    // -- clients and sessions

    private List<String> arguments() {
        return real ? List.of() : List.of("--script", script.toString(), "--record", record.toString());
    }

    private Connection connection(JsonObject args) throws IOException {
        String path = Json.text(Json.get(args, "/options/path"));
        String program = path != null ? path : Peers.variable(real ? "COPILOT_CLI_PATH" : "COPILOT_FAKE_RUNTIME");
        switch (text(args, "connection", "stdio")) {
            case "uri":
                String url = text(args, "url", null);
                if (url == null) {
                    List<String> command = new ArrayList<>(List.of(program));
                    command.addAll(arguments());
                    command.addAll(List.of("--port", "0"));
                    url = "127.0.0.1:" + peers.start(command, text(args, "serverToken", null));
                }
                return Connection.uri(url).token(text(args, "token", null));
            case "inprocess":
                // The library finds there which program plays the runtime.
                List<String> words = new ArrayList<>(List.of(program));
                words.addAll(arguments());
                Files.writeString(home.resolve("fake-runtime"), String.join("\n", words));
                return Connection.inProcess().path(Peers.variable("COPILOT_FAKE_LIBRARY"));
            case "tcp":
                return Connection.tcp().path(program).args(arguments()).token(text(args, "token", null));
            default:
                return Connection.stdio().path(program).args(arguments());
        }
    }

    CopilotClient makeClient(JsonObject args, String name) throws IOException {
        CopilotClientOptions options = new CopilotClientOptions().connection(connection(args));
        String kind = text(args, "connection", "stdio");
        if (kind.equals("inprocess")) {
            options.baseDirectory(home.toString());
        }
        Map<String, String> env = new java.util.HashMap<>(System.getenv());
        boolean isOwnEnv = real && !kind.equals("uri");
        if (real) {
            env.put("COPILOT_HOME", home.resolve("copilot").toString());
            options.useLoggedInUser(false);
        }
        if (args.has("options")) {
            for (Map.Entry<String, JsonElement> option : args.getAsJsonObject("options").entrySet()) {
                if (option.getKey().equals("env")) {
                    option.getValue().getAsJsonObject().entrySet().forEach(each -> env.put(each.getKey(), each.getValue().getAsString()));
                    isOwnEnv = true;
                } else if (!option.getKey().equals("path")) {
                    options.set(option.getKey(), option.getValue());
                }
            }
        }
        if (isOwnEnv) {
            options.env(env);
        }
        Canned.client(args, options, () -> clients.get(name));
        CopilotClient client = new CopilotClient(options);
        clients.put(name, client);
        return client;
    }

    JsonObject open(JsonObject args, boolean resume) {
        String name = text(args, "as", "session");
        List<CopilotEvent> events = new CopyOnWriteArrayList<>();
        kept.put(name, events);
        SessionConfig config = new SessionConfig().onEvent(events::add);
        if (args.has("config")) {
            config.setAll(args.get("config"));
        }
        Canned.session(args, config);
        CopilotClient client = client(args);
        CopilotSession session =
            resume ? client.resumeSession(text(args, "sessionId", null), config) : client.createSession(config);
        sessions.put(name, session);
        JsonObject stored = new JsonObject();
        stored.addProperty("id", session.id());
        names.put(name, stored);
        return stored;
    }

    /** Looks at once, then again until the time is over. */
    static void until(JsonObject args, Supplier<String> wrong) throws InterruptedException {
        long within = args.has("within_ms") ? args.get("within_ms").getAsLong() : 5000;
        long end = System.nanoTime() + within * 1_000_000;
        for (;;) {
            String found = wrong.get();
            if (found == null) {
                return;
            }
            if (System.nanoTime() >= end) {
                throw new StepFailed("not seen within " + within + " ms: " + found);
            }
            Thread.sleep(10);
        }
    }
}
