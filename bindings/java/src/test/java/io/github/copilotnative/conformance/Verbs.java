package io.github.copilotnative.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.copilotnative.Counters;
import io.github.copilotnative.CopilotClient;
import io.github.copilotnative.CopilotEvent;
import io.github.copilotnative.CopilotException;
import io.github.copilotnative.CopilotSession;
import io.github.copilotnative.EventStream;
import io.github.copilotnative.Json;
import io.github.copilotnative.Subscription;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;

/** The verbs of the cases. */
final class Verbs {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private final World world;

    Verbs(World world) {
        this.world = world;
    }

    /** Does a step; its result. */
    JsonElement step(JsonElement step) throws Exception {
        Map.Entry<String, JsonElement> only = step.getAsJsonObject().entrySet().iterator().next();
        String verb = only.getKey();
        switch (verb) {
            case "expect_error":
                expectError(only.getValue().getAsJsonObject());
                return null;
            case "parallel":
                parallel(only.getValue().getAsJsonObject());
                return null;
            case "begin":
                JsonObject begin = only.getValue().getAsJsonObject();
                world.begun.put(begin.get("as").getAsString(), launch(() -> step(begin.get("step"))));
                return null;
            default:
        }
        JsonObject args = Matching.resolve(only.getValue(), world.names).getAsJsonObject();
        JsonElement result = act(verb, args);
        if (args.has("expect") && !Matching.matches(args.get("expect"), result == null ? JsonNull.INSTANCE : result)) {
            throw new StepFailed(verb + ": " + result + " does not match " + args.get("expect"));
        }
        if (args.has("as") && result != null) {
            world.names.put(args.get("as").getAsString(), result);
        }
        return result;
    }

    private JsonElement act(String verb, JsonObject args) throws Exception {
        switch (verb) {
            case "client" -> world.makeClient(args, World.text(args, "as", "client"));
            case "start" -> start(args);
            case "stop" -> world.client(args).stop();
            case "force_stop" -> world.client(args).forceStop();
            case "kill_runtime" -> world.runtime().destroyForcibly();
            case "abort" -> world.session(args).abort();
            case "disconnect" -> world.session(args).disconnect();
            case "on" -> on(args);
            case "off" -> World.named(world.subscriptions, args.get("subscription").getAsString()).close();
            case "iterate" -> iterate(args);
            case "iteration" -> iteration(args);
            case "listen_after_create" -> listenAfterCreate(args);
            case "sleep" -> Thread.sleep(args.get("ms").getAsLong());
            default -> {
                return ask(verb, args);
            }
        }
        return null;
    }

    /** Verbs with a result. */
    private JsonElement ask(String verb, JsonObject args) throws Exception {
        switch (verb) {
            case "ping":
                return world.client(args).ping(World.text(args, "message", null));
            case "list_models":
                JsonArray models = new JsonArray();
                world.client(args).listModels().forEach(models::add);
                return models;
            case "host":
                JsonObject options = args.getAsJsonObject("options").deepCopy();
                options.addProperty("authenticate", true);
                return world.client(args).startAhpHost(options);
            case "invoke":
                Duration limit = args.has("timeout_ms") ? Duration.ofMillis(args.get("timeout_ms").getAsLong()) : null;
                JsonElement params = args.get("params") == null || args.get("params").isJsonNull() ? null : args.get("params");
                return world.client(args).invoke(args.get("method").getAsString(), params, limit);
            case "create":
                return world.open(args, false);
            case "resume":
                return world.open(args, true);
            case "send":
                return Json.tree(world.session(args).send(args.get("prompt").getAsString()));
            case "send_and_wait":
                return sendAndWait(args);
            case "await":
                return ended(World.named(world.begun, args.get("name").getAsString()));
            default:
                look(verb, args);
                return null;
        }
    }

    private void look(String verb, JsonObject args) throws Exception {
        switch (verb) {
            case "expect_no_process" -> World.until(args, () -> {
                ProcessHandle runtime = world.runtime();
                return runtime == null || !runtime.isAlive() ? null : "process " + runtime.pid() + " is gone";
            });
            case "get_events" -> getEvents(args);
            case "counters" -> counters(args);
            case "expect_event" -> expectEvent(args);
            case "expect_events_in_order" -> World.until(args, () ->
                Matching.inOrder(World.list(args.get("events")), trees(world.events(args)))
                    ? null : args.get("events") + " in " + types(world.events(args)));
            case "expect_sequence" -> expectSequence(args);
            case "expect_value" -> expectValue(args);
            case "received" -> received(args);
            case "received_in_order" -> World.until(args, () -> receivedInOrder(args));
            case "model_received" -> World.until(args, () -> modelReceived(args));
            default -> throw new StepFailed("this runner does not know the verb " + verb);
        }
    }

    // -- clients

    private void start(JsonObject args) throws IOException {
        String name = World.text(args, "client", "client");
        CopilotClient client = world.clients.get(name);
        (client == null ? world.makeClient(args, name) : client).start();
    }

