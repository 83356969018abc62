"""The blocking twin: the same client and sessions for programs without an event loop.

A client runs its own loop on a background thread; handlers run there. A handler must not call back into the blocking
client, which would wait for itself: that is refused with a clear error.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from . import client as _client
from . import session as _session
from ._errors import NativeError, from_native
from ._stream import Collector

if TYPE_CHECKING:
    import pathlib

    from ._sync_host import AhpHost
    from .generated.rpc import OpenCanvasInstance
    from .generated.session_events import SessionEvent
    from .host import AhpHostOptions
    from .session import SessionCapabilities

__all__ = ["CopilotClient", "CopilotSession"]

_CLOSED = "this client was closed"
# How long (seconds) handlers that are cancelled when the client is closed may take to end.
_LAST_MOMENT = 5.0

P = ParamSpec("P")
R = TypeVar("R")


class _Runner:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="copilot-sync", daemon=True)
        self._thread.start()
        self._is_closing = False

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Runs a coroutine to its end; an interrupt cancels it."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("a handler must not call the blocking client: it would wait for itself")
        if self._is_closing or not self._thread.is_alive():
            work.close()
            raise RuntimeError(_CLOSED)
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            if self._is_closing:
                raise RuntimeError(_CLOSED) from None
            raise
        except BaseException:
            future.cancel()
            raise

    def stop_soon(self) -> None:
        self.post(self._loop.stop)

    def call(self, function: Callable[..., R], *args: Any) -> R:
        """Calls a plain function on the loop's thread."""

        async def work() -> R:
            return function(*args)

        return self.run(work())

    def post(self, function: Callable[[], object]) -> None:
        """Calls a plain function on the loop's thread some time, unless the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def close(self, last: Callable[[], None] | None = None) -> None:
        """Ends the loop behind ``last``; what still runs on it is cancelled, so that no thread waits for ever."""
        if not self._thread.is_alive() or threading.current_thread() is self._thread:
            return
        self._is_closing = True
        asyncio.run_coroutine_threadsafe(self._end(last), self._loop)
        self._thread.join()
        self._loop.close()

    async def _end(self, last: Callable[[], None] | None) -> None:
        try:
            if last is not None:
                last()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=_LAST_MOMENT)
        finally:
            self._loop.call_soon(self._loop.stop)


class _Namespace:
    """``client.rpc`` and ``session.rpc`` with blocking methods."""

    def __init__(self, runner: _Runner, target: Any) -> None:
        self._runner = runner
        self._target = target

    def __getattr__(self, name: str) -> Any:
        found: Any = getattr(self._target, name)
        if not callable(found):
            return _Namespace(self._runner, found)

        @functools.wraps(found)
        def call(*args: Any, **options: Any) -> Any:
            work: Any = found(*args, **options)
            return self._runner.run(work)

        return call


def _on_client(
    method: Callable[Concatenate[_client.CopilotClient, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[CopilotClient, P], R]:
    @functools.wraps(method)
    def call(self: CopilotClient, *args: P.args, **options: P.kwargs) -> R:
        return self._runner.run(method(self._inner, *args, **options))

    return call  # type: ignore[return-value,unused-ignore]


def _opening(
    method: Callable[Concatenate[_client.CopilotClient, P], Coroutine[Any, Any, _session.CopilotSession]],
) -> Callable[Concatenate[CopilotClient, P], CopilotSession]:
    @functools.wraps(method)
    def call(self: CopilotClient, *args: P.args, **options: P.kwargs) -> CopilotSession:
        opened = self._runner.run(method(self._inner, *args, **options))
        return CopilotSession(self._runner, opened)

    return call  # type: ignore[return-value,unused-ignore]


def _on_session(
    method: Callable[Concatenate[_session.CopilotSession, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[CopilotSession, P], R]:
    @functools.wraps(method)
    def call(self: CopilotSession, *args: P.args, **options: P.kwargs) -> R:
        return self._runner.run(method(self._inner, *args, **options))

    return call  # type: ignore[return-value,unused-ignore]


class _Queue(Collector):
    """Collects on the loop's thread for whichever thread asks."""

    def __init__(self, session: _session.CopilotSession, types: tuple[type[Any] | str, ...]) -> None:
        self.events: queue.SimpleQueue[SessionEvent | _End] = queue.SimpleQueue()
        super().__init__(session, types)

    def put(self, event: SessionEvent) -> None:
        self.events.put(event)

    def end(self, error: NativeError | None) -> None:
        self.events.put(_End(error))


class _Events(Iterator["SessionEvent"]):
    """Hands out collected events one by one, and waits for the next."""

    def __init__(self, runner: _Runner, session: _session.CopilotSession, types: tuple[type[Any] | str, ...]) -> None:
        self._runner = runner
        self._queue = _Queue(session, types)

    def __next__(self) -> SessionEvent:
        found = self._queue.events.get()
        if not isinstance(found, _End):
            return found
        # Whoever asks next, on whichever thread, is told that it is over.
        self._queue.events.put(_End(None))
        raise StopIteration if found.error is None else from_native(found.error)

    def close(self) -> None:
        """Ends the iteration after what was collected."""
        self._runner.post(self._queue.close)

    def __del__(self) -> None:
        if hasattr(self, "_queue"):
            self.close()


class _End:
    """The end of a stream, and what the session was lost by."""

    def __init__(self, error: NativeError | None) -> None:
        self.error = error


