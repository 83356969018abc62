"""The plumbing of a client: its inbox, what it serves itself, its lifecycle handlers."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, overload

import msgspec

from . import _errors
from ._inbox import Inbox
from ._json import decode, encode
from ._question import NoHandler, Question, answered, called
from ._serve import serve
from ._wire import milliseconds
from .generated import _kinds as kinds

if TYPE_CHECKING:
    from ._llm import Exchanges
    from ._model_info import ModelInfo
    from ._models import SessionLifecycleEvent, SessionLifecycleEventType
    from .copilot_request_handler import CopilotRequestHandler
    from .generated.rpc import ExtensionLaunchProviderHandler, GitHubTelemetryNotification
    from .host import AhpHostOptions
    from .installation_confirmation import InstallationConfirmationHandler

logger = logging.getLogger("copilot.client")

SessionLifecycleHandler = Callable[["SessionLifecycleEvent"], None]
HandlerUnsubcribe = Callable[[], None]
ListModels = Callable[[], "list[ModelInfo] | Awaitable[list[ModelInfo]]"]
Telemetry = Callable[["GitHubTelemetryNotification"], "Awaitable[None] | None"]
# Notifications whose handlers read them; what cannot be read is skipped and counted.
_TELEMETRY, _LIFECYCLE, _LLM_MESSAGE = "gitHubTelemetry.event", "session.lifecycle", "llm.message"


# What may start the runtime.
_STARTING = frozenset({"client.start", "client.startAhpHost", "session.create", "session.resume"})


class Options:
    """What a client was made with, by keyword. Not shown: there are secrets in it."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.__dict__.update(given)

    def __repr__(self) -> str:
        return "<options of a CopilotClient>"


