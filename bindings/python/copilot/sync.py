"""The blocking twin: the same client and sessions for programs without an event loop.

A client runs its own loop on a background thread; handlers run there. A handler must not call back into the blocking
client, which would wait for itself: that is refused with a clear error.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from . import client as _client
from . import session as _session

if TYPE_CHECKING:
    import pathlib

    from .generated.rpc import OpenCanvasInstance
    from .generated.session_events import SessionEvent
    from .session import SessionCapabilities

__all__ = ["CopilotClient", "CopilotSession"]

P = ParamSpec("P")
R = TypeVar("R")


class _Runner:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="copilot-sync", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Runs a coroutine to its end; an interrupt cancels it."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("a handler must not call the blocking client: it would wait for itself")
        if not self._thread.is_alive():
            work.close()
            raise RuntimeError("this client was closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
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

    def close(self) -> None:
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


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
    def ui(self) -> Any:
        return _Namespace(self._runner, self._inner.ui)

    def counters(self) -> dict[str, int]:
        return self._inner.counters()

    def on(self, handler: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Calls a function with every event, on the client's background thread."""
        return self._runner.call(self._inner.on, handler)

    def events(self, *types: type[Any] | str) -> Iterator[SessionEvent]:
        """Iterates over events as they come, until the session is disconnected."""
        collected: queue.SimpleQueue[SessionEvent | None] = queue.SimpleQueue()

        async def collect() -> None:
            try:
                async for event in self._inner.events(*types):
                    collected.put(event)
            finally:
                collected.put(None)

        async def begin() -> asyncio.Task[None]:
            task = asyncio.ensure_future(collect())
            await asyncio.sleep(0)
            return task

        task = self._runner.run(begin())

        def iterate() -> Iterator[SessionEvent]:
            try:
                while (event := collected.get()) is not None:
                    yield event
            finally:
                self._runner.post(task.cancel)

        return iterate()

    send = _on_session(_session.CopilotSession.send)
    send_and_wait = _on_session(_session.CopilotSession.send_and_wait)
    send_and_wait_typed = _on_session(_session.CopilotSession.send_and_wait_typed)
    get_events = _on_session(_session.CopilotSession.get_events)
    abort = _on_session(_session.CopilotSession.abort)
    disconnect = _on_session(_session.CopilotSession.disconnect)
    set_model = _on_session(_session.CopilotSession.set_model)
    set_auto_tier = _on_session(_session.CopilotSession.set_auto_tier)
    set_tools = _on_session(_session.CopilotSession.set_tools)
    log = _on_session(_session.CopilotSession.log)


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
        """Ends the background thread; the client cannot be used afterwards."""
        self._runner.close()

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