    // -- sessions

    private JsonElement sendAndWait(JsonObject args) {
        CopilotSession session = world.session(args);
        String prompt = args.get("prompt").getAsString();
        Map<String, Object> options = new HashMap<>();
        if (args.has("timeout_ms")) options.put("timeoutMs", args.get("timeout_ms").getAsLong());
        if (args.has("idempotency_key")) options.put("idempotencyKey", args.get("idempotency_key").getAsString());
        CopilotEvent event = session.sendAndWait(prompt, options);
        return event == null ? JsonNull.INSTANCE : event.json();
    }

    private void listenAfterCreate(JsonObject args) throws InterruptedException {
        List<List<CopilotEvent>> all = new ArrayList<>();
        List<CopilotSession> kept = new ArrayList<>();
        for (int n = args.get("count").getAsInt(); n > 0; n--) {
            List<CopilotEvent> events = new CopyOnWriteArrayList<>();
            CopilotSession session = world.client(args).createSession();
            session.on(events::add);
            all.add(events);
            kept.add(session);
        }
        String type = args.get("type").getAsString();
        Predicate<List<CopilotEvent>> saw = events -> events.stream().anyMatch(event -> event.type().equals(type));
        World.until(args, () -> all.stream().allMatch(saw) ? null : type + " by all");
        kept.forEach(CopilotSession::close);
    }

    private void on(JsonObject args) {
        List<CopilotEvent> events = new CopyOnWriteArrayList<>();
        boolean isThrowing = args.has("throws") && args.get("throws").getAsBoolean();
        Subscription added = world.session(args).on(event -> {
            events.add(event);
            if (isThrowing) {
                throw new IllegalStateException("the handler failed");
            }
        });
        world.kept.put(args.get("as").getAsString(), events);
        world.subscriptions.put(args.get("as").getAsString(), added);
    }

    private void iterate(JsonObject args) {
        EventStream events = world.session(args).events();
        FutureTask<String[]> task = new FutureTask<>(() -> {
            String last = "";
            try (events) {
                for (CopilotEvent event : events) {
                    last = event.type();
                }
                return new String[] {"done", last};
            } catch (CopilotException error) {
                return new String[] {error.kind().wireName(), last};
            }
        });
        new Thread(task, "iteration").start();
        world.iterations.put(args.get("as").getAsString(), task);
    }

    private void iteration(JsonObject args) throws Exception {
        String[] found = World.named(world.iterations, args.get("name").getAsString()).get();
        if (!found[0].equals(args.get("ended").getAsString()) || !found[1].equals(args.get("last").getAsString())) {
            throw new StepFailed("it ended with " + found[0] + " after " + found[1]);
        }
    }

    // -- looking

    private static List<JsonObject> trees(List<CopilotEvent> events) {
        return events.stream().map(CopilotEvent::json).toList();
    }

    private static List<String> types(List<CopilotEvent> events) {
        return events.stream().map(CopilotEvent::type).toList();
    }

    private void getEvents(JsonObject args) {
        List<CopilotEvent> events = world.session(args).getEvents();
        if (!Matching.inOrder(World.list(args.get("expect_in_order")), trees(events))) {
            throw new StepFailed("not in this order: " + types(events));
        }
        for (JsonElement type : World.list(args.get("absent"))) {
            if (types(events).contains(type.getAsString())) {
                throw new StepFailed("the history holds " + type);
            }
        }
    }

    private void counters(JsonObject args) throws InterruptedException {
        CopilotSession session = world.session(args);
        World.until(args, () -> {
            Counters found = session.counters();
            boolean isEnough = found.received() >= number(args, "received_at_least")
                && found.delivered() >= number(args, "delivered_at_least");
            return isEnough ? null : found.toString();
        });
    }

    private static long number(JsonObject args, String name) {
        return args.has(name) ? args.get(name).getAsLong() : 0;
    }

    private void expectEvent(JsonObject args) throws InterruptedException {
        JsonObject pattern = new JsonObject();
        pattern.add("type", args.get("type"));
        if (args.has("data")) {
            pattern.add("data", args.get("data"));
        }
        List<CopilotEvent> events = world.events(args);
        if (args.has("absent") && args.get("absent").getAsBoolean()) {
            Thread.sleep(100);
            if (events.stream().anyMatch(event -> Matching.matches(pattern, event.json()))) {
                throw new StepFailed("an event matches " + pattern);
            }
            return;
        }
        World.until(args, () -> events.stream().anyMatch(event -> Matching.matches(pattern, event.json()))
            ? null : pattern + " in " + types(events));
    }

