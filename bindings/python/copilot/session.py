"""Sessions: one conversation with the agent, and the shapes its configuration and callbacks have."""

from __future__ import annotations

import contextvars
import importlib
import inspect
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from ._errors import CopilotError, NativeError, WaitTimeoutError, after_the_end, answered, is_wanted_end
from ._events import event_from_bytes as _event_from_bytes
from ._given import shown
from ._inbox import EVENT, Delivery, Received
from ._json import decode, encode
from ._permissions import AttributedPermissionResult as AttributedPermissionResult
from ._permissions import PermissionHandler as PermissionHandler
from ._permissions import PermissionInvocation as PermissionInvocation
from ._permissions import PermissionNoResult as PermissionNoResult
from ._permissions import create_attributed_permission_result as create_attributed_permission_result
from ._serve import Handlers
from ._wire import message, milliseconds
from ._wire import tools as declarations
from .generated._kinds import TOOL
from .generated._options import MessageOptions

if TYPE_CHECKING:
    import os
    import pathlib
    from types import TracebackType

    from ._config import *
    from ._factories import SessionFactories
    from ._handlers import *
    from ._hooks import *
    from ._permissions import PermissionRequestResult as PermissionRequestResult
    from ._sections import SYSTEM_MESSAGE_SECTIONS as SYSTEM_MESSAGE_SECTIONS
    from ._skills import SkillProvider as SkillProvider
    from ._skills import TranscriptRecoveryReport as TranscriptRecoveryReport
    from ._stream import Collector
    from ._ui import SessionUiApi as SessionUiApi
    from .client import CopilotClient
    from .generated._shared import *
    from .generated.rpc import ModelSwitchAutoTierResult, OpenCanvasInstance, SessionRpc
    from .generated.session_events import PermissionRequest as PermissionRequest
    from .generated.session_events import SessionEvent as SessionEvent
    from .tools import Tool

    SessionEventTypeAlias = SessionEvent

TResponse = TypeVar("TResponse")
AgentMode = Literal["interactive", "plan", "autopilot", "shell"]
SendMode = Literal["enqueue", "immediate"]


class _Unset:
    """Tells an argument that was not given from ``None``."""

    def __repr__(self) -> str:
        return "<unset>"


_UNSET = _Unset()


