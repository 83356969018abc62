package io.github.copilotnative;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.github.copilotnative.generated.CallKind;
import io.github.copilotnative.generated.SessionOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a session is made from: options, tools and handlers. Which handlers there are decides what the runtime asks at all. It may be used
 * for several sessions. A handler given again for the same kind and name replaces the one before.
 */
public final class SessionConfig extends SessionOptions<SessionConfig> {
    private record Key(CallKind kind, String name) {}

    private final JsonObject options = new JsonObject();
    private final Map<String, Tool> tools = new LinkedHashMap<>();
    private final Map<Key, Call.Handler> handlers = new LinkedHashMap<>();
    private final List<Consumer<CopilotEvent>> listeners = new ArrayList<>();

    /** Sets an option by its name on the wire; any value with a JSON form. Nothing is checked here: the engine does. */
    @Override
    public SessionConfig set(String name, Object value) {
        options.add(name, Json.tree(value));
        return this;
    }

    /** Sets all members of a JSON object as options. */
    public SessionConfig setAll(Object json) {
        Json.object(Json.tree(json)).entrySet().forEach(entry -> set(entry.getKey(), entry.getValue()));
        return this;
    }

    /** Adds a tool. */
    public SessionConfig tool(Tool tool) {
        tools.put(tool.name(), tool);
        return this;
    }

    /** Handles all events of the session from the very first one; see {@link CopilotSession#on(Consumer)}. */
    public SessionConfig onEvent(Consumer<CopilotEvent> handler) {
        listeners.add(handler);
        return this;
    }

    /** Declares and serves a slash command. The description may be null. */
    public SessionConfig command(String name, String description, Handlers.Command handler) {
        JsonObject declaration = new JsonObject();
        declaration.addProperty("name", name);
        if (description != null) {
            declaration.addProperty("description", description);
        }
        return declare("commands", declaration).onCommand(name, handler);
    }

    /** Declares and serves a factory; the declaration has {@code name}, {@code description} and {@code phases}. */
    public SessionConfig factory(Object declaration, Handlers.Factory handler) {
        JsonElement json = Json.tree(declaration);
        return declare("factories", json).onFactory(Json.text(Json.get(json, "/name")), handler);
    }

    private SessionConfig declare(String option, JsonElement declaration) {
        if (!(options.get(option) instanceof JsonArray)) {
            options.add(option, new JsonArray());
        }
        options.getAsJsonArray(option).add(declaration);
        return this;
    }

    /** Answers what the agent may do. */
    public SessionConfig onPermission(Handlers.Permission handler) {
        return serve(CallKind.PERMISSION, "", call -> handler.answer(new Questions.Permission(call.question()), call));
    }

    /** As {@link #onPermission}, later. */
    public SessionConfig onPermissionAsync(AsyncCallHandler<Questions.Permission, Answers.Permission> handler) {
        return serve(CallKind.PERMISSION, "", call -> handler.answer(new Questions.Permission(call.question()), call));
    }

    /** Answers questions for the person in front of the program. */
    public SessionConfig onUserInput(Handlers.UserInput handler) {
        return serve(CallKind.USER_INPUT, "", call -> handler.answer(new Questions.UserInput(call.question()), call));
    }

    /** As {@link #onUserInput}, later. */
    public SessionConfig onUserInputAsync(AsyncCallHandler<Questions.UserInput, Answers.UserInput> handler) {
        return serve(CallKind.USER_INPUT, "", call -> handler.answer(new Questions.UserInput(call.question()), call));
    }

    /** Answers whether the agent may leave plan mode. */
    public SessionConfig onExitPlanMode(Handlers.ExitPlanMode handler) {
        return serve(CallKind.EXIT_PLAN_MODE, "", call -> handler.answer(new Questions.ExitPlanMode(call.question()), call));
    }

    /** As {@link #onExitPlanMode}, later. */
    public SessionConfig onExitPlanModeAsync(AsyncCallHandler<Questions.ExitPlanMode, Answers.ExitPlanMode> handler) {
        return serve(CallKind.EXIT_PLAN_MODE, "", call -> handler.answer(new Questions.ExitPlanMode(call.question()), call));
    }

    /** Answers whether the model is to be chosen automatically. */
    public SessionConfig onAutoModeSwitch(Handlers.AutoModeSwitch handler) {
        return serve(CallKind.AUTO_MODE_SWITCH, "", call -> handler.answer(new Questions.AutoModeSwitch(call.question()), call));
    }

