//! Names on the wire that the engine itself uses.

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $(#[doc = concat!("`", $text, "`")] pub const $name: &str = $text;)*
    };
}

names! {
    CONNECT = "connect";
    PING = "ping";
    STATUS_GET = "status.get";
    AUTH_GET_STATUS = "auth.getStatus";
    MODELS_LIST = "models.list";
    RUNTIME_SHUTDOWN = "runtime.shutdown";
    SESSION_FS_SET_PROVIDER = "sessionFs.setProvider";
    LLM_SET_PROVIDER = "llmInference.setProvider";
    PLUGINS_BUILTIN_SET = "plugins.builtin.set";
    SESSION_CREATE = "session.create";
    SESSION_RESUME = "session.resume";
    SESSION_SEND = "session.send";
    SESSION_ABORT = "session.abort";
    SESSION_DESTROY = "session.destroy";
    SESSION_DETACH = "session.detach";
    SESSION_DELETE = "session.delete";
    SESSION_LIST = "session.list";
    SESSION_GET_METADATA = "session.getMetadata";
    SESSION_GET_LAST_ID = "session.getLastId";
    SESSION_GET_FOREGROUND = "session.getForeground";
    SESSION_SET_FOREGROUND = "session.setForeground";
    SESSION_MODEL_SWITCH = "session.model.switchTo";
    SESSION_AUTO_TIER_SWITCH = "session.model.switchAutoTier";
    SESSION_LOG = "session.log";
    SESSION_UI_ELICITATION = "session.ui.elicitation";
    SESSION_TASKS_CANCEL = "session.tasks.cancel";
    SESSION_GET_MESSAGES = "session.getMessages";
    SESSION_HISTORY_TRUNCATE = "session.history.truncate";
    SESSION_OPTIONS_UPDATE = "session.options.update";
    SESSION_REGISTER_INTEREST = "session.eventLog.registerInterest";
    SESSION_TOOLS_REPLY = "session.tools.handlePendingToolCall";
    SESSION_TOOLS_SET = "session.tools.set";
    SESSION_TOOLS_METADATA = "session.tools.getCurrentMetadata";
    SESSION_PERMISSIONS_REPLY = "session.permissions.handlePendingPermissionRequest";
    SESSION_ELICITATION_REPLY = "session.ui.handlePendingElicitation";
    SESSION_COMMAND_REPLY = "session.commands.handlePendingCommand";
    SESSION_MCP_OAUTH_REPLY = "session.mcp.oauth.handlePendingRequest";

    SESSION_EVENT = "session.event";
    SESSION_LIFECYCLE = "session.lifecycle";
    GITHUB_TELEMETRY_EVENT = "gitHubTelemetry.event";

    USER_INPUT_REQUEST = "userInput.request";
    EXIT_PLAN_MODE_REQUEST = "exitPlanMode.request";
    AUTO_MODE_SWITCH_REQUEST = "autoModeSwitch.request";
    HOOKS_INVOKE = "hooks.invoke";
    SYSTEM_MESSAGE_TRANSFORM = "systemMessage.transform";
    PROVIDER_TOKEN_GET = "providerToken.getToken";
    GITHUB_TOKEN_GET = "gitHubToken.getToken";
    FACTORY_EXECUTE = "factory.execute";
    FACTORY_ABORT = "factory.abort";
    WORKFLOW_EXECUTE = "workflow.execute";
    WORKFLOW_ABORT = "workflow.abort";
    SKILL_PROVIDER_LIST = "skillProvider.list";
    SKILL_PROVIDER_READ = "skillProvider.read";
    UI_THREAD_RUN = "uiThread.run";
    HOST_START = "host.start";
    HOST_DISPOSE = "host.dispose";
    HOST_SET_SESSION_CREATION_POLICY = "host.setSessionCreationPolicy";
    HOST_PUBLISH_SESSION = "host.publishSession";
    HOST_UNPUBLISH_SESSION = "host.unpublishSession";
    HOST_LIST_SESSIONS = "host.listSessions";
    HOST_MATERIALIZE_SESSION = "host.materializeSession";
    HOST_VALIDATE_AUTHENTICATION = "host.validateAuthentication";
    HOST_AUTHENTICATION_CANCELLED = "host.authenticationCancelled";
    HOST_SESSION_RELEASED = "host.sessionReleased";
    HOST_EXITED = "host.exited";
    INSTALLATIONS_CONFIRM = "installations.confirm";
    EXTENSION_LAUNCH_RESOLVE = "extensionLaunchProvider.resolve";
    EXTENSION_LAUNCH_REGISTER = "registerExtensionLaunchProvider";

    EVENT_USER_MESSAGE = "user.message";
    EVENT_ASSISTANT_MESSAGE = "assistant.message";
    EVENT_ASSISTANT_IDLE = "assistant.idle";
    EVENT_SESSION_IDLE = "session.idle";
    EVENT_SESSION_ERROR = "session.error";
    EVENT_CAPABILITIES_CHANGED = "capabilities.changed";
    EVENT_CANVAS_OPENED = "session.canvas.opened";
    EVENT_CANVAS_CLOSED = "session.canvas.closed";
    EVENT_EXTERNAL_TOOL_REQUESTED = "external_tool.requested";
    EVENT_EXTERNAL_TOOL_COMPLETED = "external_tool.completed";
    EVENT_PERMISSION_REQUESTED = "permission.requested";
    EVENT_PERMISSION_COMPLETED = "permission.completed";
    EVENT_ELICITATION_REQUESTED = "elicitation.requested";
    EVENT_MCP_OAUTH_REQUIRED = "mcp.oauth_required";
    EVENT_COMMAND_EXECUTE = "command.execute";
    EVENT_ABORT = "abort";
}