class CopilotSession:
    """A session whose methods block."""

    def __init__(self, runner: _Runner, inner: _session.CopilotSession) -> None:
        self._runner = runner
        self._inner = inner

    def __repr__(self) -> str:
        return repr(self._inner).replace("<CopilotSession", "<sync CopilotSession", 1)

    def __enter__(self) -> CopilotSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()

    @property
    def session_id(self) -> str:
        return self._inner.session_id

    @property
    def capabilities(self) -> SessionCapabilities:
        return self._inner.capabilities

    @property
    def workspace_path(self) -> pathlib.Path | None:
        return self._inner.workspace_path

    @property
    def open_canvases(self) -> list[OpenCanvasInstance]:
        return self._inner.open_canvases

    @property
    def rpc(self) -> Any:
        return _Namespace(self._runner, self._inner.rpc)

    @property
    def factory(self) -> Any:
        return _Namespace(self._runner, self._inner.factory)

    @property
    def workflow(self) -> Any:
        return _Namespace(self._runner, self._inner.workflow)

    @property
    def ui(self) -> Any:
        return _Namespace(self._runner, self._inner.ui)

    def counters(self) -> dict[str, int]:
        return self._inner.counters()

    def on(self, handler: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Calls a function with every event, on the client's background thread.

        A session that nobody has listened to or called keeps its first events, so the first handler sees those too.
        """
        return self._runner.call(self._inner.on, handler)

    def events(self, *types: type[Any] | str) -> Iterator[SessionEvent]:
        """Iterates over events as they come, beginning with what the session has kept (see ``on``).

        The iteration ends when the session is disconnected or the client stopped, and with the error of the loss when
        the connection was lost, in both cases after what was collected. ``close()`` of the iterator ends it earlier.
        """
        return self._runner.call(_Events, self._runner, self._inner, types)

    send = _on_session(_session.CopilotSession.send)
    send_and_wait = _on_session(_session.CopilotSession.send_and_wait)
    send_and_wait_typed = _on_session(_session.CopilotSession.send_and_wait_typed)
    get_events = _on_session(_session.CopilotSession.get_events)
    abort = _on_session(_session.CopilotSession.abort)
    disconnect = _on_session(_session.CopilotSession.disconnect)
    set_model = _on_session(_session.CopilotSession.set_model)
    set_auto_tier = _on_session(_session.CopilotSession.set_auto_tier)
    cancel_task = _on_session(_session.CopilotSession.cancel_task)
    set_tools = _on_session(_session.CopilotSession.set_tools)
    log = _on_session(_session.CopilotSession.log)


def sync_session(client: CopilotClient, inner: _session.CopilotSession) -> CopilotSession:
    """The blocking twin of a session of this client."""
    return CopilotSession(client._runner, inner)


def _constructor(make: Callable[P, _client.CopilotClient]) -> Callable[Concatenate[CopilotClient, P], None]:
    @functools.wraps(_client.CopilotClient.__init__)
    def __init__(self: CopilotClient, *args: P.args, **options: P.kwargs) -> None:
        self._runner = _Runner()
        try:
            self._inner = make(*args, **options)
        except BaseException:
            self._runner.close()
            raise

    return __init__  # type: ignore[return-value,unused-ignore]


class CopilotClient:
    """A client whose methods block. Use it as a context manager, or call ``stop``."""

    _runner: _Runner
    _inner: _client.CopilotClient

    __init__ = _constructor(_client.CopilotClient)  # pyright: ignore[reportAssignmentType]

    def __repr__(self) -> str:
        return repr(self._inner).replace("<CopilotClient", "<sync CopilotClient", 1)

    def __enter__(self) -> CopilotClient:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self.close()

    def close(self) -> None:
        """Ends the background thread and with it what other threads wait for; the client cannot be used afterwards."""
        self._runner.close(self._let_go)

    def _let_go(self) -> None:
        for session in list(self._inner._inbox.sessions.values()):
            if isinstance(session, _session.CopilotSession):
                session._forget()

    def __del__(self) -> None:
        runner = getattr(self, "_runner", None)
        if runner is not None:
            runner.stop_soon()

    @property
    def rpc(self) -> Any:
        return _Namespace(self._runner, self._inner.rpc)

    @property
    def runtime_port(self) -> int | None:
        return self._inner.runtime_port

    def counters(self) -> dict[str, int]:
        return self._inner.counters()

    def on_lifecycle(self, *args: Any, **options: Any) -> Callable[[], None]:
        return self._inner.on_lifecycle(*args, **options)

    start = _on_client(_client.CopilotClient.start)
    stop = _on_client(_client.CopilotClient.stop)
    force_stop = _on_client(_client.CopilotClient.force_stop)
    create_session = _opening(_client.CopilotClient.create_session)
    resume_session = _opening(_client.CopilotClient.resume_session)
    ping = _on_client(_client.CopilotClient.ping)
    get_status = _on_client(_client.CopilotClient.get_status)
    get_auth_status = _on_client(_client.CopilotClient.get_auth_status)
    list_models = _on_client(_client.CopilotClient.list_models)
    list_sessions = _on_client(_client.CopilotClient.list_sessions)
    get_session_metadata = _on_client(_client.CopilotClient.get_session_metadata)
    delete_session = _on_client(_client.CopilotClient.delete_session)
    get_last_session_id = _on_client(_client.CopilotClient.get_last_session_id)
    get_foreground_session_id = _on_client(_client.CopilotClient.get_foreground_session_id)
    set_foreground_session_id = _on_client(_client.CopilotClient.set_foreground_session_id)
    diagnostics = _on_client(_client.CopilotClient.diagnostics)

    def start_ahp_host(self, options: AhpHostOptions) -> AhpHost:
        """Hosts sessions for other clients. Its callbacks run in threads of their own, and may use this client."""
        from ._sync_host import start

        return start(self, options)

    request = _on_client(_client.CopilotClient.request)
