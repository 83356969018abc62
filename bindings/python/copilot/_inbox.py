"""The loop's side of the engine's one ordered queue.

The engine makes a descriptor readable when its queue turns from empty to non-empty; the loop then drains whole
batches. Results resolve futures, events go to their session at once, questions become tasks. Nothing here knows what
any of it means.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import sys
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from . import _native
from ._errors import NativeError, from_native

if TYPE_CHECKING:
    from ._serve import Question

logger = logging.getLogger("copilot.client")

# Numbers of src/delivery.rs.
_EVENT, _COMPLETED, _CALL, _CALL_CANCELLED, _LIFECYCLE, _NOTIFICATION = range(6)
# One turn of the loop takes at most so many deliveries, so that other tasks are not starved by a flood.
_BATCH = 64


class Sink(Protocol):
    """What a session offers to the pump."""

    def _deliver(self, kind: str, raw: bytes) -> None: ...


_alive: weakref.WeakSet[Inbox] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for inbox in list(_alive):
        inbox.close()


def _ring(reference: weakref.ref[Inbox]) -> None:
    inbox = reference()
    if inbox is not None:
        inbox.pump()


def _forget(loop: asyncio.AbstractEventLoop, native: _native.Client) -> None:
    """Stops polling a descriptor; holds the client until then, so that its number is not reused before."""
    if not loop.is_closed():
        loop.remove_reader(native.fileno())


class Inbox:
    """One native client and the loop that drains it."""

    def __init__(self, options: bytes, *, use_descriptor: bool = sys.platform != "win32") -> None:
        reference: weakref.ref[Inbox] = weakref.ref(self)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: dict[int, asyncio.Future[bytes]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._pid = os.getpid()
        self._use_descriptor = use_descriptor
        self.sessions: dict[int, Sink] = {}
        self.serve: Callable[[Question], Any] | None = None
        self.on_lifecycle: Callable[[bytes], None] | None = None
        self.on_notification: Callable[[str, bytes], None] | None = None
        self.on_closed: Callable[[Exception], None] | None = None
        self._self = reference
        notify = None if use_descriptor else lambda: _notify(reference)
        self.native = _native.Client(options, notify)
        _alive.add(self)

    # -- calls ------------------------------------------------------------------------------------------------------

    async def call(self, op: str, args: bytes) -> bytes:
        """Submits an operation and waits for its result; cancelling the waiter cancels the operation."""
        self._check_process()
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._adopt(loop)
        ticket = self.native.next_ticket()
        waiter: asyncio.Future[bytes] = loop.create_future()
        self._waiters[ticket] = waiter
        self.native.submit_as(ticket, op, args)
        try:
            return await waiter
        except asyncio.CancelledError:
            if self._waiters.pop(ticket, None) is not None:
                self.native.cancel(ticket)
            raise

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise from_native(
                (
                    "Forked",
                    "this client was made before the process forked; make a new client in the child",
                    None,
                    None,
                )
            )

    def _adopt(self, loop: asyncio.AbstractEventLoop) -> None:
        """Makes a loop the one that drains, unless another one is doing so."""
        current = self._loop
        if current is not None and current.is_running():
            return
        if self._use_descriptor:
            descriptor = self.native.fileno()
            if current is not None and not current.is_closed():
                current.remove_reader(descriptor)
            loop.add_reader(descriptor, _ring, self._self)
        self._loop = loop
        loop.call_soon(_ring, self._self)

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that drains, where all handlers run."""
        return self._loop

    # -- deliveries -------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Hands out one batch in order."""
        batch = self.native.drain(_BATCH)
        if len(batch) == _BATCH and self._loop is not None:
            self._loop.call_soon(_ring, self._self)
        sessions = self.sessions
        for item in batch:
            if item[0] == _EVENT:
                session = sessions.get(item[1])
                if session is not None:
                    session._deliver(item[2], item[3])
            elif item[0] == _COMPLETED:
                self._complete(item[1], item[2], item[3])
            else:
                self._other(item)

    def _complete(self, ticket: int, result: bytes | None, error: NativeError | None) -> None:
        waiter = self._waiters.pop(ticket, None)
        if waiter is None:
            return
        loop = waiter.get_loop()
        if loop is self._loop:
            _settle(waiter, result, error)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(_settle, waiter, result, error)

    def _other(self, item: tuple[Any, ...]) -> None:
        tag = item[0]
        if tag == _CALL:
            self._ask(item)
        elif tag == _CALL_CANCELLED:
            task = self._tasks.get(item[1])
            if task is not None:
                task.cancel()
        elif tag == _LIFECYCLE:
            if self.on_lifecycle is not None:
                self.on_lifecycle(item[1])
        elif tag == _NOTIFICATION:
            if self.on_notification is not None:
                self.on_notification(item[1], item[2])
        elif self.on_closed is not None:
            self.on_closed(from_native(item[1]))

    def _ask(self, item: tuple[Any, ...]) -> None:
        from ._serve import Question

        question = Question(self, *item[1:])
        loop = self._loop
        if loop is None or self.serve is None:
            question.fail("no handler is registered")
            return
        task = loop.create_task(self.serve(question))
        self._tasks[question.call] = task
        task.add_done_callback(lambda _: self._tasks.pop(question.call, None))

    # -- end --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Kills the runtime at once, without asking it; waiting calls fail."""
        if os.getpid() == self._pid:
            self.native.close()

    def __del__(self) -> None:
        native: _native.Client | None = getattr(self, "native", None)
        if native is None or os.getpid() != self._pid:
            return
        native.close()
        loop = self._loop
        if self._use_descriptor and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(_forget, loop, native)


def _notify(reference: weakref.ref[Inbox]) -> None:
    """Runs on the engine's thread, where no descriptor can be polled."""
    inbox = reference()
    loop = None if inbox is None else inbox.loop
    if loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(_ring, reference)


def _settle(waiter: asyncio.Future[bytes], result: bytes | None, error: NativeError | None) -> None:
    if waiter.done():
        return
    if error is not None:
        waiter.set_exception(from_native(error))
    else:
        waiter.set_result(result or b"null")
