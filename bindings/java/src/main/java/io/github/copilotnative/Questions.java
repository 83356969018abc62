package io.github.copilotnative;

import com.google.gson.JsonElement;
import java.util.List;

/** What handlers are asked. Each is a view of the JSON that came; {@link JsonView#json} has all of it. */
public final class Questions {
    private Questions() {}

    /** May the agent do this? */
    public static final class Permission extends JsonView {
        /** A view of this JSON. */
        public Permission(JsonElement json) {
            super(json);
        }

        /** The id of the request. */
        public String requestId() {
            return one("requestId", JsonView::toText);
        }

        /** What is to be done; its {@code kind} says of which sort it is. */
        public JsonElement permissionRequest() {
            return any("permissionRequest");
        }

        /** The sort of what is to be done, for example {@code shell} or {@code write}. */
        public String kind() {
            return Json.text(Json.get(json(), "/permissionRequest/kind"));
        }

        /** True in a session with managed settings, where a handler that approves everything must refuse. */
        public boolean managedSettingsEnabled() {
            return Boolean.TRUE.equals(one("managedSettingsEnabled", JsonView::toBool));
        }

        /** True when managed policy reserves the request for a person. */
        public boolean needsHuman() {
            return Boolean.TRUE.equals(one("needsHuman", JsonView::toBool));
        }
    }

    /** A question for the person in front of the program. */
    public static final class UserInput extends JsonView {
        /** A view of this JSON. */
        public UserInput(JsonElement json) {
            super(json);
        }

        /** The question. */
        public String question() {
            return one("question", JsonView::toText);
        }

        /** What may be chosen; null when nothing is proposed. */
        public List<String> choices() {
            return one("choices", listOf(JsonView::toText));
        }

        /** Whether another answer than the choices is allowed. */
        public Boolean allowFreeform() {
            return one("allowFreeform", JsonView::toBool);
        }
    }

    /** The agent wants to leave plan mode. */
    public static final class ExitPlanMode extends JsonView {
        /** A view of this JSON. */
        public ExitPlanMode(JsonElement json) {
            super(json);
        }

        /** The plan in short. */
        public String summary() {
            return one("summary", JsonView::toText);
        }

        /** What can be chosen. */
        public List<String> actions() {
            return one("actions", listOf(JsonView::toText));
        }

        /** What the runtime would choose. */
        public String recommendedAction() {
            return one("recommendedAction", JsonView::toText);
        }

        /** The whole plan; null when there is none. */
        public String planContent() {
            return one("planContent", JsonView::toText);
        }
    }

    /** The runtime proposes to switch to automatic model choice. */
    public static final class AutoModeSwitch extends JsonView {
        /** A view of this JSON. */
        public AutoModeSwitch(JsonElement json) {
            super(json);
        }

        /** Why; may be null. */
        public String errorCode() {
            return one("errorCode", JsonView::toText);
        }

        /** When the model is there again; may be null. */
        public Double retryAfterSeconds() {
            return one("retryAfterSeconds", JsonView::toDouble);
        }
    }

    /** A hook runs. */
    public static final class Hook extends JsonView {
        /** A view of this JSON. */
        public Hook(JsonElement json) {
            super(json);
        }

        /** The type of the hook, for example {@code preToolUse}. */
        public String hookType() {
            return one("hookType", JsonView::toText);
        }

        /** What the hook is told. */
        public JsonElement input() {
            return any("input");
        }
    }

    /** A section of the system message is to be rewritten. */
    public static final class Transform extends JsonView {
        /** A view of this JSON. */
        public Transform(JsonElement json) {
            super(json);
        }

        /** The section. */
        public String sectionId() {
            return one("sectionId", JsonView::toText);
        }

        /** What it says now. */
        public String content() {
            return one("content", JsonView::toText);
        }
    }

    /** A form is to be filled in. */
    public static final class Elicitation extends JsonView {
        /** A view of this JSON. */
        public Elicitation(JsonElement json) {
            super(json);
        }

        /** What is asked for. */
        public String message() {
            return one("message", JsonView::toText);
        }

        /** The JSON Schema of the form; may be null. */
        public JsonElement requestedSchema() {
            return any("requestedSchema");
        }

        /** Form or address; may be null. */
        public String mode() {
            return one("mode", JsonView::toText);
        }

        /** Where the form is, in the mode for addresses; may be null. */
        public String url() {
            return one("url", JsonView::toText);
        }

        /** Who asks; may be null. */
        public String elicitationSource() {
            return one("elicitationSource", JsonView::toText);
        }
    }

    /** An MCP server needs a token. */
    public static final class McpAuth extends JsonView {
        /** A view of this JSON. */
        public McpAuth(JsonElement json) {
            super(json);
        }