    /** As {@link #onAutoModeSwitch}, later. */
    public SessionConfig onAutoModeSwitchAsync(AsyncCallHandler<Questions.AutoModeSwitch, Answers.AutoModeSwitch> handler) {
        return serve(CallKind.AUTO_MODE_SWITCH, "", call -> handler.answer(new Questions.AutoModeSwitch(call.question()), call));
    }

    /** Answers a hook of this type, for example {@code preToolUse}; null changes nothing. */
    public SessionConfig onHook(String hookType, Handlers.Hook handler) {
        return serve(CallKind.HOOK, hookType, call -> handler.answer(new Questions.Hook(call.question()), call));
    }

    /** As {@link #onHook}, later. */
    public SessionConfig onHookAsync(String hookType, AsyncCallHandler<Questions.Hook, Object> handler) {
        return serve(CallKind.HOOK, hookType, call -> handler.answer(new Questions.Hook(call.question()), call));
    }

    /** Answers what this section of the system message says. */
    public SessionConfig onTransform(String section, Handlers.Transform handler) {
        return serve(CallKind.SYSTEM_MESSAGE_TRANSFORM, section, call -> handler.answer(new Questions.Transform(call.question()), call));
    }

    /** As {@link #onTransform}, later. */
    public SessionConfig onTransformAsync(String section, AsyncCallHandler<Questions.Transform, String> handler) {
        return serve(CallKind.SYSTEM_MESSAGE_TRANSFORM, section, call -> handler.answer(new Questions.Transform(call.question()), call));
    }

    /** Answers forms. */
    public SessionConfig onElicitation(Handlers.Elicitation handler) {
        return serve(CallKind.ELICITATION, "", call -> handler.answer(new Questions.Elicitation(call.question()), call));
    }

    /** As {@link #onElicitation}, later. */
    public SessionConfig onElicitationAsync(AsyncCallHandler<Questions.Elicitation, Answers.Elicitation> handler) {
        return serve(CallKind.ELICITATION, "", call -> handler.answer(new Questions.Elicitation(call.question()), call));
    }

    /** Answers which token an MCP server gets; null for none. */
    public SessionConfig onMcpAuth(Handlers.McpAuth handler) {
        return serve(CallKind.MCP_AUTH, "", call -> handler.answer(new Questions.McpAuth(call.question()), call));
    }

    /** As {@link #onMcpAuth}, later. */
    public SessionConfig onMcpAuthAsync(AsyncCallHandler<Questions.McpAuth, Answers.McpToken> handler) {
        return serve(CallKind.MCP_AUTH, "", call -> handler.answer(new Questions.McpAuth(call.question()), call));
    }

    /** Answers a slash command, which is declared with {@link SessionConfig#command}; the answer is ignored. */
    public SessionConfig onCommand(String command, Handlers.Command handler) {
        return serve(CallKind.COMMAND, command, call -> handler.answer(new Questions.Command(call.question()), call));
    }

    /** As {@link #onCommand}, later. */
    public SessionConfig onCommandAsync(String command, AsyncCallHandler<Questions.Command, Object> handler) {
        return serve(CallKind.COMMAND, command, call -> handler.answer(new Questions.Command(call.question()), call));
    }

    /** Answers the bearer token of a model provider; the only one is called {@code default}. */
    public SessionConfig onProviderToken(String provider, Handlers.ProviderToken handler) {
        return serve(CallKind.PROVIDER_TOKEN, provider, call -> handler.answer(new Questions.ProviderToken(call.question()), call));
    }

    /** As {@link #onProviderToken}, later. */
    public SessionConfig onProviderTokenAsync(String provider, AsyncCallHandler<Questions.ProviderToken, String> handler) {
        return serve(CallKind.PROVIDER_TOKEN, provider, call -> handler.answer(new Questions.ProviderToken(call.question()), call));
    }

    /** Answers canvases being opened, closed and acted upon; the canvases are declared as the option {@code canvases}. */
    public SessionConfig onCanvas(Handlers.Canvas handler) {
        return serve(CallKind.CANVAS, "", call -> handler.answer(new Questions.Method(call.question()), call));
    }

    /** As {@link #onCanvas}, later. */
    public SessionConfig onCanvasAsync(AsyncCallHandler<Questions.Method, Object> handler) {
        return serve(CallKind.CANVAS, "", call -> handler.answer(new Questions.Method(call.question()), call));
    }

