"""The client: one runtime, the sessions on it, and what can be asked of it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, Literal

from . import _wire
from ._base import ClientBase
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
from ._connection import check_env, check_environment, default_connection, to_wire
from ._errors import answered
from ._json import decode
from ._jsonrpc import JsonRpcError as JsonRpcError
from ._jsonrpc import ProcessExitedError as ProcessExitedError
from ._question import called_in
from .generated._options import ClientOptions
from .session import CopilotSession

if TYPE_CHECKING:
    from types import TracebackType

    from ._github import *
    from ._model_info import *
    from ._models import *
    from .generated.rpc import ServerRpc
    from .host import AhpHost, AhpHostOptions
    from .session import *

LogLevel = Literal["none", "error", "warning", "info", "debug", "all"]


class CopilotClient(ClientOptions, ClientBase):
    """A client of the agent runtime: starts it or connects to one, and opens sessions on it."""

    def _begin(self, options: dict[str, Any]) -> None:
        env, connection = options["env"], options["connection"]
        check_env(env)
        self._connection: RuntimeConnection = default_connection(env) if connection is None else connection
        check_environment(self._connection, env, options["telemetry"], options["working_directory"])
        wire = _wire.client_options(options)
        wire["connection"] = to_wire(self._connection, env)
        self._session_fs: SessionFsConfig | None = options["session_fs"]
        self._rpc: ServerRpc | None = None
        self._models: list[ModelInfo] | None = None
        self._models_text = b""
        ClientBase.__init__(self, wire, options)

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

    async def _open(self, op: str, options: dict[str, Any]) -> CopilotSession:
        from ._open import open_session

        return await open_session(self, op, options)

    # -- questions to the runtime -----------------------------------------------------------------------------------

    async def ping(self, message: str | None = None) -> PingResponse:
        """Asks whether the runtime is there."""
        from ._models import PingResponse

        return answered("ping", PingResponse.from_dict, await self._call("client.ping", {"message": message}))

    async def get_status(self) -> GetStatusResponse:
        """The runtime's version."""
        from ._models import GetStatusResponse

        return answered("status.get", GetStatusResponse.from_dict, await self._call("client.getStatus", {}))

    async def get_auth_status(self) -> GetAuthStatusResponse:
        """Who is logged in."""
        from ._models import GetAuthStatusResponse

        answer = await self._call("client.getAuthStatus", {})
        return answered("auth.getStatus", GetAuthStatusResponse.from_dict, answer)

    async def list_models(self) -> list[ModelInfo]:
        """The models that can be used; asked once, then remembered until the client is stopped."""
        if self._on_list_models is not None:
            # The program's own list never leaves Python: its objects and its exceptions come back as they are.
            if self._models is None:
                found = list(await called_in(self._context, self._on_list_models))
                self._models = found if self._models is None else self._models
            return list(self._models)
        from ._model_info import ModelInfo

        raw = await self._submit("client.listModels", {})
        if self._models is None or raw != self._models_text:
            self._models = answered("models.list", lambda got: [*map(ModelInfo.from_dict, got["models"])], decode(raw))
            self._models_text = raw
        return list(self._models)

    async def list_sessions(self, filter: SessionListFilter | None = None) -> list[SessionMetadata]:
        """The sessions the runtime has on disk."""
        from ._models import SessionMetadata

        answer = await self._call("client.listSessions", {"filter": filter and filter.to_dict()})
        return answered(
            "session.list", lambda got: [*map(SessionMetadata.from_dict, got.get("sessions") or ())], answer
        )

    async def get_session_metadata(self, session_id: str) -> SessionMetadata | None:
        """One session's record, or ``None`` when there is none."""
        from ._models import SessionMetadata

        answer = await self._call("client.getSessionMetadata", {"sessionId": session_id})

        def read(got: Any) -> SessionMetadata | None:
            found = got.get("session")
            return None if found is None else SessionMetadata.from_dict(found)

        return answered("session.getMetadata", read, answer)

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
    "DiagnosticsConfiguration",
    "ModelBillingTokenPrices",
    "ModelBillingTokenPricesLongContext",
    "OpenCanvasInstance",
    "RemoteSessionMode",
    "SandboxConfig",
    "ServerRpc",
    "UIThreadRunRequest",
}
# Where the shapes are declared; each module is loaded with the first name that is asked for.
_SHAPES = (
    *("_models", "_model_info", "session", "_github", "_mode", "tools", "canvas", "copilot_request_handler", "host"),
    *("session_fs_provider", "installation_confirmation", "_sdk_protocol_version"),
)


if not TYPE_CHECKING:

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
