"""Streams of events: ``async for event in session.events(...)``, and what the blocking twin shares with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from ._errors import NativeError, from_native

if TYPE_CHECKING:
    from .generated.session_events import SessionEvent
    from .session import CopilotSession


class Collector:
    """Takes the events that are wanted, from now on, until it is closed or its session is over.

    The session holds it; programs hold an iterator over it, which closes it when it is dropped.
    """

    def __init__(self, session: CopilotSession, types: tuple[type[Any] | str, ...]) -> None:
        self._session = session
        self._names = frozenset(each for each in types if isinstance(each, str))
        self._classes = tuple(each for each in types if not isinstance(each, str))
        self._wanted = bool(types)
        self._unsubscribe = session._collect(self, self._see)

    def _see(self, event: SessionEvent) -> None:
        if not self._wanted or self._is_wanted(event):
            self.put(event)

    def _is_wanted(self, event: SessionEvent) -> bool:
        if event.type.value in self._names or event.raw_type in self._names:
            return True
        if not self._classes:
            return False
        from ._events import is_of_class

        return is_of_class(event, self._classes)

    def put(self, event: SessionEvent) -> None:
        """Keeps an event for whoever iterates."""
        raise NotImplementedError

    def end(self, error: NativeError | None) -> None:
        """Ends the iteration after what was collected: quietly, or with what the session was lost by."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the iteration after what was collected; later events are not collected."""
        self._unsubscribe()
        self._session._handlers.drop(self)
        self.end(None)


class _Queue(Collector):
    """Collects for tasks, which may run on any loop."""

    def __init__(self, session: CopilotSession, types: tuple[type[Any] | str, ...]) -> None:
        self.events: deque[SessionEvent] = deque()
        self._waiters: list[asyncio.Future[None]] = []
        self._has_ended = False
        self._error: NativeError | None = None
        super().__init__(session, types)

    def put(self, event: SessionEvent) -> None:
        self.events.append(event)
        if self._waiters:
            self._wake()

    def end(self, error: NativeError | None) -> None:
        if not self._has_ended:
            self._has_ended, self._error = True, error
            self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        for waiter in waiters:
            loop = waiter.get_loop()
            if loop is here:
                _release(waiter)
            else:
                # A loop that was closed waits for nothing any more.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_release, waiter)

    async def take(self) -> SessionEvent:
        """The next event; at the end ``StopAsyncIteration``, or once the error of the loss."""
        while not self.events:
            if self._has_ended:
                error, self._error = self._error, None
                raise StopAsyncIteration if error is None else from_native(error)
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await self._session._client._inbox.idle(waiter)
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
        return self.events.popleft()


class EventStream(AsyncIterator["SessionEvent"]):
    """Hands out collected events one by one; also an asynchronous context manager."""

    def __init__(self, session: CopilotSession, types: tuple[type[Any] | str, ...]) -> None:
        self._queue = _Queue(session, types)

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> SessionEvent:
        return await self._queue.take()

    def clear(self) -> None:
        """Drops what was collected and not handed out yet."""
        self._queue.events.clear()

    def close(self) -> None:
        """Ends the iteration after what was collected."""
        self._queue.close()

    async def aclose(self) -> None:
        self.close()

    async def __aenter__(self) -> EventStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        collected: _Queue | None = getattr(self, "_queue", None)
        if collected is not None:
            collected.close()


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