    private void expectSequence(JsonObject args) throws InterruptedException {
        int count = args.get("count").getAsInt();
        List<CopilotEvent> events = world.events(args);
        String pointer = "/data/" + args.get("field").getAsString();
        World.until(args, () -> numbers(events, args, pointer).size() >= count ? null : count + " events");
        List<Long> found = numbers(events, args, pointer);
        for (int n = 0; n < found.size(); n++) {
            if (found.get(n) != n) {
                throw new StepFailed("number " + found.get(n) + " stands at " + n);
            }
        }
        if (found.size() != count) {
            throw new StepFailed(found.size() + " events instead of " + count);
        }
    }

    private static List<Long> numbers(List<CopilotEvent> events, JsonObject args, String pointer) {
        String type = args.get("type").getAsString();
        List<Long> found = new ArrayList<>();
        for (CopilotEvent event : events) {
            if (event.type().equals(type) && event.get(pointer) != null) {
                found.add(event.get(pointer).getAsLong());
            }
        }
        return found;
    }

    private static void expectValue(JsonObject args) {
        JsonElement value = args.get("value");
        if (args.has("equals") && !value.equals(args.get("equals"))) {
            throw new StepFailed(value + " is not " + args.get("equals"));
        }
        if (!Matching.inOrder(World.list(args.get("contains_in_order")), World.list(value))) {
            throw new StepFailed(value + " lacks " + args.get("contains_in_order"));
        }
    }

    private static boolean fits(JsonObject pattern, JsonObject frame) {
        JsonElement params = frame.get("params") instanceof JsonObject object ? object : new JsonObject();
        return Matching.matches(pattern.get("method"), frame.get("method"))
            && (!pattern.has("where") || Matching.matches(pattern.get("where"), params));
    }

    private void received(JsonObject args) throws InterruptedException {
        boolean isAbsent = args.has("count") && args.get("count").getAsInt() == 0;
        if (isAbsent) {
            Thread.sleep(200);
        }
        if (isAbsent && world.frames().stream().anyMatch(frame -> fits(args, frame))) {
            throw new StepFailed("received " + args);
        }
        if (!isAbsent) {
            World.until(args, () -> {
                long found = world.frames().stream().filter(frame -> fits(args, frame)).count();
                boolean isRight = args.has("count") ? found == args.get("count").getAsLong() : found > 0;
                return isRight ? null : found + " of " + args;
            });
        }
    }

    private String receivedInOrder(JsonObject args) {
        List<JsonObject> frames = world.frames();
        int at = 0;
        for (JsonElement pattern : World.list(args.get("messages"))) {
            while (at < frames.size() && !fits(pattern.getAsJsonObject(), frames.get(at))) {
                at++;
            }
            if (at++ >= frames.size()) {
                return pattern.toString();
            }
        }
        return null;
    }

    private String modelReceived(JsonObject args) {
        String url = world.names.get("modelUrl").getAsString().replaceAll("/v1$", "") + "/_requests";
        try {
            String body = HTTP.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString()).body();
            String wanted = World.text(args, "contains", "");
            long found = Json.parse(body).getAsJsonArray().asList().stream().filter(each -> each.toString().contains(wanted)).count();
            boolean isRight = args.has("count") ? found == args.get("count").getAsLong() : found > 0;
            return isRight ? null : found + " requests with " + wanted;
        } catch (IOException | InterruptedException error) {
            return error.toString();
        }
    }

    // -- flow

    private void expectError(JsonObject args) throws Exception {
        CopilotException error;
        try {
            step(args.get("step"));
            throw new StepFailed("no error from " + args.get("step"));
        } catch (CopilotException thrown) {
            error = thrown;
        }
        String kind = error.kind().wireName();
        JsonElement wanted = args.get("kind");
        boolean isRight = wanted == null || (wanted instanceof JsonArray many
            ? many.asList().stream().anyMatch(each -> each.getAsString().equals(kind)) : wanted.getAsString().equals(kind));
        String text = error.getMessage() + " " + (error.data() == null ? "" : error.data());
        String contains = args.has("contains") ? Matching.resolve(args.get("contains"), world.names).getAsString() : "";
        if (!isRight || !text.contains(contains)) {
            throw new StepFailed("it failed with " + kind + " (" + text + "), wanted " + args);
        }
        if (args.has("reason") && !args.get("reason").getAsString().equals(error.reasonCode())) {
            throw new StepFailed("the reason is " + error.reason());
        }
    }

    private static Future<JsonElement> launch(Callable<JsonElement> work) {
        FutureTask<JsonElement> task = new FutureTask<>(work);
        Thread thread = new Thread(task, "step");
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    private static JsonElement ended(Future<JsonElement> work) throws Exception {
        try {
            return work.get();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof Exception known ? known : failed;
        }
    }

    private void parallel(JsonObject args) throws Exception {
        List<Future<JsonElement>> all = new ArrayList<>();
        for (JsonElement step : args.getAsJsonArray("steps")) {
            all.add(launch(() -> step(step)));
        }
        Exception first = null;
        for (Future<JsonElement> each : all) {
            try {
                ended(each);
            } catch (Exception failed) {
                first = first == null ? failed : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
