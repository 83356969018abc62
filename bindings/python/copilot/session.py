"""Sessions: one conversation with the agent, and the shapes its configuration and callbacks have."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import msgspec

from ._permissions import AttributedPermissionResult as AttributedPermissionResult
from ._permissions import PermissionHandler as PermissionHandler
from ._permissions import PermissionInvocation as PermissionInvocation
from ._permissions import PermissionNoResult as PermissionNoResult
from ._permissions import create_attributed_permission_result as create_attributed_permission_result
from ._serve import Handlers

if TYPE_CHECKING:
    import os
    import pathlib
    from types import TracebackType

    from ._config import *
    from ._handlers import *
    from ._hooks import *
    from ._permissions import PermissionRequestResult as PermissionRequestResult
    from ._sections import SYSTEM_MESSAGE_SECTIONS as SYSTEM_MESSAGE_SECTIONS
    from ._skills import SkillProvider as SkillProvider
    from ._skills import TranscriptRecoveryReport as TranscriptRecoveryReport
    from ._ui import SessionUiApi as SessionUiApi
    from .client import CopilotClient
    from .generated.rpc import CurrentToolMetadata, ModelSwitchAutoTierResult, OpenCanvasInstance, SessionRpc
    from .generated.session_events import PermissionRequest as PermissionRequest
    from .generated.session_events import SessionEvent
    from .tools import Tool

    SessionEventTypeAlias = SessionEvent

logger = logging.getLogger("copilot.session")

TResponse = TypeVar("TResponse")
AgentMode = Literal["interactive", "plan", "autopilot", "shell"]
SendMode = Literal["enqueue", "immediate"]


class _Unset:
    """Tells an argument that was not given from ``None``."""

    def __repr__(self) -> str:
        return "<unset>"


_UNSET = _Unset()


class CopilotSession:
    """A conversation with the agent. Made by ``create_session`` and ``resume_session`` of a client."""

    def __init__(
        self,
        session_id: str,
        client: Any,
        workspace_path: os.PathLike[str] | str | None = None,
        managed_settings_enabled: bool = False,
        on_disconnect: Callable[[], None] | None = None,
    ) -> None:
        self.session_id = session_id
        self.transcript_recovery: TranscriptRecoveryReport | None = None
        self._client: CopilotClient = client
        self._key = 0
        self._workspace_path = workspace_path
        self._managed = managed_settings_enabled
        self._on_disconnect = on_disconnect
        self._listeners: dict[Any, Callable[[SessionEvent], None]] = {}
        self._snapshot: tuple[Callable[[SessionEvent], None], ...] = ()
        self._handlers = Handlers()
        self._rpc: SessionRpc | None = None
        self._state: dict[str, Any] = {}
        self._disconnected = False

    def __repr__(self) -> str:
        state = "disconnected" if self._disconnected else "open"
        return f"<CopilotSession {self.session_id} {state}>"

    async def __aenter__(self) -> CopilotSession:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.disconnect()

    # -- state ------------------------------------------------------------------------------------------------------

    def _read_state(self) -> dict[str, Any]:
        text = self._client._inbox.native.session_state(self._key) if self._key else None
        if text is not None:
            self._state = msgspec.json.decode(text)
        return self._state

    @property
    def rpc(self) -> SessionRpc:
        """Every method of the runtime that concerns this session, typed."""
        if self._rpc is None:
            from .generated.rpc import SessionRpc

            self._rpc = SessionRpc(self._client._peer, self.session_id)
        return self._rpc

    @property
    def capabilities(self) -> SessionCapabilities:
        """What the session's host can do; follows the runtime's ``capabilities.changed``."""
        found: Any = self._read_state().get("capabilities") or {}
        return cast("SessionCapabilities", found)

    @property
    def ui(self) -> SessionUiApi:
        """Questions to the person in front of the host."""
        from ._ui import SessionUiApi

        return SessionUiApi(self)

    @property
    def workspace_path(self) -> pathlib.Path | None:
        """Where the session keeps its files, unless infinite sessions are off."""
        import pathlib

        path = self._workspace_path or self._read_state().get("workspacePath")
        return None if not path else pathlib.Path(path)

    @property
    def open_canvases(self) -> list[OpenCanvasInstance]:
        """The canvases that are open now."""
        from .generated.rpc import OpenCanvasInstance

        found = self._read_state().get("openCanvases") or []
        return [OpenCanvasInstance.from_dict(each) for each in found]

    def counters(self) -> dict[str, int]:
        """How many events came in (``received``), went out (``delivered``) and wait (``queued_*``)."""
        values = self._client._inbox.native.counters(self._key)
        names = ("received", "delivered", "queued_events", "queued_bytes")
        return dict(zip(names, values or (0, 0, 0, 0), strict=True))

    # -- events -----------------------------------------------------------------------------------------------------

    def on(self, handler: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Calls a plain function with every event, in order, on the client's loop. Returns what ends that."""
        self._listeners[handler] = handler
        self._snapshot = tuple(self._listeners.values())

        def unsubscribe() -> None:
            self._listeners.pop(handler, None)
            self._snapshot = tuple(self._listeners.values())

        return unsubscribe

    def events(self, *types: type[Any] | str) -> AsyncIterator[SessionEvent]:
        """Iterates over events, all or only those whose type or payload class is named.

        Events are collected from the call on; nothing is lost while the body awaits. The iteration ends when the
        session is disconnected.
        """
        from ._stream import EventStream

        stream = EventStream(self, types)
        self._handlers.streams.add(stream)
        return stream

    def _deliver(self, kind: str, raw: bytes) -> None:
        snapshot = self._snapshot
        if not snapshot:
            return
        try:
            event = _event_from_bytes(raw)
        except Exception:
            logger.exception("dropped a malformed event of type %s", kind)
            return
        for handler in snapshot:
            try:
                handler(event)
            except Exception:
                logger.exception("Unhandled exception in session event handler")

    # -- calls ------------------------------------------------------------------------------------------------------

    async def _call(self, op: str, /, **members: Any) -> Any:
        args = {name: value for name, value in members.items() if value is not None}
        args["key"] = self._key
        return await self._client._call(op, args)

    async def _rpc_call(self, method: str, **params: Any) -> Any:
        given = {name: value for name, value in params.items() if value is not None}
        return await self._call("session.call", method=method, params=given)

    async def send(
        self,
        prompt: str,
        *,
        attachments: list[Attachment] | None = None,
        source: MessageSource | None = None,
        mode: SendMode | None = None,
        agent_mode: AgentMode | None = None,
        request_headers: dict[str, str] | None = None,
        display_prompt: str | None = None,
        response_schema: dict[str, Any] | type[Any] | None = None,
    ) -> str:
        """Sends a message; returns its id as soon as the runtime has it. The work is seen through events."""
        members = _message(prompt, attachments, source, mode, agent_mode, request_headers, display_prompt)
        members["responseFormat"] = _response_format(response_schema)
        answer = await self._call("session.send", **members)
        return str(answer["messageId"])

    async def send_and_wait(
        self,
        prompt: str,
        *,
        attachments: list[Attachment] | None = None,
        source: MessageSource | None = None,
        mode: SendMode | None = None,
        agent_mode: AgentMode | None = None,
        request_headers: dict[str, str] | None = None,
        display_prompt: str | None = None,
        response_schema: dict[str, Any] | type[Any] | None = None,
        timeout: float = 60.0,
        inactivity_timeout: float | None = None,
        until: Literal["idle", "foreground"] = "idle",
    ) -> SessionEvent | None:
        """Sends a message and waits until the agent is idle; returns its last answer to this message.

        ``timeout`` limits the whole wait, ``inactivity_timeout`` the time without any event of the session, both in
        seconds. Neither ends the agent's work: see ``abort`` for that. ``until="foreground"`` does not wait for agents
        and shells that were left running in the background.
        """
        members = _message(prompt, attachments, source, mode, agent_mode, request_headers, display_prompt)
        members["responseFormat"] = _response_format(response_schema)
        members["until"] = until
        if inactivity_timeout is not None:
            members["inactivityTimeoutMs"] = inactivity_timeout * 1000
        raw = await self._send_and_wait(members, timeout)
        return None if raw == b"null" else _event_from_bytes(raw)

    async def _send_and_wait(self, members: dict[str, Any], timeout: float | None) -> bytes:
        args = {name: value for name, value in members.items() if value is not None}
        args["key"] = self._key
        args["timeoutMs"] = None if timeout is None else int(timeout * 1000)
        try:
            return await self._client._submit("session.sendAndWait", args)
        except TimeoutError as error:
            raise _wait_timeout(str(error), timeout) from None

    async def send_and_wait_typed(
        self,
        prompt: str,
        response_type: type[TResponse],
        *,
        attachments: list[Attachment] | None = None,
        source: MessageSource | None = None,
        mode: SendMode | None = None,
        agent_mode: AgentMode | None = None,
        request_headers: dict[str, str] | None = None,
        display_prompt: str | None = None,
        timeout: float = 60.0,
        retries: int = 0,
    ) -> TResponse:
        """Like ``send_and_wait``, with the answer validated into a model.

        With ``retries`` an answer that does not follow the model's schema is not the end: the agent is told why and
        asked again so many times. When no answer was right, ``CopilotError`` of the kind ``SchemaMismatch`` is raised.
        """
        from ._events import event_from_dict
        from ._structured import check_model, parse, schema_for

        check_model(response_type, mode)
        if retries > 0:
            members = _message(prompt, attachments, source, mode, agent_mode, request_headers, display_prompt)
            members["responseSchema"] = schema_for(response_type)
            members["responseRetries"] = retries
            answer = msgspec.json.decode(await self._send_and_wait(members, timeout))
            return parse(event_from_dict(answer["event"]), response_type)
        event = await self.send_and_wait(
            prompt,
            attachments=attachments,
            source=source,
            mode=mode,
            agent_mode=agent_mode,
            request_headers=request_headers,
            display_prompt=display_prompt,
            response_schema=response_type,
            timeout=timeout,
        )
        return parse(event, response_type)

    async def get_events(self) -> list[SessionEvent]:
        """All stored events of the session, oldest first."""
        from ._events import event_from_dict

        answer = await self._call("session.getEvents")
        return [event_from_dict(each) for each in answer["events"]]

    async def abort(self) -> None:
        """Ends the turn that is running; the session stays usable."""
        await self._call("session.abort")

    async def disconnect(self) -> None:
        """Lets go of the session; its state stays on disk and can be resumed. Later calls do nothing."""
        if self._disconnected:
            return
        self._disconnected = True
        try:
            await self._call("session.disconnect")
        finally:
            self._forget()

    def _forget(self) -> None:
        """Drops what only a connected session needs."""
        self._disconnected = True
        self._listeners.clear()
        self._snapshot = ()
        self._handlers.close()
        self._client._inbox.sessions.pop(self._key, None)
        if self._on_disconnect is not None:
            self._on_disconnect()

    async def set_model(
        self,
        model: str,
        *,
        reasoning_effort: str | None = None,
        reasoning_summary: ReasoningSummary | None = None,
        context_tier: ContextTier | None = None,
        model_capabilities: ModelCapabilitiesOverride | None = None,
        auto_tier: AutoTier | None | _Unset = _UNSET,
    ) -> None:
        """Changes the model from the next message on; the history is kept."""
        from ._wire import capabilities

        _one_of("reasoning_summary", reasoning_summary, ("none", "concise", "detailed"))
        _one_of("context_tier", context_tier, ("default", "long_context"))
        override = None if model_capabilities is None else capabilities(model_capabilities)
        await self._rpc_call(
            "session.model.switchTo",
            modelId=model,
            reasoningEffort=reasoning_effort,
            reasoningSummary=reasoning_summary,
            contextTier=context_tier,
            modelCapabilities=override,
            autoTier=None if isinstance(auto_tier, _Unset) else _value(auto_tier),
        )

    async def set_auto_tier(self, auto_tier: AutoTier | None) -> ModelSwitchAutoTierResult:
        """Changes how automatic model choice weighs cost and ability."""
        from .generated.rpc import ModelSwitchAutoTierResult

        answer = await self._call(
            "session.call",
            method="session.model.switchAutoTier",
            params={"autoTier": _value(auto_tier)},
        )
        return ModelSwitchAutoTierResult.from_dict(answer)

    async def set_tools(self, tools: list[Tool]) -> None:
        """Replaces the tools of the session."""
        from ._tool_call import tool_to_wire

        if self._disconnected:
            raise RuntimeError("Session is disconnected")
        before = self._handlers.tools
        self._handlers.tools = {tool.name: tool.handler for tool in tools if tool.handler}
        try:
            await self._rpc_call("session.tools.set", tools=[tool_to_wire(each) for each in tools])
        except BaseException:
            self._handlers.tools = before
            raise

    async def log(self, message: str, *, level: str | None = None, ephemeral: bool | None = None) -> None:
        """Adds a line to the session's timeline."""
        _one_of("level", level, ("info", "warning", "error"))
        await self._rpc_call("session.log", message=message, level=level, ephemeral=ephemeral)

    async def _tool_metadata(self) -> list[CurrentToolMetadata] | None:
        from .generated.rpc import CurrentToolMetadata

        try:
            answer = await self._rpc_call("session.tools.getCurrentMetadata")
        except Exception:
            return None
        tools = answer.get("tools")
        return None if tools is None else [CurrentToolMetadata.from_dict(each) for each in tools]


