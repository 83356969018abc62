// One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.
//
// With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot. Without, it talks to the OpenAI-compatible server at
// COPILOT_MODEL_URL. The runtime is found by COPILOT_CLI_PATH, the library by COPILOT_LIBRARY. docs/java.md says how to run it.

import io.github.copilotnative.Answers;
import io.github.copilotnative.Call;
import io.github.copilotnative.CopilotClient;
import io.github.copilotnative.CopilotClientOptions;
import io.github.copilotnative.CopilotSession;
import io.github.copilotnative.Describe;
import io.github.copilotnative.Questions;
import io.github.copilotnative.SessionConfig;
import io.github.copilotnative.Tool;
import io.github.copilotnative.generated.Events;
import java.util.Map;
import java.util.concurrent.atomic.DoubleAdder;

public final class Chat {
    /** What the model has to name. */
    record Place(@Describe("the city") String city) {}

    static String getWeather(Place place, Call call) {
        System.out.println("[tool] get_weather(" + place.city() + ")");
        return "Sunny, 21 degrees in " + place.city();
    }

    /** Asks the person in front of the terminal; without a terminal the answer is yes. */
    static Answers.Permission askPermission(Questions.Permission question, Call call) {
        String prompt = "[permission] " + question.kind() + ": allow? [Y/n] ";
        if (System.console() == null) {
            System.out.println(prompt + "yes (no terminal)");
            return Answers.Permission.approveOnce();
        }
        String answer = System.console().readLine("%s", prompt);
        return "n".equalsIgnoreCase(answer == null ? "" : answer.trim())
            ? Answers.Permission.reject("the user said no")
            : Answers.Permission.approveOnce();
    }

    public static void main(String[] args) {
        CopilotClientOptions options = new CopilotClientOptions();
        String token = System.getenv().getOrDefault("COPILOT_GITHUB_TOKEN", System.getenv("GITHUB_TOKEN"));
        if (token != null && !token.isEmpty()) {
            options.gitHubToken(token);
        }
        SessionConfig config = new SessionConfig()
            .streaming(true)
            .tool(Tool.of("get_weather", "Tells the weather of a city", Place.class, Chat::getWeather))
            .onPermission(Chat::askPermission);
        String url = System.getenv("COPILOT_MODEL_URL");
        if (url != null) {
            config.model("scripted").provider(Map.of("type", "openai", "baseUrl", url, "apiKey", "none"));
        }
        try (CopilotClient client = new CopilotClient(options)) {
            client.start();
            System.out.println("[runtime] " + client.getStatus().get("version").getAsString());
            DoubleAdder in = new DoubleAdder();
            DoubleAdder out = new DoubleAdder();
            try (CopilotSession session = client.createSession(config)) {
                session.on(Events.ASSISTANT_MESSAGE_DELTA, (event, data) -> System.out.print(data.deltaContent()));
                session.on(Events.ASSISTANT_USAGE, (event, data) -> {
                    in.add(data.inputTokens() == null ? 0 : data.inputTokens());
                    out.add(data.outputTokens() == null ? 0 : data.outputTokens());
                });
                session.sendAndWait("What is the weather in Paris?");
                System.out.printf("%n[usage] %.0f tokens in, %.0f tokens out%n", in.sum(), out.sum());
            }
        }
    }
}
