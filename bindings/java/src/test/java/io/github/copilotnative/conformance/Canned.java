package io.github.copilotnative.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.copilotnative.Answers;
import io.github.copilotnative.CopilotClient;
import io.github.copilotnative.CopilotClientOptions;
import io.github.copilotnative.Json;
import io.github.copilotnative.JsonView;
import io.github.copilotnative.SessionConfig;
import io.github.copilotnative.Tool;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.function.Supplier;

/** Canned handlers of a case, written the way users write them. */
final class Canned {
    private Canned() {}

    /** Never ends by itself; ends by being interrupted when the answer is no longer wanted. */
    private static JsonElement hang() throws InterruptedException {
        new CountDownLatch(1).await();
        return null;
    }

    /** What a handler does that returns a value, throws a text or hangs. */
    static JsonElement behave(JsonElement behaviour) throws Exception {
        if (behaviour instanceof JsonObject object && object.has("throw")) {
            throw new IllegalStateException(object.get("throw").getAsString());
        }
        if (behaviour instanceof JsonObject object && object.has("hang")) {
            return hang();
        }
        return behaviour;
    }

    private static <A extends JsonView> A answer(JsonElement behaviour, Function<JsonElement, A> as) throws Exception {
        JsonElement answer = behave(behaviour);
        return answer == null || answer.isJsonNull() ? null : as.apply(answer);
    }

    static Tool tool(JsonObject spec) {
        String name = spec.get("name").getAsString();
        return Tool.ofSchema(name, Json.text(spec.get("description")), spec.get("parameters"), (arguments, call) -> run(spec, arguments));
    }

    private static Object run(JsonObject spec, JsonElement arguments) throws Exception {
        if (spec.has("delay_ms")) {
            Thread.sleep(spec.get("delay_ms").getAsLong());
        }
        if (spec.has("fail")) {
            throw new IllegalStateException(spec.get("fail").getAsString());
        }
        if (spec.has("hang")) {
            // Half of the ways to wait: a future that is cancelled.
            return new CompletableFuture<Object>();
        }
        if (spec.has("echo")) {
            return arguments.toString();
        }
        JsonElement answer = spec.get("answer");
        if (answer instanceof JsonObject object && object.has("textResultForLlm")) {
            return new Answers.ToolResult(object);
        }
        return answer instanceof JsonPrimitive text && text.isString() ? text.getAsString() : answer;
    }

    private static CompletionStage<Answers.Permission> permission(JsonElement behaviour) {
        if (behaviour instanceof JsonObject object) {
            String feedback = Json.text(Json.get(object, "/reject/feedback"));
            return CompletableFuture.completedFuture(
                feedback == null ? Answers.Permission.reject() : Answers.Permission.reject(feedback));
        }
        return switch (behaviour.getAsString()) {
            case "approve" -> CompletableFuture.completedFuture(Answers.Permission.approveOnce());
            case "reject" -> CompletableFuture.completedFuture(Answers.Permission.reject());
            case "user-not-available" -> CompletableFuture.completedFuture(Answers.Permission.userNotAvailable());
            case "no-result" -> CompletableFuture.completedFuture(Answers.Permission.noResult());
            case "throw" -> CompletableFuture.failedFuture(new IllegalStateException("the permission handler failed"));
            default -> new CompletableFuture<>();
        };
    }