class CopilotSession(MessageOptions):
    """A conversation with the agent. Made by ``create_session`` and ``resume_session`` of a client."""

    # What most sessions never set: each of a thousand sessions is the smaller for it.
    transcript_recovery: TranscriptRecoveryReport | None = None
    _key = 0
    _workspace_path: os.PathLike[str] | str | None = None
    _workspace: pathlib.Path | None = None
    _managed = False
    _on_disconnect: Callable[[], None] | None = None
    _listeners: Mapping[Any, Callable[[SessionEvent], None]] = MappingProxyType({})
    _snapshot: tuple[Callable[[SessionEvent], None], ...] = ()
    _rpc: SessionRpc | None = None
    _state: Mapping[str, Any] = MappingProxyType({})
    _disconnected = False
    _is_listening = False
    _end: NativeError | None = None
    _last_counters: tuple[int, int, int, int] | None = None
    _event_context: contextvars.Context | None = None
    _is_handing_out = False

    def __init__(
        self,
        session_id: str,
        client: Any,
        workspace_path: os.PathLike[str] | str | None = None,
        managed_settings_enabled: bool = False,
        on_disconnect: Callable[[], None] | None = None,
    ) -> None:
        self.session_id = session_id
        self._client: CopilotClient = client
        self._handlers = Handlers()
        # Handlers run in the context the session is made in: questions in copies of it, event handlers in one copy.
        self._context = contextvars.copy_context()
        if workspace_path is not None:
            self._workspace_path = workspace_path
        if managed_settings_enabled:
            self._managed = True
        if on_disconnect is not None:
            self._on_disconnect = on_disconnect

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

    def _read_state(self) -> Mapping[str, Any]:
        text = self._client._inbox.native.session_state(self._key) if self._key and self._end is None else None
        if text is not None:
            self._state = decode(text)
        return self._state

    @property
    def rpc(self) -> SessionRpc:
        """Every method of the runtime that concerns this session, typed."""
        if self._rpc is None:
            from .generated.rpc import SessionRpc

            self._rpc = SessionRpc(_Peer(self), self.session_id)
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
    def factory(self) -> SessionFactories:
        """Runs of factories, in this and other programs that are attached to the session."""
        from ._factories import SessionFactories

        return SessionFactories(self)

    @property
    def workflow(self) -> SessionFactories:
        """Runs of workflows: what runtimes from 1.0.89-7 on call factories."""
        from ._factories import SessionFactories

        return SessionFactories(self, "workflow")

    @property
    def workspace_path(self) -> pathlib.Path | None:
        """Where the session keeps its files, unless infinite sessions are off."""
        import pathlib

        path = self._workspace_path or self._read_state().get("workspacePath")
        if not path:
            return None
        if self._workspace is None or str(self._workspace) != str(path):
            self._workspace = pathlib.Path(path)
        return self._workspace

    @property
    def open_canvases(self) -> list[OpenCanvasInstance]:
        """The canvases that are open now."""
        from .generated.rpc import OpenCanvasInstance

        found = self._read_state().get("openCanvases") or []
        return [OpenCanvasInstance.from_dict(each) for each in found]

    def counters(self) -> dict[str, int]:
        """How many events came in (``received``), went out (``delivered``) and wait (``queued_*``)."""
        values = self._last_counters or self._client._inbox.native.counters(self._key)
        names = ("received", "delivered", "queued_events", "queued_bytes")
        return dict(zip(names, values or (0, 0, 0, 0), strict=True))

    # -- events -----------------------------------------------------------------------------------------------------

    def on(self, handler: Callable[[SessionEvent], Any]) -> Callable[[], None]:
        """Calls a function with every event, in order, on the client's loop. Returns what ends that.

        An ``async`` function runs as a task of its own for each event; the tasks begin in the order of arrival.

        A session that nobody has listened to or called keeps its first events, so that the first handler also sees what
        came since the session was made. What the function raises goes to the loop's exception handler; the other
        handlers see the event all the same. It runs in the context (``contextvars``) the session was made in.
        """
        if not callable(handler):
            raise TypeError(f"on() takes a function of one event, not {shown(handler)}")
        called = self._as_task(handler) if inspect.iscoroutinefunction(handler) else handler
        self._listeners = {**self._listeners, handler: called}
        self._snapshot = tuple(self._listeners.values())
        self._listen()

        def unsubscribe() -> None:
            self._listeners = {each: called for each, called in self._listeners.items() if each != handler}
            self._snapshot = tuple(self._listeners.values())

        return unsubscribe

    def _as_task(self, handler: Callable[[SessionEvent], Any]) -> Callable[[SessionEvent], None]:
        def begin(event: SessionEvent) -> None:
            self._client._inbox.spawn(handler(event), self._context.copy())

        return begin

    def events(self, *types: type[Any] | str) -> AsyncIterator[SessionEvent]:
        """Iterates over events, all or only those whose type or payload class is named.

        Events are collected from the call on, beginning with what the session has kept (see ``on``); nothing is lost
        while the body awaits. The iteration ends when the session is disconnected or the client is stopped, and with
        the error of the loss when its connection was lost, in both cases after what was collected.
        """
        from ._stream import EventStream

        return EventStream(self, types)

    def _collect(self, stream: Collector, see: Callable[[SessionEvent], None]) -> Callable[[], None]:
        if self._end is not None or self._disconnected:
            stream.end(self._loss())
            return lambda: None
        self._handlers.keep(stream)
        return self.on(see)

    def _listen(self) -> None:
        """From now on events are delivered; the engine has kept the first ones for whoever listens first."""
        if not self._is_listening and self._key:
            self._is_listening = True
            self._client._inbox.native.set_events(self._key, True)

    def _take(self, item: Delivery, items: list[Delivery]) -> Delivery | None:
        """Hands out an event and those of this session that follow; returns the first delivery that is none."""
        context = self._event_context
        if context is None:
            context = self._event_context = self._context.copy()
        if self._is_handing_out:
            # A handler runs the loop inside itself, so the context is in use.
            return context.copy().run(self._hand_out, item, items)
        self._is_handing_out = True
        try:
            return context.run(self._hand_out, item, items)
        finally:
            self._is_handing_out = False

    def _hand_out(self, item: Delivery | None, items: list[Delivery]) -> Delivery | None:
        key = self._key
        while item is not None:
            is_event = type(item) is Received
            if item._session_key != key if is_event else item[0] != EVENT or item[1] != key:
                break
            snapshot = self._snapshot
            if snapshot:
                try:
                    event = item if is_event else _event_from_bytes(item[3], item[2])
                    for handler in snapshot:
                        try:
                            handler(event)
                        except BaseException as error:
                            self._report("Unhandled exception in session event handler", error)
                except BaseException as error:
                    self._report("An event could not be handed out", error)
            item = items.pop() if items else None
        return item

    def _report(self, message: str, error: BaseException) -> None:
        self._client._inbox.report(message, error, session=self)

    # -- end --------------------------------------------------------------------------------------------------------

    def _loss(self) -> NativeError | None:
        """What the session was lost by; nothing when somebody wanted its end."""
        return None if self._end is None or is_wanted_end(self._end) else self._end

    def _ended(self, error: NativeError) -> None:
        """The session is over for this client: what it knows of itself is kept, and the engine may let go of it."""
        self._forget(error)

    def _forget(self, error: NativeError | None = None) -> None:
        """Drops what only a connected session needs; the first time decides."""
        inbox = self._client._inbox
        if self._end is None and self._key:
            self._read_state()
            self._last_counters = inbox.native.counters(self._key)
            said = f"Session not found: {self.session_id} is disconnected"
            self._end = error or ("SessionClosed", said, None, None, None)
            inbox.sessions.pop(self._key, None)
            inbox.native.release_session(self._key)
        self._disconnected = True
        self._listeners = {}
        self._snapshot = ()
        self._handlers.close(self._loss())
        on_disconnect, self._on_disconnect = self._on_disconnect, None
        if on_disconnect is not None:
            try:
                self._context.copy().run(on_disconnect)
            except BaseException as problem:
                self._report("Unhandled exception in on_disconnect", problem)

    # -- calls ------------------------------------------------------------------------------------------------------

    async def _call(self, op: str, /, **members: Any) -> Any:
        return decode(await self._submit(op, {name: value for name, value in members.items() if value is not None}))

    async def _submit(self, op: str, args: dict[str, Any]) -> bytes:
        if self._end is not None:
            raise after_the_end(self._end)
        # Whoever uses the session without having listened does not want the first events.
        self._listen()
        return await self._client._submit(op, {**args, "key": self._key})

    async def _send(self, options: dict[str, Any]) -> str:
        answer = await self._submit("session.send", message(options))
        return answered("session.send", lambda got: str(got["messageId"]), decode(answer))

    async def _send_and_wait(self, options: dict[str, Any]) -> SessionEvent | None:
        args = message(options)
        args["until"] = options["until"]
        if options["inactivity_timeout"] is not None:
            args["inactivityTimeoutMs"] = milliseconds("inactivity_timeout", options["inactivity_timeout"])
        raw = await self._wait(args, options["timeout"])
        return None if raw == b"null" else _event_from_bytes(raw)

    async def _wait(self, args: dict[str, Any], timeout: float | None) -> bytes:
        args["timeoutMs"] = milliseconds("timeout", timeout)
        try:
            return await self._submit("session.sendAndWait", args)
        except WaitTimeoutError as error:
            raise _wait_timeout(error, timeout) from None

    async def _send_typed(self, options: dict[str, Any]) -> Any:
        from ._structured import check_model, refused, schema_for, value_of

        response_type, retries = options["response_type"], options["retries"]
        check_model(response_type, options["mode"])
        args = message(options)
        args["responseSchema"] = schema_for(response_type)
        args["responseRetries"] = retries
        try:
            return value_of(await self._wait(args, options["timeout"]), response_type)
        except CopilotError as error:
            raise (refused(error, response_type) if retries == 0 else error) from None

    async def get_events(self) -> list[SessionEvent]:
        """All stored events of the session, oldest first."""
        from ._events import events_from_answer

        return events_from_answer(await self._submit("session.getEvents", {}))

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

        members: dict[str, Any] = {
            "model": model,
            "reasoningEffort": reasoning_effort,
            "reasoningSummary": reasoning_summary,
            "contextTier": context_tier,
            "modelCapabilities": None if model_capabilities is None else capabilities(model_capabilities),
        }
        args = {name: value for name, value in members.items() if value is not None}
        if not isinstance(auto_tier, _Unset):
            args["autoTier"] = _value(auto_tier)
        await self._submit("session.setModel", args)

    async def set_auto_tier(self, auto_tier: AutoTier | None) -> ModelSwitchAutoTierResult:
        """Changes how automatic model choice weighs cost and ability."""
        from .generated.rpc import ModelSwitchAutoTierResult

        answer = decode(await self._submit("session.setAutoTier", {"autoTier": _value(auto_tier)}))
        return answered("session.model.switchAutoTier", ModelSwitchAutoTierResult.from_dict, answer)

    async def set_tools(self, tools: list[Tool]) -> None:
        """Replaces all tools of this program in the session; after an error the old ones are still there.

        Needs a runtime newer than 1.0.85.
        """
        if self._disconnected:
            raise RuntimeError("Session is disconnected")
        handlers = self._handlers
        served = {tool.name: tool.handler for tool in tools if tool.handler}
        before = handlers.replace(TOOL, {})
        # The engine asks for the new ones as soon as the runtime has agreed, before this goes on.
        handlers.replace(TOOL, {**before, **served})
        try:
            await self._call("session.setTools", tools=declarations(tools), handlers=list(served))
        except BaseException:
            handlers.replace(TOOL, before)
            raise
        handlers.replace(TOOL, served)

    async def cancel_task(self, task_id: str) -> bool:
        """Ends a task that runs in the background; false when there is no such task."""
        return bool((await self._call("session.cancelTask", id=task_id)).get("cancelled"))

    async def log(self, message: str, *, level: str | None = None, ephemeral: bool | None = None) -> None:
        """Adds a line to the session's timeline."""
        await self._call("session.log", message=message, level=level, ephemeral=ephemeral)


class _Peer:
    """What ``session.rpc`` calls: a call of the session, whatever its method."""

    def __init__(self, session: CopilotSession) -> None:
        self._session = session

    async def request(self, method: str, params: Any = None, timeout: float | None = None) -> bytes:
        self._session._listen()
        return await self._session._client._peer.request(method, params, timeout)


def _value(item: Any) -> Any:
    return getattr(item, "value", item)


def _wait_timeout(error: WaitTimeoutError, timeout: float | None) -> WaitTimeoutError:
    """The error of a wait, with the limit as it was given and what was last seen as a note."""
    reason = error.reason or {}
    if reason.get("code") == "timeout.turn":
        error.args = (f"Timeout after {timeout}s waiting for {reason['until']}",)
    if reason.get("seen"):
        error.add_note(f"last seen: {encode(reason['seen']).decode()}")
    return error


# Where the shapes are declared; each module is loaded with the first name that is asked for.
_SHAPES = (
    *("_config", "_handlers", "_hooks", "_sections", "_skills", "_ui", "_jsonrpc", "tools", "canvas"),
    *("generated.rpc", "generated.session_events"),
)


if not TYPE_CHECKING:

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