        /** The name of the server. */
        public String serverName() {
            return one("serverName", JsonView::toText);
        }

        /** The address of the server. */
        public String serverUrl() {
            return one("serverUrl", JsonView::toText);
        }

        /** Why it is needed. */
        public String reason() {
            return one("reason", JsonView::toText);
        }
    }

    /** A slash command runs. */
    public static final class Command extends JsonView {
        /** A view of this JSON. */
        public Command(JsonElement json) {
            super(json);
        }

        /** The name of the command. */
        public String commandName() {
            return one("commandName", JsonView::toText);
        }

        /** The whole line. */
        public String command() {
            return one("command", JsonView::toText);
        }

        /** What stands behind the name. */
        public String args() {
            return one("args", JsonView::toText);
        }
    }

    /** A model provider needs a bearer token. */
    public static final class ProviderToken extends JsonView {
        /** A view of this JSON. */
        public ProviderToken(JsonElement json) {
            super(json);
        }

        /** The name of the provider. */
        public String providerName() {
            return one("providerName", JsonView::toText);
        }
    }

    /** A question with a method: of a canvas, of a file system, of a provider of skills. */
    public static final class Method extends JsonView {
        /** A view of this JSON. */
        public Method(JsonElement json) {
            super(json);
        }

        /** What is to be done, for example {@code open}, {@code readFile} or {@code list}. */
        public String method() {
            return one("method", JsonView::toText);
        }

        /** Another member; null when absent. */
        public JsonElement get(String member) {
            return any(member);
        }

        /** The text of another member; null when absent. */
        public String text(String member) {
            return one(member, JsonView::toText);
        }
    }

    /** The session needs a GitHub token. */
    public static final class GitHubToken extends JsonView {
        /** A view of this JSON. */
        public GitHubToken(JsonElement json) {
            super(json);
        }

        /** The host it is for. */
        public String host() {
            return one("host", JsonView::toText);
        }

        /** Why it is needed. */
        public String reason() {
            return one("reason", JsonView::toText);
        }
    }

    /** The body of a factory is to be run. */
    public static final class Factory extends JsonView {
        /** A view of this JSON. */
        public Factory(JsonElement json) {
            super(json);
        }

        /** The name of the factory. */
        public String name() {
            return one("name", JsonView::toText);
        }

        /** {@code factory} or {@code workflow}: where the calls of this attempt belong. */
        public String family() {
            return one("family", JsonView::toText);
        }

        /** The id of the run. */
        public String runId() {
            return one("runId", JsonView::toText);
        }

        /** The right to act for this attempt. */
        public String executionToken() {
            return one("executionToken", JsonView::toText);
        }

        /** What the factory is called with. */
        public JsonElement args() {
            return any("args");
        }
    }

    /** Which program runs an extension? */
    public static final class ExtensionLaunch extends JsonView {
        /** A view of this JSON. */
        public ExtensionLaunch(JsonElement json) {
            super(json);
        }

        /** The id of the extension. */
        public String id() {
            return one("id", JsonView::toText);
        }

        /** The name of the extension. */
        public String name() {
            return one("name", JsonView::toText);
        }

        /** Where it is. */
        public String modulePath() {
            return one("modulePath", JsonView::toText);
        }

        /** Where it comes from. */
        public String source() {
            return one("source", JsonView::toText);
        }
    }

    /** May something be installed? */
    public static final class Installation extends JsonView {
        /** A view of this JSON. */
        public Installation(JsonElement json) {
            super(json);
        }

        /** The id of the question. */
        public String confirmationId() {
            return one("confirmationId", JsonView::toText);
        }

        /** What is to be installed, and what is known of it. */
        public JsonElement review() {
            return any("review");
        }

        /** Until when it can be answered. */
        public JsonElement expiresAt() {
            return any("expiresAt");
        }
    }

    /** The runtime's library wants something done on the application's main thread. */
    public static final class UiThread extends JsonView {
        /** A view of this JSON. */
        public UiThread(JsonElement json) {
            super(json);
        }

        /** What to give to {@link CopilotClient#runUiAction} there. */
        public int actionId() {
            return one("actionId", JsonView::toLong).intValue();
        }
    }

    /** A host of the Agent Host Protocol asks or tells something. */
    public static final class AhpHost extends JsonView {
        /** A view of this JSON. */
        public AhpHost(JsonElement json) {
            super(json);
        }

        /** The id of the host. */
        public String hostId() {
            return one("hostId", JsonView::toText);
        }

        /** Another member, such as {@code config} or {@code token}; null when absent. */
        public JsonElement get(String member) {
            return any(member);
        }
    }
}