def _event_from_bytes(raw: bytes) -> SessionEvent:
    """Replaces itself with the generated decoder when the first event comes."""
    from ._events import event_from_bytes

    globals()["_event_from_bytes"] = event_from_bytes
    return event_from_bytes(raw)


def _value(item: Any) -> Any:
    return getattr(item, "value", item)


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")


def _wait_timeout(said: str, timeout: float | None) -> TimeoutError:
    """The engine's error in Python's words, with what was last seen as a note."""
    text, _, seen = said.partition("; last seen: ")
    if text.endswith("waiting for session.idle") and "without an event" not in text:
        text = f"Timeout after {timeout}s waiting for session.idle"
    error = TimeoutError(text)
    if seen:
        error.add_note(f"last seen: {seen}")
    return error


def _message(
    prompt: str,
    attachments: list[Attachment] | None,
    source: MessageSource | None,
    mode: str | None,
    agent_mode: str | None,
    request_headers: dict[str, str] | None,
    display_prompt: str | None,
) -> dict[str, Any]:
    from ._config import AgentMessageSource
    from ._telemetry import get_trace_context

    return {
        "prompt": prompt,
        "attachments": attachments,
        "source": f"agent-{source.agent_id}" if isinstance(source, AgentMessageSource) else source,
        "mode": mode,
        "agentMode": agent_mode,
        "requestHeaders": request_headers,
        "displayPrompt": display_prompt,
        **get_trace_context(),
    }


def _response_format(schema: dict[str, Any] | type[Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    from ._structured import response_format

    return response_format(schema)


# Where the shapes are declared; each module is loaded with the first name that is asked for.
_SHAPES = (
    *("_config", "_handlers", "_hooks", "_sections", "_skills", "_ui", "_jsonrpc", "tools", "canvas"),
    *("generated.rpc", "generated.session_events"),
)


def __getattr__(name: str) -> Any:
    if name == "PermissionRequestResult":
        from .generated.rpc import PermissionDecision

        value: Any = PermissionDecision | PermissionNoResult
    elif name in ("SessionEvent", "SessionEventTypeAlias", "PermissionRequest"):
        from .generated import session_events

        value = getattr(session_events, "SessionEvent" if name.startswith("Session") else name)
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
