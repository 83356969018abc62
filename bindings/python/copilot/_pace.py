"""How long the loop waits after results before it goes on with what programs see: events, questions, lifecycle.

Settling a future only schedules the task that awaits it. A task that goes on after ``await client.create_session()``
may register handlers for the event that came right behind the answer, so it has to run first. The call itself says when
its task goes on, and callbacks run in the order in which they were scheduled (``call_soon`` says so): one callback
scheduled behind the settled futures runs when every task that awaits one of them has made its step.

A task that is not done then has had its turn. A task that is done was wrapped: it handed its result to whoever awaits
it, and every wrapper (``wait_for`` before 3.12, ``gather``, ``shield``, a task group) costs two more turns: the
callback of the finished task, and the step of the task that waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

# Turns for three wrappers inside each other, and one to spare.
_MOST_TURNS = 8
# How many tasks are remembered until something visible comes.
_MOST_STEPPED = 64


class Pace:
    """The turns one loop still owes to tasks that were woken; bound to the loop, and left behind with it."""

    __slots__ = ("_loop", "_owed", "_resume", "_stepped", "waking")

    def __init__(self, loop: asyncio.AbstractEventLoop, resume: Callable[[Pace], None]) -> None:
        self._loop = loop
        self._resume = resume
        # How many futures were settled whose tasks have not gone on yet.
        self.waking = 0
        # The tasks that have gone on since the last look; None for code that runs in no task.
        self._stepped: list[asyncio.Task[Any] | None] = []
        self._owed = 0

    def goes_on(self) -> None:
        """To be called by the code that awaited a settled future, when it goes on."""
        if self.waking:
            self.waking -= 1
            self._stepped.append(asyncio.current_task())

    def begin(self) -> None:
        """A new batch begins."""
        if len(self._stepped) > _MOST_STEPPED:
            # Nothing visible came for long; what comes next may well wait a little.
            self._stepped.clear()
            self._owed = _MOST_TURNS

    def owes(self) -> bool:
        """Whether something visible has to wait now. Not to be called during the step of a task."""
        if self.waking:
            return True
        if self._stepped:
            self._look()
        return self._owed > 0

    def _look(self) -> None:
        """Sees which of the tasks that went on have finished, and thereby woken others."""
        if any(task is None or task.done() for task in self._stepped):
            self._owed = _MOST_TURNS
        self._stepped.clear()

    def wait(self) -> None:
        """Something visible is held: resumes when nothing is owed any more."""
        self._loop.call_soon(self._advance)

    def _advance(self) -> None:
        # Whoever has not gone on by now never will.
        self.waking = 0
        if self._stepped:
            self._look()
        self._owed = max(0, self._owed - 1)
        if self._owed:
            self._loop.call_soon(self._advance)
        else:
            self._resume(self)
