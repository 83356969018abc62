package io.github.copilotnative;

import com.google.gson.JsonElement;
import java.util.List;

/** The handlers by the kind of question they answer. Each is a {@link CallHandler} with the types of its kind. */
public final class Handlers {
    private Handlers() {}

    /** Answers what the agent may do. */
    @FunctionalInterface
    public interface Permission extends CallHandler<Questions.Permission, Answers.Permission> {}

    /** Answers questions for the person in front of the program. */
    @FunctionalInterface
    public interface UserInput extends CallHandler<Questions.UserInput, Answers.UserInput> {}

    /** Answers whether the agent may leave plan mode. */
    @FunctionalInterface
    public interface ExitPlanMode extends CallHandler<Questions.ExitPlanMode, Answers.ExitPlanMode> {}

    /** Answers whether the model is to be chosen automatically. */
    @FunctionalInterface
    public interface AutoModeSwitch extends CallHandler<Questions.AutoModeSwitch, Answers.AutoModeSwitch> {}

    /** Answers a hook of this type, for example {@code preToolUse}; null changes nothing. */
    @FunctionalInterface
    public interface Hook extends CallHandler<Questions.Hook, Object> {}

    /** Answers what this section of the system message says. */
    @FunctionalInterface
    public interface Transform extends CallHandler<Questions.Transform, String> {}

    /** Answers forms. */
    @FunctionalInterface
    public interface Elicitation extends CallHandler<Questions.Elicitation, Answers.Elicitation> {}

    /** Answers which token an MCP server gets; null for none. */
    @FunctionalInterface
    public interface McpAuth extends CallHandler<Questions.McpAuth, Answers.McpToken> {}

    /** Answers a slash command, which is declared with {@link SessionConfig#command}; the answer is ignored. */
    @FunctionalInterface
    public interface Command extends CallHandler<Questions.Command, Object> {}

    /** Answers the bearer token of a model provider; the only one is called {@code default}. */
    @FunctionalInterface
    public interface ProviderToken extends CallHandler<Questions.ProviderToken, String> {}

    /** Answers canvases being opened, closed and acted upon; the canvases are declared as the option {@code canvases}. */
    @FunctionalInterface
    public interface Canvas extends CallHandler<Questions.Method, Object> {}

    /**
     * Answers operations of the file system of the session; a {@link HandlerException} with {@code {"code":"ENOENT"}} says that there is no
     * such file.
     */
    @FunctionalInterface
    public interface SessionFs extends CallHandler<Questions.Method, Object> {}

    /** Answers which skills there are ({@code list}) and what they say ({@code read}). */
    @FunctionalInterface
    public interface Skills extends CallHandler<Questions.Method, Object> {}

    /** Answers which GitHub token the session gets. */
    @FunctionalInterface
    public interface GitHubToken extends CallHandler<Questions.GitHubToken, Answers.GitHubToken> {}

    /** Answers the body of a factory, which is declared with {@link SessionConfig#factory}; the answer is {@code {result?}}. */
    @FunctionalInterface
    public interface Factory extends CallHandler<Questions.Factory, Object> {}

    /** Answers the list of models, instead of the runtime. */
    @FunctionalInterface
    public interface ListModels extends CallHandler<JsonElement, List<?>> {}

    /** Answers which program runs an extension; null: the runtime chooses. */
    @FunctionalInterface
    public interface ExtensionLaunch extends CallHandler<Questions.ExtensionLaunch, Answers.ExtensionLaunch> {}

    /** Answers whether something is installed. */
    @FunctionalInterface
    public interface InstallationConfirmation extends CallHandler<Questions.Installation, Answers.Installation> {}

    /** Answers what is to be done on the application's main thread, with {@link CopilotClient#runUiAction}; the answer is ignored. */
    @FunctionalInterface
    public interface UiThread extends CallHandler<Questions.UiThread, Object> {}

    /** Answers what a host of {@link CopilotClient#startAhpHost} asks; {@link Call#name} says what. */
    @FunctionalInterface
    public interface AhpHost extends CallHandler<Questions.AhpHost, Object> {}

    /**
     * Serves requests to model providers: starts, writes and ends the answer of the {@link LlmRequest}; what it returns is ignored. A
     * request that has no end when it returns fails.
     */
    @FunctionalInterface
    public interface Llm extends CallHandler<LlmRequest, Object> {}
}
