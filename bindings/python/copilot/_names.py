"""Where each name of the package lives. Everything is loaded when it is first used."""

from __future__ import annotations

import sys
from typing import Any

# Where each name lives.
_HOME = {
    "_errors": "CopilotError",
    "_base": ("SessionLifecycleHandler"),
    "_config": (
        "AgentMessageSource AskUserVariant AutoTier AutopilotOptions CapiSessionOptions ClientInfo "
        "CopilotExpAssignmentResponse ExpConfigEntry ExpFlagValue GitHubMcpToolConfig ImageGenerationConfig "
        "InfiniteSessionConfig LargeToolOutputConfig MCPHTTPServerConfig MCPServerConfig MCPStdioServerConfig "
        "ManagedSettings ManagedSettingsPermissions MessageSource ModelCapabilitiesOverride ModelLimitsOverride "
        "ModelSupportsOverride ModelVisionLimitsOverride NamedProviderConfig ProviderConfig "
        "ProviderConfigModelProvider ProviderModelConfig ReasoningSummary SessionFsCapabilities SessionFsConfig "
        "SessionLimitsConfig SystemMessageConfig TelemetryConfig ToolSearchConfig"
    ),
    "_connection": (
        "ChildProcessRuntimeConnection CloudSessionOptions CloudSessionRepository InProcessRuntimeConnection "
        "RuntimeConnection StdioRuntimeConnection TcpRuntimeConnection UriRuntimeConnection"
    ),
    "_factories": (
        "Factory FactoryContext FactoryLimits FactoryPhase FactoryResumeError SessionFactories define_factory "
        "is_factory_run_terminal"
    ),
    "_github": (
        "DisableBypassPermissionsModes EntraAuthConfig GitHubTokenCancelledResult GitHubTokenProvider "
        "GitHubTokenProviderArgs GitHubTokenProviderResult GitHubTokenResult"
    ),
    "_handlers": (
        "AutoModeSwitchHandler AutoModeSwitchRequest AutoModeSwitchResponse BearerTokenProvider CommandContext "
        "CommandDefinition CreateSessionFsHandler ElicitationContext ElicitationHandler ElicitationParams "
        "ElicitationResult ExitPlanModeHandler ExitPlanModeRequest ExitPlanModeResult InputOptions McpAuthContext "
        "McpAuthHandler McpAuthRequest McpAuthResult McpAuthStaticClientConfig McpAuthToken "
        "McpAuthWwwAuthenticateParams ProviderTokenArgs SessionCapabilities SessionEventHandler SessionUiCapabilities "
        "UserInputHandler UserInputRequest UserInputResponse"
    ),
    "_hooks": (
        "AgentStopHandler AgentStopHookInput AgentStopHookOutput ErrorOccurredHandler ErrorOccurredHookInput "
        "ErrorOccurredHookOutput PostToolUseFailureHandler PostToolUseFailureHookInput PostToolUseFailureHookOutput "
        "PostToolUseHandler PostToolUseHookInput PostToolUseHookOutput PreMcpToolCallHandler PreMcpToolCallHookInput "
        "PreMcpToolCallHookOutput PreToolUseHandler PreToolUseHookInput PreToolUseHookOutput SessionEndHandler "
        "SessionEndHookInput SessionEndHookOutput SessionHooks SessionStartHandler SessionStartHookInput "
        "SessionStartHookOutput SubagentStartHandler SubagentStartHookInput SubagentStartHookOutput "
        "SubagentStopHandler SubagentStopHookInput SubagentStopHookOutput UserPromptSubmittedHandler "
        "UserPromptSubmittedHookInput UserPromptSubmittedHookOutput UserPromptTransformedHandler "
        "UserPromptTransformedHookInput UserPromptTransformedHookOutput"
    ),
    "_mode": ("BUILTIN_TOOLS_ISOLATED CopilotClientMode ToolSet"),
    "_model_info": ("ModelBilling ModelCapabilities ModelInfo ModelLimits ModelPolicy ModelSupports ModelVisionLimits"),
    "_models": (
        "GetAuthStatusResponse GetStatusResponse PingResponse SessionBackgroundEvent SessionContext "
        "SessionCreatedEvent SessionDeletedEvent SessionForegroundEvent SessionLifecycleEvent "
        "SessionLifecycleEventBase SessionLifecycleEventMetadata SessionLifecycleEventType SessionListFilter "
        "SessionMetadata SessionUpdatedEvent StopError"
    ),
    "_permissions": (
        "AttributedPermissionResult PermissionHandler PermissionNoResult create_attributed_permission_result"
    ),
    "_skills": ("SkillProvider TranscriptRecoveryReport"),
    "canvas": ("CanvasDeclaration CanvasError CanvasHandler CanvasProviderIdentity ExtensionInfo"),
    "client": ("CopilotClient LogLevel"),
    "copilot_request_handler": (
        "CopilotRequestContext CopilotRequestHandler CopilotWebSocketCloseStatus CopilotWebSocketForwarder "
        "CopilotWebSocketHandler LlmInferenceHeaders"
    ),
    "generated.rpc": (
        "CanvasAction CanvasHostContext CanvasHostContextCapabilities CanvasJsonSchema CurrentModel "
        "CurrentToolMetadata ExtensionLaunchProfile ExtensionLaunchProviderHandler "
        "ExtensionLaunchProviderResolveRequest ExtensionLaunchProviderResolveResult GitHubTelemetryClientInfo "
        "GitHubTelemetryEvent GitHubTelemetryNotification GitHubTokenAcquireReason GitHubTokenAcquireResult "
        "GitHubTokenAcquireResultKind ModelBillingTokenPrices ModelBillingTokenPricesLongContext "
        "ModelSwitchAutoTierResult ModelSwitchAutoTierStatus OpenCanvasInstance PermissionDecisionContext "
        "PermissionDecisionOutcome PermissionDecisionSource PermissionDecisionSurface PermissionResponseCapability "
        "RemoteSessionMode SkillProviderDescriptor"
    ),
    "generated.session_events": (
        "AutoTierSwitchFailureReason PermissionRequest SessionAutoTierSwitchFailedData SessionEvent SessionEventType"
    ),
    "host": (
        "AhpAuthenticationRequest AhpAuthenticationResult AhpHost AhpHostAuthentication AhpHostExit AhpHostOptions "
        "AhpSessionAuthentication AhpSessionCreateRequest AhpSessionResumeRequest"
    ),
    "installation_confirmation": (
        "InstallationConfirmationContext InstallationConfirmationDecision InstallationConfirmationHandler"
    ),
    "session": ("CopilotSession PermissionRequestResult SessionUiApi"),
    "session_fs_provider": (
        "SessionFsBinaryProvider SessionFsFileInfo SessionFsProvider SessionFsSqliteProvider "
        "SessionFsSqliteQueryResult SessionFsSqliteTransactionFailure SessionFsWriteFailure create_session_fs_adapter"
    ),
    "tools": (
        "Tool ToolBinaryResult ToolInvocation ToolNamespace ToolResult ToolResultType convert_mcp_call_tool_result "
        "define_tool"
    ),
}
MODULES = {
    *("canvas", "client", "copilot_request_handler", "host", "installation_confirmation", "rpc", "session"),
    *("session_events", "session_fs_provider", "sync", "tools"),
}
MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}


def wire_type(module: str, name: str) -> Any:
    """A wire type that programs import from another module than `rpc`."""
    if not name.startswith("_"):
        from .generated import rpc

        found = getattr(rpc, name, None)
        if found is not None:
            setattr(sys.modules[module], name, found)
            return found
    raise AttributeError(f"module {module!r} has no attribute {name!r}")