class Peer:
    """What the generated namespaces call: one method of the runtime, raw result bytes."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def request(self, method: str, params: Any = None, timeout: float | None = None) -> bytes:
        """Calls a method; ``params`` may be an object or its JSON bytes."""
        args: dict[str, Any] = {"method": method}
        if params is not None:
            args["params"] = msgspec.Raw(params) if isinstance(params, bytes) else params
        if timeout is not None:
            args["timeoutMs"] = milliseconds("timeout", timeout)
        return await self._inbox.call("client.call", encode(args))


class ClientBase:
    """What ``CopilotClient`` stands on."""

    def __init__(
        self,
        wire: dict[str, Any],
        options: dict[str, Any],
    ) -> None:
        # By kind: what the program gave for the client as a whole.
        self._callbacks = {
            kind: options[name] for kind, (name, _) in BY_KIND.items() if name and options[name] is not None
        }
        on_ui_thread = getattr(options["connection"], "run_on_ui_thread", None)
        if on_ui_thread is not None:
            self._callbacks[kinds.UI_THREAD] = on_ui_thread
        # By id: the hosts that were started, with what serves them.
        self._hosts: dict[str, AhpHostOptions] = {}
        self._callbacks[kinds.AHP_HOST] = self._hosts
        self._options = Options(options)
        connection_env: Mapping[str, str] | None = wire["connection"].get("env") and options["connection"].env
        self._env: Mapping[str, str] | None = options["env"] if connection_env is None else connection_env
        self._env_told = None if self._env is None else dict(self._env)
        self._on_list_models: ListModels | None = options["on_list_models"]
        self._on_github_telemetry: Telemetry | None = options["on_github_telemetry"]
        self._lock = threading.Lock()
        self._next_key = 0
        self._exchanges: Exchanges | None = None
        self._lifecycle: list[tuple[str | None, Callable[[Any], None]]] = []
        # Handlers of the client run in copies of the context it is made in.
        self._context = contextvars.copy_context()
        wire["handlers"] = self._served()
        self._inbox = Inbox(encode(wire))
        self._peer = Peer(self._inbox)
        self._listen()

    def _served(self) -> dict[str, bool]:
        served = {kind.served: True for kind in kinds.KINDS if kind.served and kind.number in self._callbacks}
        if self._on_github_telemetry is not None:
            served["gitHubTelemetry"] = True
        return {**served, "lifecycle": True}

    def _listen(self) -> None:
        # The inbox must not keep the client alive: a client that is dropped takes its runtime with it.
        reference = weakref.ref(self)

        def forward(name: str) -> Callable[..., Any]:
            def call(*args: Any) -> Any:
                client = reference()
                return None if client is None else getattr(client, name)(*args)

            return call

        self._inbox.serve = self._server(reference)
        self._inbox.on_lifecycle = forward("_on_lifecycle_event")
        self._inbox.on_notification = forward("_on_notification")
        self._inbox.on_closed = forward("_on_closed")

    @staticmethod
    def _server(
        reference: Callable[[], ClientBase | None],
    ) -> Callable[[Question], tuple[contextvars.Context, Coroutine[Any, Any, None]]]:
        """Says in which context a question is served, and how."""

        def begin(question: Question) -> tuple[contextvars.Context, Coroutine[Any, Any, None]]:
            client = reference()
            if client is None:
                raise NoHandler("the client is gone")
            if question.session == 0:
                return client._context.copy(), client._serve_client(question)
            session: Any = client._inbox.sessions.get(question.session)
            if session is None:
                raise NoHandler(f"unknown session {question.session}")
            return session._context.copy(), serve(question, session)

        return begin

    async def _serve_client(self, question: Question) -> None:
        callback = self._callbacks.get(question.kind)

        async def work() -> Any:
            if callback is None:
                raise NoHandler(f"this client does not serve calls of kind {question.kind}")
            _, function = BY_KIND[question.kind]
            return await function(self, callback, question)

        await answered(question, work)

    def _requests(self, handler: CopilotRequestHandler) -> Exchanges:
        if self._exchanges is None:
            from ._llm import Exchanges

            inbox = self._inbox
            self._exchanges = Exchanges(handler, lambda op, args: inbox.call(op, encode(args)))
        return self._exchanges

    # -- calls ------------------------------------------------------------------------------------------------------

    async def _submit(self, op: str, args: dict[str, Any]) -> bytes:
        if op in _STARTING:
            await self._tell_env()
        return await self._inbox.call(op, encode(args))

    async def _call(self, op: str, args: dict[str, Any]) -> Any:
        return _errors.answered(op, decode, await self._submit(op, args))

    async def _tell_env(self) -> None:
        """Programs may change the mapping they gave until the runtime starts."""
        if self._env is None or self._env == self._env_told:
            return
        told = dict(self._env)
        await self._inbox.call("client.setEnv", encode({"env": told}))
        self._env_told = told

    async def _request(self, method: str, **params: Any) -> Any:
        return _errors.answered(method, decode, await self._peer.request(method, params))

    async def request(self, method: str, params: Any = None, *, timeout: float | None = None) -> Any:
        """Calls any method of the runtime by name; the result is its JSON as Python values."""
        return _errors.answered(method, decode, await self._peer.request(method, params, timeout))

    def counters(self) -> dict[str, int]:
        """How many events of all sessions came in, went out and wait."""
        names = ("received", "delivered", "queued_events", "queued_bytes")
        return dict(zip(names, self._inbox.native.client_counters(), strict=True))

    def _new_key(self) -> int:
        with self._lock:
            self._next_key += 1
            return self._next_key

    # -- lifecycle events -------------------------------------------------------------------------------------------

    @overload
    def on_lifecycle(self, handler: SessionLifecycleHandler, /) -> HandlerUnsubcribe: ...

    @overload
    def on_lifecycle(
        self, event_type: SessionLifecycleEventType, /, handler: SessionLifecycleHandler
    ) -> HandlerUnsubcribe: ...

    def on_lifecycle(self, event_type_or_handler: Any = None, /, handler: Any = None) -> HandlerUnsubcribe:
        """Calls a function when a session is created, deleted, updated or changes foreground."""
        kind, function = _lifecycle_arguments(event_type_or_handler, handler)
        entry = (kind, function)
        with self._lock:
            self._lifecycle.append(entry)

        def unsubscribe() -> None:
            with self._lock:
                self._lifecycle[:] = [each for each in self._lifecycle if each is not entry]

        return unsubscribe

    def _on_lifecycle_event(self, raw: bytes) -> None:
        from ._models import lifecycle_event

        try:
            event = lifecycle_event(decode(raw))
        except Exception:
            self._skip(_LIFECYCLE)
            return
        with self._lock:
            handlers = list(self._lifecycle)
        typed = [function for kind, function in handlers if kind == event.type]
        every = [function for kind, function in handlers if kind is None]
        for function in typed + every:
            try:
                self._context.copy().run(function, event)
            except BaseException as error:
                self._inbox.report("Unhandled exception in lifecycle handler", error)

    def _on_notification(self, method: str, raw: bytes) -> None:
        try:
            if method == _LLM_MESSAGE and self._exchanges is not None:
                self._exchanges.message(decode(raw))
                return
            if method != _TELEMETRY or self._on_github_telemetry is None:
                return
            from .generated.rpc import GitHubTelemetryNotification

            params = GitHubTelemetryNotification.from_dict(decode(raw))
        except Exception:
            self._skip(method)
            return
        self._inbox.spawn(_telemetry(self._on_github_telemetry, params), self._context.copy())

    def _skip(self, method: str) -> None:
        """A notification that cannot be read costs nothing but itself."""
        logger.debug("a notification cannot be read: %s", method, exc_info=True)
        self._inbox.native.unreadable(method)

    def _on_closed(self, error: Exception) -> None:
        logger.warning("the connection to the runtime was lost: %s", error)


async def _telemetry(function: Callable[..., Any], params: Any) -> None:
    try:
        await called(function, params)
    except Exception:
        logger.exception("a telemetry handler failed")


async def _list_models(client: ClientBase, callback: ListModels, question: Question) -> Any:
    return [model.to_dict() for model in await called(callback)]


async def _llm_request(client: ClientBase, callback: CopilotRequestHandler, question: Question) -> Any:
    await client._requests(callback).serve(question.arguments())


async def _extension_launch(client: ClientBase, callback: ExtensionLaunchProviderHandler, question: Question) -> Any:
    from .generated.rpc import ExtensionLaunchProviderResolveRequest

    answer = await called(callback.resolve, ExtensionLaunchProviderResolveRequest.from_dict(question.arguments()))
    return answer.to_dict().get("launch")


async def _installation(client: ClientBase, callback: InstallationConfirmationHandler, question: Question) -> Any:
    from .installation_confirmation import InstallationConfirmationContext

    context = InstallationConfirmationContext(asyncio.Event())
    try:
        decision = await called(callback, question.arguments(), context)
    except asyncio.CancelledError:
        context.cancelled.set()
        raise
    return getattr(decision, "value", decision)


async def _ui_thread(client: ClientBase, callback: Callable[..., Any], question: Question) -> None:
    number = question.arguments()["actionId"]
    await called(callback, lambda: client._inbox.native.run_ui_action(number))


async def _ahp_host(client: ClientBase, hosts: dict[str, AhpHostOptions], question: Question) -> Any:
    from .host import serve_host

    return await serve_host(client, hosts, question)


# The option that serves a kind, where there is one, and how its callback is asked.
BY_KIND: dict[int, tuple[str, Callable[[ClientBase, Any, Question], Awaitable[Any]]]] = {
    kinds.LLM_REQUEST: ("request_handler", _llm_request),
    kinds.LIST_MODELS: ("on_list_models", _list_models),
    kinds.EXTENSION_LAUNCH: ("extension_launch_provider", _extension_launch),
    kinds.INSTALLATION_CONFIRMATION: ("installation_confirmation_handler", _installation),
    kinds.UI_THREAD: ("", _ui_thread),
    kinds.AHP_HOST: ("", _ahp_host),
}


def _lifecycle_arguments(first: Any, handler: Any) -> tuple[str | None, Any]:
    if handler is None and callable(first):
        return None, first
    if isinstance(first, str) and callable(handler):
        return first, handler
    raise ValueError("Invalid arguments: use on_lifecycle(handler) or on_lifecycle(event_type, handler)")
