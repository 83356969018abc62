package io.github.copilotnative;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;

/** What handlers answer. Each is a view of the JSON that is sent; its constructor takes any JSON, for what has no method here yet. */
public final class Answers {
    private Answers() {}

    private static JsonObject object(String name, Object value) {
        JsonObject json = new JsonObject();
        json.add(name, Json.tree(value));
        return json;
    }

    /** The result of a tool with more than a text. */
    public static final class ToolResult extends JsonView {
        /** Any result. */
        public ToolResult(JsonElement json) {
            super(json);
        }

        /** A result with a text for the model. */
        public static ToolResult of(String textResultForLlm) {
            return new ToolResult(object("textResultForLlm", textResultForLlm));
        }

        /** {@code success}, {@code failure}, {@code rejected} or {@code denied}. */
        public ToolResult resultType(String value) {
            return with("resultType", value);
        }

        /** Another member, such as {@code sessionLog} or {@code toolTelemetry}. */
        public ToolResult with(String member, Object value) {
            put(member, value);
            return this;
        }
    }

    /** What the agent may do. */
    public static final class Permission extends JsonView {
        /** Any decision. */
        public Permission(JsonElement json) {
            super(json);
        }

        /** Yes, this time. */
        public static Permission approveOnce() {
            return new Permission(object("kind", "approve-once"));
        }

        /** No. */
        public static Permission reject() {
            return new Permission(object("kind", "reject"));
        }

        /** No, and why. */
        public static Permission reject(String feedback) {
            return reject().with("feedback", feedback);
        }

        /** There is nobody who could decide. */
        public static Permission userNotAvailable() {
            return new Permission(object("kind", "user-not-available"));
        }

        /** Somebody else decides. */
        public static Permission noResult() {
            return new Permission(object("kind", "no-result"));
        }

        /** The same with another member. */
        public Permission with(String member, Object value) {
            put(member, value);
            return this;
        }
    }

    /** The answer of a person. */
    public static final class UserInput extends JsonView {
        /** Any answer. */
        public UserInput(JsonElement json) {
            super(json);
        }

        /** An answer; {@code wasFreeform} when it is none of the choices. */
        public static UserInput of(String answer, boolean wasFreeform) {
            JsonObject json = object("answer", answer);
            json.addProperty("wasFreeform", wasFreeform);
            return new UserInput(json);
        }
    }

    /** Whether plan mode may be left. */
    public static final class ExitPlanMode extends JsonView {
        /** Any answer. */
        public ExitPlanMode(JsonElement json) {
            super(json);
        }

        /** Yes, with this action; null for none. */
        public static ExitPlanMode approve(String selectedAction) {
            return new ExitPlanMode(object("approved", true)).with("selectedAction", selectedAction);
        }

        /** No, and why; may be null. */
        public static ExitPlanMode refuse(String feedback) {
            return new ExitPlanMode(object("approved", false)).with("feedback", feedback);
        }

        /** The same with another member; null takes it away. */
        public ExitPlanMode with(String member, Object value) {
            put(member, value);
            return this;
        }
    }

    /** Whether the model is to be chosen automatically. */
    public static final class AutoModeSwitch extends JsonView {
        /** Any answer. */
        public AutoModeSwitch(JsonElement json) {
            super(json);
        }

        /** Yes, this time. */
        public static AutoModeSwitch yes() {
            return new AutoModeSwitch(Json.tree("yes"));
        }

        /** Yes, from now on. */
        public static AutoModeSwitch yesAlways() {
            return new AutoModeSwitch(Json.tree("yes_always"));
        }

        /** No. */
        public static AutoModeSwitch no() {
            return new AutoModeSwitch(Json.tree("no"));
        }
    }

    /** How a form was answered. */
    public static final class Elicitation extends JsonView {
        /** Any answer. */
        public Elicitation(JsonElement json) {
            super(json);
        }

        /** Filled in. */
        public static Elicitation accept(Object content) {
            JsonObject json = object("action", "accept");
            json.add("content", Json.tree(content));
            return new Elicitation(json);
        }

        /** The person said no. */
        public static Elicitation decline() {
            return new Elicitation(object("action", "decline"));
        }

        /** The person gave up. */
        public static Elicitation cancel() {
            return new Elicitation(object("action", "cancel"));
        }

        /** {@code accept}, {@code decline} or {@code cancel}. */
        public String action() {
            return one("action", JsonView::toText);
        }

        /** What was filled in; null when nothing was. */
        public JsonElement content() {
            return any("content");
        }
    }

    /** A token for an MCP server. */
    public static final class McpToken extends JsonView {
        /** Any answer. */
        public McpToken(JsonElement json) {
            super(json);
        }

        /** A token. */
        public static McpToken of(String accessToken) {
            return new McpToken(object("accessToken", accessToken));
        }

        /** There is none. */
        public static McpToken cancelled() {
            return new McpToken(object("kind", "cancelled"));
        }

        /** The same with another member. */
        public McpToken with(String member, Object value) {
            put(member, value);
            return this;
        }
    }

    /** A token for GitHub. */
    public static final class GitHubToken extends JsonView {
        /** Any answer. */
        public GitHubToken(JsonElement json) {
            super(json);
        }

        /** A token, and how many seconds it is good for. */
        public static GitHubToken of(String accessToken, long expiresIn) {
            JsonObject json = object("kind", "token");
            json.addProperty("accessToken", accessToken);
            json.addProperty("expiresIn", expiresIn);
            return new GitHubToken(json);
        }

        /** There is none. */
        public static GitHubToken cancelled() {
            return new GitHubToken(object("kind", "cancelled"));
        }
    }

    /** How an extension is started. */
    public static final class ExtensionLaunch extends JsonView {
        /** Any answer. */
        public ExtensionLaunch(JsonElement json) {
            super(json);
        }

        /** This program, with these arguments and this environment. */
        public static ExtensionLaunch of(String executable, List<String> args, Map<String, String> env) {
            JsonObject json = object("executable", executable);
            json.add("args", Json.tree(args));
            json.add("env", Json.tree(env));
            return new ExtensionLaunch(json);
        }
    }

    /** Whether something is installed. */
    public static final class Installation extends JsonView {
        /** Any answer. */
        public Installation(JsonElement json) {
            super(json);
        }

        /** Yes. */
        public static Installation confirm() {
            return new Installation(Json.tree("confirm"));
        }

        /** No. */
        public static Installation decline() {
            return new Installation(Json.tree("decline"));
        }

        /** Not now. */
        public static Installation cancel() {
            return new Installation(Json.tree("cancel"));
        }
    }
}
