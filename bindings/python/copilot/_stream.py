"""``async for event in session.events(...)``."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .generated.session_events import SessionEvent
    from .session import CopilotSession


class EventStream(AsyncIterator["SessionEvent"]):
    """Collects events without a limit and hands them out one by one; also an asynchronous context manager."""

    def __init__(self, session: CopilotSession, types: tuple[type[Any] | str, ...]) -> None:
        self._names = frozenset(each for each in types if isinstance(each, str))
        self._classes = tuple(each for each in types if not isinstance(each, str))
        self._wanted = bool(types)
        self._queue: deque[SessionEvent] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False
        self._unsubscribe = session.on(self._put)

    def _put(self, event: SessionEvent) -> None:
        if self._wanted and not (isinstance(event.data, self._classes) or event.type.value in self._names):
            return
        self._queue.append(event)
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.get_loop().call_soon_threadsafe(_release, waiter)

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> SessionEvent:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._queue.popleft()

    def close(self) -> None:
        """Ends the iteration after what was collected."""
        self._closed = True
        self._unsubscribe()
        self._wake()

    async def aclose(self) -> None:
        self.close()

    async def __aenter__(self) -> EventStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