    /** The handlers of a client. */
    static void client(JsonObject args, CopilotClientOptions options, Supplier<CopilotClient> self) {
        if (args.has("list_models")) {
            options.onListModels((question, call) -> behave(args.get("list_models")).getAsJsonArray().asList());
        }
        if (args.has("request_handler")) {
            options.onLlmRequest((request, call) -> {
                request.start(behave(args.get("request_handler")).getAsJsonObject().get("status").getAsInt(), null);
                request.end();
                return null;
            });
        }
        if (args.has("extension_launch")) {
            options.onExtensionLaunch((question, call) -> answer(args.get("extension_launch"), Answers.ExtensionLaunch::new));
        }
        if (args.has("installation_confirmation")) {
            options.onInstallationConfirmation(
                (question, call) -> answer(args.get("installation_confirmation"), Answers.Installation::new));
        }
        if (args.has("ui_thread")) {
            options.onUiThread((question, call) -> {
                JsonElement allowed = behave(args.get("ui_thread"));
                self.get().runUiAction(question.actionId());
                return allowed;
            });
        }
        if (args.has("ahp_host")) {
            options.onAhpHost((question, call) -> behave(args.get("ahp_host")));
        }
    }

    /** Every handler that a {@code create} or {@code resume} names. */
    static void session(JsonObject args, SessionConfig config) {
        if (args.has("tools")) {
            args.getAsJsonArray("tools").forEach(spec -> config.tool(tool(spec.getAsJsonObject())));
        }
        if (args.has("permission")) {
            config.onPermissionAsync((question, call) -> permission(args.get("permission")));
        }
        if (args.has("user_input")) {
            config.onUserInput((question, call) -> userInput(args.getAsJsonObject("user_input")));
        }
        if (args.has("elicitation")) {
            config.onElicitation((question, call) -> answer(args.get("elicitation"), Answers.Elicitation::new));
        }
        if (args.has("exit_plan_mode")) {
            config.onExitPlanMode((question, call) -> answer(args.get("exit_plan_mode"), Answers.ExitPlanMode::new));
        }
        if (args.has("auto_mode_switch")) {
            config.onAutoModeSwitch((question, call) -> answer(args.get("auto_mode_switch"), Answers.AutoModeSwitch::new));
        }
        if (args.has("mcp_auth")) {
            config.onMcpAuth((question, call) -> answer(args.get("mcp_auth"), Answers.McpToken::new));
        }
        if (args.has("canvas")) {
            config.onCanvas((question, call) -> behave(args.get("canvas")));
        }
        if (args.has("session_fs")) {
            config.onSessionFs((question, call) -> behave(args.get("session_fs")));
        }
        if (args.has("skill_provider")) {
            config.onSkills((question, call) -> behave(args.get("skill_provider")));
        }
        if (args.has("git_hub_token")) {
            config.onGitHubToken((question, call) -> answer(args.get("git_hub_token"), Answers.GitHubToken::new));
        }
        named(args, config);
    }

    private static void named(JsonObject args, SessionConfig config) {
        each(args, "hooks", (type, value) -> config.onHook(type, (question, call) -> behave(value)));
        each(args, "commands", (name, value) -> config.command(name, null, (question, call) -> behave(value)));
        each(args, "transforms", (section, value) -> config.onTransform(section, (question, call) -> Json.text(behave(value))));
        each(args, "provider_token", (name, value) -> config.onProviderToken(name, (question, call) -> Json.text(behave(value))));
        each(args, "factories", (name, value) -> {
            JsonObject declaration = Json.parse("{\"description\":\"\",\"phases\":[]}").getAsJsonObject();
            declaration.addProperty("name", name);
            config.factory(declaration, (question, call) -> {
                JsonObject result = new JsonObject();
                result.add("result", behave(value));
                return result;
            });
        });
    }

    private static Answers.UserInput userInput(JsonObject spec) throws Exception {
        JsonElement answer = behave(spec);
        boolean freeform = spec.has("wasFreeform") && spec.get("wasFreeform").getAsBoolean();
        return Answers.UserInput.of(answer.getAsJsonObject().get("answer").getAsString(), freeform);
    }

    private interface Named {
        void add(String name, JsonElement behaviour);
    }

    private static void each(JsonObject args, String member, Named named) {
        if (args.has(member)) {
            args.getAsJsonObject(member).entrySet().forEach(entry -> named.add(entry.getKey(), entry.getValue()));
        }
    }
}
