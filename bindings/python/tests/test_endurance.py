"""Many starts and stops leave nothing behind; many sessions share one client."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from copilot import CopilotClient, CopilotSession

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts through /proc")
CYCLES = 200
SESSIONS = 1000


def _children() -> list[str]:
    return Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


async def _cycle(connect: Any) -> None:
    async with CopilotClient(connection=connect()) as client:
        session = await client.create_session()
        event = await session.send_and_wait("hello")
        assert event is not None


@linux
async def test_cycles_leave_nothing(connect: Any) -> None:
    for _ in range(20):
        await _cycle(connect)
    gc.collect()
    before = (len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))
    memory = _resident_kb()
    for _ in range(CYCLES):
        await _cycle(connect)
    gc.collect()
    after = (len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))
    assert after[0] <= before[0]
    assert after[1] <= before[1] + 1
    assert _children() == []
    # A leak of one session's state per cycle would be far more than the noise of the allocators.
    assert _resident_kb() - memory < 8 * 1024


async def test_a_thousand_sessions(client: CopilotClient) -> None:
    async def one(number: int) -> CopilotSession:
        return await client.create_session(session_id=f"s{number}")

    sessions = await asyncio.gather(*(one(number) for number in range(SESSIONS)))
    assert [session.session_id for session in sessions] == [f"s{number}" for number in range(SESSIONS)]
    answers = await asyncio.gather(*(session.send_and_wait(session.session_id) for session in sessions))
    contents: list[str] = [answer.data.content for answer in answers if answer is not None]  # type: ignore[union-attr]
    assert all(session.session_id in content for session, content in zip(sessions, contents, strict=True))
    await asyncio.gather(*(session.disconnect() for session in sessions))
    assert client.counters()["queued_events"] == 0


async def test_cancelled_calls_leave_nothing(connect: Any) -> None:
    """The engine gives a cancelled call up, and a late answer to it disturbs nobody."""
    script = [{"on": {"method": "session.send"}, "do": []}]
    async with CopilotClient(connection=connect(script)) as client:
        session = await client.create_session()
        for _ in range(20):
            waiter = asyncio.create_task(session.send_and_wait("never answered", timeout=600))
            await client.ping()
            waiter.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiter
        assert client._inbox._waiters == {}
        assert (await client.ping("still here")).message == "pong: still here"


# As many as take about ten seconds; COPILOT_SOAK=1 has five times as many.
SESSION_CYCLES = 100_000 if os.environ.get("COPILOT_SOAK") == "1" else 20_000


@linux
async def test_sessions_leave_nothing(connect: Any) -> None:
    event = {"event": {"type": "session.start", "data": {}}}
    script = [{"on": {"method": "session.create"}, "do": [{"reply": "default"}, event]}]
    memory = 0
    async with CopilotClient(connection=connect(script)) as client:
        for cycle in range(SESSION_CYCLES):
            if cycle == 1000:
                gc.collect()
                memory = _resident_kb()
            session = await client.create_session()
            if cycle % 2:
                session.on(lambda event: None)
                session.events()
            await session.disconnect()
        gc.collect()
        assert client._inbox.sessions == {}
        grown = _resident_kb() - memory
        assert grown < 2 * 1024, f"{grown} KiB"
        counters = client.counters()
        assert counters["received"] == SESSION_CYCLES
        assert (counters["queued_events"], counters["queued_bytes"]) == (0, 0)
        assert (await client.diagnostics())["openSessions"] == 0
