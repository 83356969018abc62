package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/**
 * Secrets do not show in Java: not in toString, exceptions and their stacks, not in the log, not on a command line. What the engine itself
 * leaves out is held by core/tests/canaries.rs; both take their secrets from tests/canaries.json.
 */
@Timeout(90)
class CanariesTest {
    private static final JsonObject GIVEN = given();
    private static final String MARK = Json.text(GIVEN.get("mark"));

    private final List<String> said = Collections.synchronizedList(new ArrayList<>());

    private static JsonObject given() {
        try {
            return Json.parse(Files.readString(Path.of("../../tests/canaries.json"))).getAsJsonObject();
        } catch (IOException error) {
            throw new IllegalStateException("the tests run in bindings/java", error);
        }
    }

    @BeforeEach
    void listen() {
        CopilotLog.set(CopilotLog.Level.TRACE, line -> said.add(line.toString()));
    }

    @AfterEach
    void nothingLeaked() {
        CopilotLog.set(CopilotLog.Level.OFF, null);
        List<String> texts = List.copyOf(said);
        assertTrue(texts.size() > 20, "nothing was said");
        assertEquals(List.of(), texts.stream().filter(text -> text.contains(MARK)).toList());
    }

    private void shows(Object... things) {
        Stream.of(things).map(String::valueOf).forEach(said::add);
    }

    private void fails(CopilotException error) {
        StringWriter stack = new StringWriter();
        error.printStackTrace(new PrintWriter(stack));
        shows(stack, error.getMessage(), error.data(), error.reasonCode());
    }

    private void refused(String what, Executable work) {
        fails(assertThrows(CopilotException.class, work, what));
    }

    /** What anybody on this machine can read of this process and those that it started. */
    private static List<String> commandLines() {
        return Stream.concat(Stream.of(ProcessHandle.current()), ProcessHandle.current().descendants())
            .map(process -> process.info().commandLine().orElse("") + process.info()).toList();
    }

    private static CopilotClientOptions options(boolean tcp) {
        JsonObject env = GIVEN.getAsJsonObject("env").deepCopy();
        env.addProperty("PATH", System.getenv("PATH"));
        Connection connection = (tcp ? Connection.tcp() : Connection.stdio()).path(System.getenv("COPILOT_FAKE_RUNTIME")).with("env", env);
        if (tcp) {
            connection.token(Json.text(GIVEN.get("connectionToken")));
        }
        CopilotClientOptions options = new CopilotClientOptions().connection(connection);
        GIVEN.getAsJsonObject("client").entrySet().forEach(entry -> options.set(entry.getKey(), entry.getValue()));
        return options;
    }

    private static SessionConfig config() {
        SessionConfig config = new SessionConfig();
        GIVEN.getAsJsonObject("session").entrySet().forEach(entry -> config.set(entry.getKey(), entry.getValue()));
        return config;
    }

    private void repeats(boolean tcp) {
        CopilotClientOptions options = options(tcp);
        shows(options, Connection.uri("1").token(Json.text(GIVEN.get("connectionToken"))), config());
        try (CopilotClient client = new CopilotClient(options)) {
            client.start();
            client.invoke("fake.script", Map.of("script", GIVEN.get("script")));
            refused("create", () -> client.createSession(config()));
            CopilotSession session = client.createSession(config());
            shows(client, session);
            refused("send", () -> session.send("hello", Map.of("requestHeaders", GIVEN.get("requestHeaders"))));
            for (JsonElement call : GIVEN.getAsJsonArray("calls")) {
                String method = Json.text(Json.get(call, "/method"));
                refused(method, () -> client.invoke(method, Json.get(call, "/params")));
            }
            assertTrue(commandLines().size() >= 2);
            said.addAll(commandLines());
            refused("broken", () -> client.invoke("test.broken", Map.of("secret", Json.get(GIVEN, "/session/provider/apiKey"))));
        }
        assertTrue(List.copyOf(said).stream().anyMatch(text -> text.contains("[redacted]")));
    }

    @Test
    void aRuntimeOverItsStreamsThatRepeatsWhatItIsTold() {
        repeats(false);
    }

    @Test
    void aRuntimeOverTcpThatRepeatsWhatItIsTold() {
        repeats(true);
    }

    @Test
    void valuesOfTheWrongType() {
        String secret = MARK + "-wrong";
        List<Object> shapes = List.of(List.of(List.of(secret)), Map.of("token", secret), List.of(Map.of("apiKey", secret)));
        try (CopilotClient client = Fake.client()) {
            CopilotSession session = client.createSession();
            for (Object shape : shapes) {
                for (String name : List.of("gitHubToken", "env", "telemetry", "logLevel", "baseDirectory", "sessionFs", "clientInfo")) {
                    attempt(() -> new CopilotClient(Fake.options("[]").set(name, shape)).close());
                }
                for (String name : List.of("gitHubToken", "model", "provider", "providers", "mcpServers", "customAgents", "streaming")) {
                    attempt(() -> client.createSession(new SessionConfig().set(name, shape)));
                }
                attempt(() -> session.send("x", Map.of("requestHeaders", shape)));
                attempt(() -> new CopilotClient(new CopilotClientOptions().connection(Connection.tcp().with("connectionToken", shape))));
            }
        }
    }

    private void attempt(Runnable work) {
        try {
            work.run();
        } catch (CopilotException error) {
            fails(error);
        }
    }
}
