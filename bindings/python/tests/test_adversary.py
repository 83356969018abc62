"""A runtime that misbehaves by a seed: whatever it does, every call ends, with a result or an exception of the package.

``ADVERSARY_SEEDS=FROM..TO`` chooses the seeds; ``ADVERSARY_SEEDS=7`` repeats one.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Awaitable
from typing import Any

from pydantic import BaseModel

from copilot import CopilotClient, RuntimeConnection, define_tool
from copilot.session import PermissionHandler

from .peer import reports

# How long the program waits for an answer before it gives up, and by when the end must have come.
PATIENCE, BOUND = 0.15, 120.0
AT_ONCE = 8


def seeds() -> range:
    first, _, last = os.environ.get("ADVERSARY_SEEDS", "0..40").partition("..")
    return range(int(first), int(last or int(first) + 1))


class Number(BaseModel):
    value: Any = None


@define_tool(name="t", description="")
def tool(given: Number) -> str:
    return str(given.value)


class Life:
    """A program that uses all it can."""

    def __init__(self, seed: int, runtime: str) -> None:
        make = RuntimeConnection.for_tcp if seed % 4 == 0 else RuntimeConnection.for_stdio
        connection = make(path=runtime, args=("--adversary", str(seed)))
        self.seed = seed
        self.client = CopilotClient(connection=connection, use_logged_in_user=False)
        self.outcomes: list[str] = []

    async def attempt(self, what: str, call: Awaitable[Any], patience: float = PATIENCE) -> Any:
        """What came of it; what takes longer than the program's patience is cancelled, and must end then."""
        task = asyncio.ensure_future(call)
        done, _ = await asyncio.wait([task], timeout=patience)
        if not done:
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=BOUND)
            assert done, f"seed {self.seed}: {what} never ended"
        if task.cancelled():
            self.outcomes.append("cancelled")
            return None
        error = task.exception()
        self.outcomes.append(type(error).__name__)
        if error is None:
            return task.result()
        # What the package raises has a text; mistakes of its own have other types.
        mistakes = (AttributeError, NameError, LookupError, AssertionError, RecursionError)
        assert not isinstance(error, mistakes), f"seed {self.seed}: {what}: {error!r}"
        assert str(error), f"seed {self.seed}: {what} failed without a word: {error!r}"
        return None

    async def run(self) -> list[str]:
        client = self.client
        await self.attempt("start", client.start(), 3)
        await self.attempt("ping", client.ping("x"))
        await self.attempt("list_models", client.list_models())
        await self.attempt("list_sessions", client.list_sessions())
        options: dict[str, Any] = {
            "on_permission_request": PermissionHandler.approve_all,
            "tools": [tool],
            "streaming": True,
        }
        session = await self.attempt("create_session", client.create_session(**options))
        if session is not None:
            await self.attempt("send_and_wait", session.send_and_wait("a", timeout=60))
            await self.attempt("send", session.send("b"))
            await self.attempt("get_events", session.get_events())
            await self.attempt("abort", session.abort())
            await self.attempt("disconnect", session.disconnect())
        await self.attempt("resume_session", client.resume_session("s", **options))
        await self.attempt("stop", client.force_stop() if self.seed % 3 == 0 else client.stop(), BOUND)
        return self.outcomes


async def test_every_call_ends_with_a_result_or_an_exception_of_the_package(fake_runtime: str) -> None:
    found = reports(asyncio.get_running_loop())
    outcomes: set[str] = set()
    free = asyncio.Semaphore(AT_ONCE)

    async def one(seed: int) -> None:
        async with free:
            outcomes.update(await Life(seed, fake_runtime).run())

    await asyncio.gather(*(one(seed) for seed in seeds()))
    gc.collect()
    await asyncio.sleep(0)
    assert not [report for report in found if "never retrieved" in report["message"]], found
    if len(seeds()) > 1:
        assert len(outcomes) > 4, outcomes
