"""The client: one runtime, the sessions on it, and what can be asked of it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from . import _wire
from ._base import ClientBase, ListModels
from ._base import HandlerUnsubcribe as HandlerUnsubcribe
from ._base import SessionLifecycleHandler as SessionLifecycleHandler
from ._connection import ChildProcessRuntimeConnection as ChildProcessRuntimeConnection
from ._connection import CloudSessionOptions as CloudSessionOptions
from ._connection import CloudSessionRepository as CloudSessionRepository
from ._connection import InProcessRuntimeConnection as InProcessRuntimeConnection
from ._connection import RuntimeConnection as RuntimeConnection
from ._connection import StdioRuntimeConnection as StdioRuntimeConnection
from ._connection import TcpRuntimeConnection as TcpRuntimeConnection
from ._connection import UriRuntimeConnection as UriRuntimeConnection
from ._connection import check_environment, default_connection, to_wire
from ._json import decode
from ._jsonrpc import JsonRpcError as JsonRpcError
from ._jsonrpc import ProcessExitedError as ProcessExitedError
from ._question import called_in
from .session import CopilotSession

if TYPE_CHECKING:
    from types import TracebackType

    from ._factories import Factory
    from ._github import *
    from ._mode import CopilotClientMode, ToolSet
    from ._models import *
    from ._permissions import PermissionHandlerFn
    from .canvas import CanvasDeclaration, CanvasHandler, CanvasProviderIdentity, ExtensionInfo
    from .copilot_request_handler import CopilotRequestHandler
    from .generated.rpc import (
        ExtensionLaunchProviderHandler,
        GitHubTelemetryNotification,
        OpenCanvasInstance,
        RemoteSessionMode,
        SandboxConfig,
        ServerRpc,
    )
    from .generated.session_events import SessionEvent
    from .host import AhpHost, AhpHostOptions
    from .installation_confirmation import InstallationConfirmationHandler
    from .session import *
    from .tools import Tool

DiagnosticsConfiguration = Any
LogLevel = Literal["none", "error", "warning", "info", "debug", "all"]


class CopilotClient(ClientBase):
    """A client of the agent runtime: starts it or connects to one, and opens sessions on it."""

    def __init__(
        self,
        *,
        entra: EntraAuthConfig | None = None,
        connection: RuntimeConnection | None = None,
        working_directory: str | None = None,
        log_level: LogLevel = "info",
        env: dict[str, str] | None = None,
        github_token: str | None = None,
        base_directory: str | None = None,
        builtin_plugin_directories: Sequence[str] | None = None,
        extension_launch_provider: ExtensionLaunchProviderHandler | None = None,
        installation_confirmation_handler: InstallationConfirmationHandler | None = None,
        use_logged_in_user: bool | None = None,
        telemetry: TelemetryConfig | None = None,
        session_fs: SessionFsConfig | None = None,
        request_handler: CopilotRequestHandler | None = None,
        session_idle_timeout_seconds: int | None = None,
        client_info: ClientInfo | None = None,
        on_list_models: ListModels | None = None,
        on_github_telemetry: Callable[[GitHubTelemetryNotification], Awaitable[None] | None] | None = None,
        mode: CopilotClientMode = "copilot-cli",
        enable_remote_sessions: bool = False,
        start_timeout: float | None = None,
    ) -> None:
        options = dict(locals())
        if entra is not None:
            raise RuntimeError("this runtime does not support Entra client configuration")
        if installation_confirmation_handler is not None:
            raise RuntimeError("this runtime does not ask for the confirmation of installations")
        self._connection = default_connection(env) if connection is None else connection
        check_environment(self._connection, env, telemetry, working_directory)
        wire = _wire.client_options(options)
        wire["connection"] = to_wire(self._connection, env)
        self._session_fs = session_fs
        self._rpc: ServerRpc | None = None
        self._models: list[ModelInfo] | None = None
        self._models_text = b""
        super().__init__(wire, on_list_models, on_github_telemetry, request_handler, extension_launch_provider)

    def __repr__(self) -> str:
        return f"<CopilotClient {type(self._connection).__name__} {self._inbox.native.state()}>"

    @property
    def rpc(self) -> ServerRpc:
        """Every method of the runtime that concerns no single session, typed."""
        if self._inbox.native.state() != "connected":
            raise RuntimeError("Client is not connected. Call start() first.")
        if self._rpc is None:
            from .generated.rpc import ServerRpc

            self._rpc = ServerRpc(self._peer)
        return self._rpc

    @property
    def runtime_port(self) -> int | None:
        """The TCP port of the runtime, when there is one."""
        return self._inbox.native.runtime_port()

    # -- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> CopilotClient:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts the runtime or connects to it; does nothing when that is done already."""
        await self._call("client.start", {})

    async def stop(self) -> None:
        """Disconnects every session and ends the runtime. Problems come as one group, after all of it was done."""
        sessions: list[Any] = list(self._inbox.sessions.values())
        self._models = None
        answer = await self._call("client.stop", {})
        for session in sessions:
            session._forget()
        if not answer.get("errors"):
            return
        from ._models import StopError

        errors = [StopError(each["message"]) for each in answer["errors"]]
        raise ExceptionGroup("errors during CopilotClient.stop()", errors)

    async def force_stop(self) -> None:
        """Ends the runtime at once, without asking it."""
        sessions: list[Any] = list(self._inbox.sessions.values())
        self._models = None
        await self._call("client.forceStop", {})
        for session in sessions:
            session._forget()

    # -- sessions ---------------------------------------------------------------------------------------------------

    async def create_session(
        self,
        *,
        on_permission_request: PermissionHandlerFn | None = None,
        model: str | None = None,
        session_id: str | None = None,
        name: str | None = None,
        client_name: str | None = None,
        reasoning_effort: ReasoningEffort | None = None,
        reasoning_summary: ReasoningSummary | None = None,
        enable_experimental_mode: bool | None = None,
        context_tier: ContextTier | None = None,
        tools: list[Tool] | None = None,
        system_message: SystemMessageConfig | None = None,
        tool_search: ToolSearchConfig | None = None,
        image_generation: ImageGenerationConfig | None = None,
        available_tools: list[str] | ToolSet | None = None,
        excluded_tools: list[str] | ToolSet | None = None,
        on_user_input_request: UserInputHandler | None = None,
        ask_user_variant: AskUserVariant | None = None,
        hooks: SessionHooks | None = None,
        working_directory: str | None = None,
        additional_directories: list[str] | None = None,
        provider: ProviderConfig | None = None,
        capi: CapiSessionOptions | None = None,
        providers: list[NamedProviderConfig] | None = None,
        models: list[ProviderModelConfig] | None = None,
        enable_session_telemetry: bool | None = None,
        enable_citations: bool | None = None,
        enable_file_change_tracking: bool | None = None,
        excluded_builtin_agents: list[str] | None = None,
        session_limits: SessionLimitsConfig | None = None,
        autopilot: AutopilotOptions | None = None,
        skip_custom_instructions: bool | None = None,
        refresh_custom_instructions: bool | None = None,
        trust_working_directory: Literal["session", "user"] | None = None,
        custom_agents_local_only: bool | None = None,
        coauthor_enabled: bool | None = None,
        manage_schedule_enabled: bool | None = None,
        model_capabilities: ModelCapabilitiesOverride | None = None,
        streaming: bool | None = None,
        include_sub_agent_streaming_events: bool | None = None,
        mcp_servers: dict[str, MCPServerConfig] | None = None,
        diagnostics: DiagnosticsConfiguration | None = None,
        mcp_oauth_token_storage: Literal["persistent", "in-memory"] | None = None,
        auth_client_id_metadata_url: str | None = None,
        embedding_cache_storage: Literal["persistent", "in-memory"] | None = None,
        custom_agents: list[CustomAgentConfig] | None = None,
        default_agent: DefaultAgentConfig | dict[str, Any] | None = None,
        agent: str | None = None,
        config_directory: str | None = None,
        enable_config_discovery: bool | None = None,
        skip_embedding_retrieval: bool | None = None,
        organization_custom_instructions: str | None = None,
        enable_on_demand_instruction_discovery: bool | None = None,
        enable_file_hooks: bool | None = None,
        enable_host_git_operations: bool | None = None,
        enable_session_store: bool | None = None,
        enable_skills: bool | None = None,
        included_builtin_skills: list[str] | None = None,
        skill_directories: list[str] | None = None,
        skill_provider: SkillProvider | None = None,
        agent_directories: list[str] | None = None,
        hook_directories: list[str] | None = None,
        plugin_directories: list[str] | None = None,
        instruction_directories: list[str] | None = None,
        disabled_skills: list[str] | None = None,
        disabled_mcp_servers: list[str] | None = None,
        sandbox_config: SandboxConfig | None = None,
        infinite_sessions: InfiniteSessionConfig | None = None,
        large_output: LargeToolOutputConfig | None = None,
        memory: MemoryConfiguration | None = None,
        factories: list[Factory] | None = None,
        on_event: Callable[[SessionEvent], None] | None = None,
        commands: list[CommandDefinition] | None = None,
        on_elicitation_request: ElicitationHandler | None = None,
        on_mcp_auth_request: McpAuthHandler | None = None,
        enable_mcp_apps: bool = False,
        on_exit_plan_mode_request: ExitPlanModeHandler | None = None,
        on_auto_mode_switch_request: AutoModeSwitchHandler | None = None,
        create_session_fs_handler: CreateSessionFsHandler | None = None,
        github_token: str | None = None,
        github_token_provider: GitHubTokenProvider | None = None,
        cloud: CloudSessionOptions | None = None,
        canvases: list[CanvasDeclaration] | None = None,
        request_canvas_renderer: bool | None = None,
        request_extensions: bool | None = None,
        extension_sdk_path: str | None = None,
        extension_info: ExtensionInfo | None = None,
        canvas_provider: CanvasProviderIdentity | None = None,
        canvas_handler: CanvasHandler | None = None,
        feature_flags: dict[str, bool] | None = None,
        exp_assignments: CopilotExpAssignmentResponse | dict[str, Any] | None = None,
        enable_managed_settings: bool | None = None,
        excluded_managed_settings: list[str] | None = None,
        enforce_managed_model_defaults: bool | None = None,
        interactive_user: bool | None = None,
        github_mcp_tool_config: GitHubMcpToolConfig | None = None,
        managed_settings: ManagedSettings | None = None,
        remote_session: RemoteSessionMode | None = None,
    ) -> CopilotSession:
        """Opens a new session."""
        options = dict(locals())
        return await self._open("session.create", session_id, options)

    async def resume_session(
        self,
        session_id: str,
        *,
        on_permission_request: PermissionHandlerFn | None = None,
        model: str | None = None,
        client_name: str | None = None,
        reasoning_effort: ReasoningEffort | None = None,
        reasoning_summary: ReasoningSummary | None = None,
        enable_experimental_mode: bool | None = None,
        context_tier: ContextTier | None = None,
        tools: list[Tool] | None = None,
        system_message: SystemMessageConfig | None = None,
        tool_search: ToolSearchConfig | None = None,
        image_generation: ImageGenerationConfig | None = None,
        available_tools: list[str] | ToolSet | None = None,
        excluded_tools: list[str] | ToolSet | None = None,
        on_user_input_request: UserInputHandler | None = None,
        ask_user_variant: AskUserVariant | None = None,
        hooks: SessionHooks | None = None,
        working_directory: str | None = None,
        additional_directories: list[str] | None = None,
        provider: ProviderConfig | None = None,
        capi: CapiSessionOptions | None = None,
        providers: list[NamedProviderConfig] | None = None,
        models: list[ProviderModelConfig] | None = None,
        enable_session_telemetry: bool | None = None,
        enable_citations: bool | None = None,
        enable_file_change_tracking: bool | None = None,
        excluded_builtin_agents: list[str] | None = None,
        session_limits: SessionLimitsConfig | None = None,
        autopilot: AutopilotOptions | None = None,
        skip_custom_instructions: bool | None = None,
        custom_agents_local_only: bool | None = None,
        coauthor_enabled: bool | None = None,
        manage_schedule_enabled: bool | None = None,
        model_capabilities: ModelCapabilitiesOverride | None = None,
        streaming: bool | None = None,
        include_sub_agent_streaming_events: bool | None = None,
        mcp_servers: dict[str, MCPServerConfig] | None = None,
        diagnostics: DiagnosticsConfiguration | None = None,
        mcp_oauth_token_storage: Literal["persistent", "in-memory"] | None = None,
        auth_client_id_metadata_url: str | None = None,
        embedding_cache_storage: Literal["persistent", "in-memory"] | None = None,
        custom_agents: list[CustomAgentConfig] | None = None,
        default_agent: DefaultAgentConfig | dict[str, Any] | None = None,
        agent: str | None = None,
        config_directory: str | None = None,
        enable_config_discovery: bool | None = None,
        skip_embedding_retrieval: bool | None = None,
        organization_custom_instructions: str | None = None,
        enable_on_demand_instruction_discovery: bool | None = None,
        enable_file_hooks: bool | None = None,
        enable_host_git_operations: bool | None = None,
        enable_session_store: bool | None = None,
        enable_skills: bool | None = None,
        included_builtin_skills: list[str] | None = None,
        skill_directories: list[str] | None = None,
        skill_provider: SkillProvider | None = None,
        agent_directories: list[str] | None = None,
        hook_directories: list[str] | None = None,
        plugin_directories: list[str] | None = None,
        instruction_directories: list[str] | None = None,
        disabled_skills: list[str] | None = None,
        disabled_mcp_servers: list[str] | None = None,
        sandbox_config: SandboxConfig | None = None,
        infinite_sessions: InfiniteSessionConfig | None = None,
        large_output: LargeToolOutputConfig | None = None,
        memory: MemoryConfiguration | None = None,
        factories: list[Factory] | None = None,
        on_event: Callable[[SessionEvent], None] | None = None,
        commands: list[CommandDefinition] | None = None,
        on_elicitation_request: ElicitationHandler | None = None,
        on_mcp_auth_request: McpAuthHandler | None = None,
        enable_mcp_apps: bool = False,
        on_exit_plan_mode_request: ExitPlanModeHandler | None = None,
        on_auto_mode_switch_request: AutoModeSwitchHandler | None = None,
        create_session_fs_handler: CreateSessionFsHandler | None = None,
        github_token: str | None = None,
        github_token_provider: GitHubTokenProvider | None = None,
        canvases: list[CanvasDeclaration] | None = None,
        request_canvas_renderer: bool | None = None,
        request_extensions: bool | None = None,
        extension_sdk_path: str | None = None,
        extension_info: ExtensionInfo | None = None,
        canvas_provider: CanvasProviderIdentity | None = None,
        canvas_handler: CanvasHandler | None = None,
        feature_flags: dict[str, bool] | None = None,
        exp_assignments: CopilotExpAssignmentResponse | dict[str, Any] | None = None,
        enable_managed_settings: bool | None = None,
        excluded_managed_settings: list[str] | None = None,
        enforce_managed_model_defaults: bool | None = None,
        interactive_user: bool | None = None,
        github_mcp_tool_config: GitHubMcpToolConfig | None = None,
        managed_settings: ManagedSettings | None = None,
        continue_pending_work: bool | None = None,
        suppress_resume_event: bool | None = None,
        allow_transcript_recovery: bool | None = None,
        open_canvases: list[OpenCanvasInstance] | None = None,
        remote_session: RemoteSessionMode | None = None,
    ) -> CopilotSession:
        """Opens a session that exists already."""
        options = dict(locals())
        return await self._open("session.resume", session_id, options)

    async def _open(self, op: str, session_id: str | None, options: dict[str, Any]) -> CopilotSession:
        from ._open import open_session

        del options["self"]
        return await open_session(self, op, session_id, options)

    # -- questions to the runtime -----------------------------------------------------------------------------------

    async def ping(self, message: str | None = None) -> PingResponse:
        """Asks whether the runtime is there."""
        from ._models import PingResponse

        return PingResponse.from_dict(await self._call("client.ping", {"message": message}))

    async def get_status(self) -> GetStatusResponse:
        """The runtime's version."""
        from ._models import GetStatusResponse

        return GetStatusResponse.from_dict(await self._call("client.getStatus", {}))

    async def get_auth_status(self) -> GetAuthStatusResponse:
        """Who is logged in."""
        from ._models import GetAuthStatusResponse

        return GetAuthStatusResponse.from_dict(await self._call("client.getAuthStatus", {}))

    async def list_models(self) -> list[ModelInfo]:
        """The models that can be used; asked once, then remembered until the client is stopped."""
        if self._on_list_models is not None:
            # The program's own list never leaves Python: its objects and its exceptions come back as they are.
            if self._models is None:
                found = list(await called_in(self._context, self._on_list_models))
                self._models = found if self._models is None else self._models
            return list(self._models)
        from ._models import ModelInfo

        raw = await self._submit("client.listModels", {})
        if self._models is None or raw != self._models_text:
            self._models = [ModelInfo.from_dict(each) for each in decode(raw)["models"]]
            self._models_text = raw
        return list(self._models)

    async def list_sessions(self, filter: SessionListFilter | None = None) -> list[SessionMetadata]:
        """The sessions the runtime has on disk."""
        from ._models import SessionMetadata

        answer = await self._call("client.listSessions", {"filter": filter and filter.to_dict()})
        return [SessionMetadata.from_dict(each) for each in answer.get("sessions") or ()]

    async def get_session_metadata(self, session_id: str) -> SessionMetadata | None:
        """One session's record, or ``None`` when there is none."""
        from ._models import SessionMetadata

        answer = await self._call("client.getSessionMetadata", {"sessionId": session_id})
        found = answer.get("session")
        return None if found is None else SessionMetadata.from_dict(found)

    async def delete_session(self, session_id: str) -> None:
        """Removes a session for good."""
        try:
            await self._call("client.deleteSession", {"sessionId": session_id})
        except JsonRpcError as error:
            raise RuntimeError(f"Failed to delete session {session_id}: {error}") from error
        for session in list(self._inbox.sessions.values()):
            if isinstance(session, CopilotSession) and session.session_id == session_id:
                session._forget()

    async def get_last_session_id(self) -> str | None:
        """The session used last."""
        found: str | None = (await self._call("client.getLastSessionId", {})).get("sessionId")
        return found

    async def get_foreground_session_id(self) -> str | None:
        """The session the runtime's own interface shows."""
        found: str | None = (await self._call("client.getForegroundSessionId", {})).get("sessionId")
        return found

    async def set_foreground_session_id(self, session_id: str) -> None:
        """Changes the session the runtime's own interface shows."""
        await self._call("client.setForegroundSessionId", {"sessionId": session_id})

    async def diagnostics(self) -> dict[str, Any]:
        """Where the client stands, how its last start went, and what went over the wire since it was made.

        Works at any time; the names are those of ``docs/host.md``.
        """
        seen: dict[str, Any] = await self._call("client.diagnostics", {})
        return seen

    async def start_ahp_host(self, options: AhpHostOptions) -> AhpHost:
        """Hosts sessions for other clients."""
        from .host import start_ahp_host

        return await start_ahp_host(self, options)


_GENERATED = {
    "ModelBillingTokenPrices",
    "ModelBillingTokenPricesLongContext",
    "OpenCanvasInstance",
    "RemoteSessionMode",
    "SandboxConfig",
    "ServerRpc",
}
# Where the shapes are declared; each module is loaded with the first name that is asked for.
_SHAPES = ("_models", "session", "_github", "_mode", "tools", "canvas", "copilot_request_handler", "host")


def __getattr__(name: str) -> Any:
    if name in _GENERATED:
        from .generated import rpc

        value = getattr(rpc, name)
    else:
        value = _shape(name)
    setattr(sys.modules[__name__], name, value)
    return value


def _shape(name: str) -> Any:
    if not name.startswith("_"):
        for module in _SHAPES:
            found = getattr(importlib.import_module(f"{__package__}.{module}"), name, None)
            if found is not None:
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