    /**
     * Answers operations of the file system of the session; a {@link HandlerException} with {@code {"code":"ENOENT"}} says that there is no
     * such file.
     */
    public SessionConfig onSessionFs(Handlers.SessionFs handler) {
        return serve(CallKind.SESSION_FS, "", call -> handler.answer(new Questions.Method(call.question()), call));
    }

    /** As {@link #onSessionFs}, later. */
    public SessionConfig onSessionFsAsync(AsyncCallHandler<Questions.Method, Object> handler) {
        return serve(CallKind.SESSION_FS, "", call -> handler.answer(new Questions.Method(call.question()), call));
    }

    /** Answers which skills there are ({@code list}) and what they say ({@code read}). */
    public SessionConfig onSkills(Handlers.Skills handler) {
        return serve(CallKind.SKILL_PROVIDER, "", call -> handler.answer(new Questions.Method(call.question()), call));
    }

    /** As {@link #onSkills}, later. */
    public SessionConfig onSkillsAsync(AsyncCallHandler<Questions.Method, Object> handler) {
        return serve(CallKind.SKILL_PROVIDER, "", call -> handler.answer(new Questions.Method(call.question()), call));
    }

    /** Answers which GitHub token the session gets. */
    public SessionConfig onGitHubToken(Handlers.GitHubToken handler) {
        return serve(CallKind.GITHUB_TOKEN, "", call -> handler.answer(new Questions.GitHubToken(call.question()), call));
    }

    /** As {@link #onGitHubToken}, later. */
    public SessionConfig onGitHubTokenAsync(AsyncCallHandler<Questions.GitHubToken, Answers.GitHubToken> handler) {
        return serve(CallKind.GITHUB_TOKEN, "", call -> handler.answer(new Questions.GitHubToken(call.question()), call));
    }

    /** Answers the body of a factory, which is declared with {@link SessionConfig#factory}; the answer is {@code {result?}}. */
    public SessionConfig onFactory(String factory, Handlers.Factory handler) {
        return serve(CallKind.FACTORY, factory, call -> handler.answer(new Questions.Factory(call.question()), call));
    }

    /** As {@link #onFactory}, later. */
    public SessionConfig onFactoryAsync(String factory, AsyncCallHandler<Questions.Factory, Object> handler) {
        return serve(CallKind.FACTORY, factory, call -> handler.answer(new Questions.Factory(call.question()), call));
    }

    /**
     * Answers any kind of question, also one that has no method of its own here yet. The handler gets the arguments as JSON and may give a
     * value with a JSON form or a {@link java.util.concurrent.CompletionStage} of one.
     *
     * @param name which of several; empty for kinds that have one handler
     */
    public SessionConfig onCall(CallKind kind, String name, CallHandler<JsonElement, Object> handler) {
        return serve(kind, name, call -> handler.answer(call.question(), call));
    }

    private SessionConfig serve(CallKind kind, String name, Call.Handler handler) {
        handlers.put(new Key(kind, name), handler);
        return this;
    }

    /** The library's configuration, to be freed. */
    Pointer make(ClientCore core) {
        Lib.Str json = Text.of(options.toString());
        PointerByReference place = new PointerByReference();
        CopilotException.check(Lib.copilot_session_config_new(json, place));
        Text.keep(json);
        Pointer config = place.getValue();
        try {
            for (Consumer<CopilotEvent> listener : listeners) {
                Callbacks.Listener told = event -> core.tell(listener, event);
                CopilotException.check(
                    Lib.copilot_session_config_on_event(config, Callbacks.EVENT, Registry.keep(told), Callbacks.DESTROY));
            }
            tools.values().forEach(tool -> tool.addTo(config, core));
            handlers.forEach((key, handler) -> addTo(config, core, key, handler));
            return config;
        } catch (CopilotException error) {
            Lib.copilot_session_config_free(config);
            throw error;
        }
    }

    private static void addTo(Pointer config, ClientCore core, Key key, Call.Handler handler) {
        Lib.Str name = Text.of(key.name().isEmpty() ? null : key.name());
        CopilotException.check(Lib.copilot_session_config_on_call(
            config, key.kind().number(), name, Callbacks.CALL, Registry.keep(new Asked(core, handler)), Callbacks.DESTROY));
        Text.keep(name);
    }
}
