"""The loop's side of the engine's one ordered queue.

The engine makes a descriptor readable when its queue turns from empty to non-empty; the loop then drains whole
batches. Results resolve futures, events go to their session at once, questions become tasks. Nothing here knows what
any of it means. Each delivery is handed out by itself: what a handler raises is reported and costs no other delivery.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import sys
import threading
import weakref
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from . import _native
from ._errors import NativeError, from_native
from ._pace import Pace

if TYPE_CHECKING:
    from ._question import Question

logger = logging.getLogger("copilot.client")

# An event, or a tuple whose first item says what it is; so does an event that has to be read with care.
Received = _native.SessionEvent
Delivery = Any

# Numbers of src/delivery.rs.
EVENT, _COMPLETED, _CALL, _CALL_CANCELLED, _LIFECYCLE, _NOTIFICATION, _CLOSED, _ENDED = range(8)
# One turn of the loop takes at most so many deliveries, so that other tasks are not starved by a flood.
_BATCH = 64
# How often a loop that waits looks whether the loop that drains is still running. Loops do not tell when they stop.
_LOOK_AFTER = 0.01


class Sink(Protocol):
    """What a session offers to the pump."""

    def _take(self, item: Delivery, items: list[Delivery]) -> Delivery | None: ...

    def _ended(self, error: NativeError) -> None: ...


_alive: weakref.WeakSet[Inbox] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for inbox in list(_alive):
        with contextlib.suppress(Exception):
            inbox.close()


# Callbacks that a loop keeps for long name the inbox weakly: a client that is dropped takes its runtime with it.


def _ring(reference: weakref.ref[Inbox], pace: Pace) -> None:
    inbox = reference()
    if inbox is not None:
        inbox._drive(pace, False)


def _resume(reference: weakref.ref[Inbox], pace: Pace) -> None:
    inbox = reference()
    if inbox is not None:
        inbox._drive(pace, True)


def _look(reference: weakref.ref[Inbox], loop: asyncio.AbstractEventLoop) -> None:
    inbox = reference()
    if inbox is not None:
        inbox._look(loop)


def _forget(loop: asyncio.AbstractEventLoop, native: _native.Client) -> None:
    """Stops polling a descriptor; holds the client until then, so that its number is not reused before."""
    if not loop.is_closed():
        loop.remove_reader(native.fileno())


class Inbox:
    """One native client and the loop that drains it."""

    def __init__(self, options: bytes, *, use_descriptor: bool = sys.platform != "win32") -> None:
        reference: weakref.ref[Inbox] = weakref.ref(self)
        self._self = reference
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pace: Pace | None = None
        # Held by whoever hands out deliveries or changes the loop; a handler may run the loop inside itself.
        self._guard = threading.RLock()
        # The batch under way, last first, so that each delivery is let go when it was handed out, and what of it has to
        # wait for the pace.
        self._items: list[Delivery] = []
        self._held: Delivery | None = None
        self._depth = 0
        self._fatal: BaseException | None = None
        self._waiters: dict[int, asyncio.Future[bytes]] = {}
        self._idle: set[asyncio.Future[None]] = set()
        self._watching: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()
        self._tasks: dict[int, asyncio.Task[Any]] = {}
        self._errands: set[asyncio.Task[Any]] = set()
        self._pid = os.getpid()
        self._use_descriptor = use_descriptor
        self.sessions: dict[int, Sink] = {}
        self.serve: Callable[[Question], tuple[Context, Coroutine[Any, Any, None]]] | None = None
        self.on_lifecycle: Callable[[bytes], None] | None = None
        self.on_notification: Callable[[str, bytes], None] | None = None
        self.on_closed: Callable[[Exception], None] | None = None
        notify = None if use_descriptor else partial(_notify, reference)
        self.native = _native.Client(options, notify)
        _alive.add(self)

    # -- calls ------------------------------------------------------------------------------------------------------

    async def call(self, op: str, args: bytes) -> bytes:
        """Submits an operation and waits for its result; cancelling the waiter cancels the operation."""
        if os.getpid() != self._pid:
            text = "this client was made before the process forked; make a new client in the child"
            raise from_native(("Forked", text, None, None, None))
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._attend(loop)
        ticket = self.native.next_ticket()
        waiter: asyncio.Future[bytes] = loop.create_future()
        self._waiters[ticket] = waiter
        try:
            self.native.submit_as(ticket, op, args)
            result = await waiter
        except BaseException:
            # An answer that came has taken the waiter out already.
            if self._waiters.pop(ticket, None) is not None:
                self.native.cancel(ticket)
            elif loop is self._loop and self._pace is not None:
                self._pace.goes_on()
            raise
        if loop is self._loop and self._pace is not None:
            self._pace.goes_on()
        return result

    async def idle(self, waiter: asyncio.Future[None]) -> None:
        """Waits for something that a delivery settles, such as the next event of a stream."""
        loop = waiter.get_loop()
        if loop is not self._loop:
            self._attend(loop)
        self._idle.add(waiter)
        try:
            await waiter
        finally:
            self._idle.discard(waiter)

    # -- which loop drains ------------------------------------------------------------------------------------------

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that drains, where all handlers run."""
        return self._loop

    def _attend(self, loop: asyncio.AbstractEventLoop) -> None:
        """A loop waits: it drains itself, or looks after the one that does."""
        if not self._adopt(loop) and loop not in self._watching:
            self._watching.add(loop)
            loop.call_later(_LOOK_AFTER, _look, self._self, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._adopt(loop) or not self._is_awaited_in(loop):
            self._watching.discard(loop)
        else:
            loop.call_later(_LOOK_AFTER, _look, self._self, loop)

    def _is_awaited_in(self, loop: asyncio.AbstractEventLoop) -> bool:
        waiting: list[asyncio.Future[Any]] = [*list(self._waiters.values()), *list(self._idle)]
        return any(waiter.get_loop() is loop for waiter in waiting)

    def _adopt(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Makes a loop the one that drains, unless another one is doing so; whether it is the one now."""
        # Whoever holds the guard is handing out deliveries at this moment.
        if not self._guard.acquire(blocking=False):
            return False
        try:
            current = self._loop
            if current is not loop:
                if current is not None and current.is_running():
                    return False
                self._take_over(current, loop)
            return True
        finally:
            self._guard.release()

    def _take_over(self, former: asyncio.AbstractEventLoop | None, loop: asyncio.AbstractEventLoop) -> None:
        pace = Pace(loop, partial(_resume, self._self))
        if self._use_descriptor:
            descriptor = self.native.fileno()
            if former is not None and not former.is_closed():
                former.remove_reader(descriptor)
            loop.add_reader(descriptor, _ring, self._self, pace)
        self._loop, self._pace = loop, pace
        loop.call_soon(_resume, self._self, pace)
        if former is not None:
            self._leave(former)

    def _leave(self, former: asyncio.AbstractEventLoop) -> None:
        """What the former loop had under way: it watches when it goes on; if it is closed, its handlers are lost."""
        for call, task in list(self._tasks.items()):
            if task.get_loop().is_closed():
                self._tasks.pop(call, None)
                with contextlib.suppress(Exception):
                    self.native.reply_error(call, "the event loop of the handler was closed")
        if self._is_awaited_in(former):
            with contextlib.suppress(RuntimeError):
                former.call_soon_threadsafe(_look, self._self, former)
                self._watching.add(former)

    # -- deliveries -------------------------------------------------------------------------------------------------

    def _drive(self, pace: Pace, goes_on: bool) -> None:
        """Runs one turn of the pump, unless another loop has taken over; what ends the program is raised behind it."""
        if not self._guard.acquire(False):
            return
        try:
            if pace is not self._pace:
                return
            if goes_on:
                self._go_on(pace)
            elif self._held is None:
                self._pump(pace)
        finally:
            self._guard.release()
        if self._fatal is not None:
            fatal, self._fatal = self._fatal, None
            raise fatal

    def _pump(self, pace: Pace) -> None:
        """Hands out one batch in order."""
        if self._depth:
            # A handler runs the loop inside itself: what is left of its batch comes first.
            self._run(pace, None)
        pace.begin()
        batch = self.native.drain(_BATCH)
        if len(batch) == _BATCH and self._loop is not None:
            self._loop.call_soon(_ring, self._self, pace)
        batch.reverse()
        self._items = batch
        self._run(pace, None)

    def _go_on(self, pace: Pace) -> None:
        """Hands out what had to wait, and asks for more: a ring that came meanwhile was not followed."""
        held, self._held = self._held, None
        self._run(pace, held)
        if self._held is None and self._loop is not None:
            self._loop.call_soon(_ring, self._self, pace)

    def _run(self, pace: Pace, item: Delivery | None) -> None:
        """Hands out what is left of the batch, or until something has to wait."""
        self._depth += 1
        items, sessions, waiters, loop = self._items, self.sessions, self._waiters, self._loop
        if item is None:
            item = items.pop() if items else None
        while item is not None:
            current, item = item, None
            try:
                kind: object = type(current)
                if kind is Received:
                    tag, key = EVENT, current._session_key
                else:
                    tag, key = current[0], current[1]
                if tag == _COMPLETED:
                    waiter = waiters.pop(key, None)
                    if waiter is None:
                        pass
                    elif waiter.get_loop() is not loop:
                        _settle_elsewhere(waiter, current[2], current[3])
                    elif not waiter.done():
                        pace.waking += 1
                        if current[3] is None:
                            waiter.set_result(current[2])
                        else:
                            _settle(waiter, current[2], current[3])
                elif self._depth == 1 and pace.owes():
                    self._held = current
                    break
                elif tag != EVENT:
                    self._other(current)
                elif (session := sessions.get(key)) is not None:
                    item = session._take(current, items)
            except BaseException as error:
                self.report("A delivery could not be handed out", error)
            if item is None:
                item = items.pop() if items else None
        self._depth -= 1
        if self._held is not None:
            pace.wait()

    def _other(self, item: Delivery) -> None:
        tag = item[0]
        if tag == _CALL:
            self._ask(item)
        elif tag == _CALL_CANCELLED:
            self._take_back(item[1])
        elif tag == _LIFECYCLE:
            if self.on_lifecycle is not None:
                self.on_lifecycle(item[1])
        elif tag == _NOTIFICATION:
            if self.on_notification is not None:
                self.on_notification(item[1], item[2])
        elif tag == _ENDED:
            session = self.sessions.get(item[1])
            if session is None:
                self.native.release_session(item[1])
            else:
                session._ended(item[2])
        elif tag == _CLOSED and self.on_closed is not None:
            self.on_closed(from_native(item[1]))

    # -- questions --------------------------------------------------------------------------------------------------

    def _ask(self, item: Delivery) -> None:
        from ._question import Question, words

        question = Question(self, *item[1:])
        loop = self._loop
        if loop is None or self.serve is None:
            question.fail("no handler is registered")
            return
        work: Coroutine[Any, Any, None] | None = None
        try:
            context, work = self.serve(question)
            task = loop.create_task(work, context=context)
        except BaseException as error:
            if work is not None:
                work.close()
            question.fail(words(error))
            raise
        self._tasks[question.call] = task
        task.add_done_callback(partial(self._served, question))

    def _served(self, question: Question, task: asyncio.Task[Any]) -> None:
        """A task that was cancelled before it began has not answered; what it ended with is reported."""
        self._tasks.pop(question.call, None)
        question.fail("the handler was cancelled" if task.cancelled() else "the handler has not answered")
        self._report_end(task)

    def _take_back(self, call: int) -> None:
        task = self._tasks.get(call)
        if task is None:
            return
        loop = task.get_loop()
        if loop is self._loop:
            task.cancel()
        else:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)

    def spawn(self, work: Coroutine[Any, Any, None], context: Context) -> None:
        """Runs a handler that nobody waits for, on the loop that drains."""
        if self._loop is None:
            work.close()
            return
        task = self._loop.create_task(work, context=context)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        task.add_done_callback(self._report_end)

    # -- faults -----------------------------------------------------------------------------------------------------

    def _report_end(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        # The loop itself has raised what ends the program.
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            self.report("A handler ended its task", error, task=task)

    def report(self, message: str, error: BaseException, **more: object) -> None:
        """Gives what a handler raised to the loop's exception handler; what ends the program waits for the batch."""
        loop = self._loop
        try:
            if isinstance(error, KeyboardInterrupt | SystemExit) or loop is None:
                raise error
            loop.call_exception_handler({"message": message, "exception": error, **more})
        except (KeyboardInterrupt, SystemExit) as fatal:
            self._fatal = self._fatal or fatal
        except BaseException:
            logger.exception("%s", message)

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
        if self._use_descriptor and loop is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_forget, loop, native)


def _notify(reference: weakref.ref[Inbox]) -> None:
    """Runs on the engine's thread, where no descriptor can be polled."""
    inbox = reference()
    if inbox is not None and inbox._loop is not None and inbox._pace is not None:
        # A loop that was closed is replaced by the next that waits, which looks for itself.
        with contextlib.suppress(RuntimeError):
            inbox._loop.call_soon_threadsafe(_ring, reference, inbox._pace)


def _settle(waiter: asyncio.Future[bytes], result: bytes | None, error: NativeError | None) -> None:
    """Gives a waiter its result, on its own loop."""
    if error is None:
        waiter.set_result(b"null" if result is None else result)
        return
    try:
        failure = from_native(error)
    except Exception as unreadable:
        failure = unreadable
    waiter.set_exception(failure)


def _settle_elsewhere(waiter: asyncio.Future[bytes], result: bytes | None, error: NativeError | None) -> None:
    def settle() -> None:
        if not waiter.done():
            _settle(waiter, result, error)

    # A loop that was closed waits for nothing any more.
    with contextlib.suppress(RuntimeError):
        waiter.get_loop().call_soon_threadsafe(settle)
