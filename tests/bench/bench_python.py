"""Every measure through the Python door, with nothing but what the official package has too: it runs with either."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def status_kb(line: str) -> float:
    with contextlib.suppress(OSError):
        for text in Path("/proc/self/status").read_text().splitlines():
            if text.startswith(line):
                return float(text.split()[1])
    return math.nan


MEMORY = status_kb("VmRSS:")
IMPORT = time.perf_counter()
from copilot import CopilotClient, RuntimeConnection, Tool, ToolResult  # noqa: E402
from copilot.session import PermissionHandler  # noqa: E402
from copilot.session_events import SessionEventType  # noqa: E402

IMPORT = time.perf_counter() - IMPORT
MEMORY = status_kb("VmRSS:") - MEMORY

FLIGHT = 64
DELTA = SessionEventType.ASSISTANT_MESSAGE_DELTA
IDLE = SessionEventType.SESSION_IDLE

report: dict[str, float] = {"import_ms": IMPORT * 1000, "import_mb": MEMORY / 1024}


def number(name: str) -> int:
    return int(os.environ[f"BENCH_{name}"])


LIMIT = number("LIMIT")


def put_times(name: str, micros: list[float]) -> None:
    micros.sort()
    for label, part in (("p50", 0.5), ("p99", 0.99)):
        if micros:
            report[f"{name}_{label}_us"] = micros[round((len(micros) - 1) * part)]


class Meter:
    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self.memory = status_kb("VmRSS:")
        self.started, self.cpu = time.perf_counter(), time.process_time()

    def put(self, name: str, wanted: int, seen: int) -> None:
        seconds, cpu = time.perf_counter() - self.started, time.process_time() - self.cpu
        report[f"{name}_per_s"] = seen / seconds
        report[f"{name}_cpu_s"] = cpu * 100_000 / max(seen, 1)
        report[f"{name}_peak_mb"] = (status_kb("VmHWM:") - self.memory) / 1024
        report[f"{name}_lost"] = wanted - seen


class Seen:
    """What a handler has seen."""

    def __init__(self) -> None:
        #: `first` is the length of the first text: all are equal.
        self.deltas = self.text = self.first = self.fields = 0
        self.latencies: list[float] = []
        self.done = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def take(self, event: Any) -> None:
        if event.type == DELTA:
            self.deltas += 1
            self.text += len(event.data.delta_content)
            if not self.first:
                self.first = self.text
        elif event.type == IDLE:
            self.loop.call_soon_threadsafe(self.done.set)

    def take_all(self, event: Any) -> None:
        """Reads all that an event has."""
        fields = (event.id, event.timestamp, event.parent_id, event.ephemeral, event.agent_id)
        self.fields += len(fields)
        self.take(event)

    def take_timed(self, event: Any) -> None:
        if event.type == DELTA:
            self.latencies.append(time.time_ns() / 1000 - float(event.data.delta_content[:16]))
        self.take(event)

    async def wait(self) -> None:
        """Waits for the end of the turn; what had not come when time was over counts as lost."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.done.wait(), LIMIT)


tool_calls = 0


async def answer(_invocation: Any) -> ToolResult:
    global tool_calls
    tool_calls += 1
    return ToolResult(text_result_for_llm="ok")


async def new_session(client: CopilotClient) -> Any:
    return await client.create_session(
        on_permission_request=PermissionHandler.approve_all,
        tools=[Tool(name="bench", description="Answers ok", handler=answer)],
        streaming=True,
    )


Choice = Callable[[Seen], Callable[[Any], None]]


async def turn(client: CopilotClient, prompt: str, handler: Choice) -> Seen:
    session, seen = await new_session(client), Seen()
    session.on(handler(seen))
    await session.send(prompt)
    await seen.wait()
    await session.disconnect()
    return seen


def untimed(seen: Seen) -> Callable[[Any], None]:
    return seen.take


async def pings(client: CopilotClient) -> None:
    times = []
    for _ in range(number("PINGS")):
        start = time.perf_counter_ns()
        await client.ping("x")
        times.append((time.perf_counter_ns() - start) / 1000)
    put_times("ping", times)
    left = iter(range(number("FLIGHT")))

    async def lane() -> None:
        for _ in left:
            await client.ping("x")

    start = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(FLIGHT)))
    report["pings_per_s"] = number("FLIGHT") / (time.perf_counter() - start)


async def flood(client: CopilotClient, name: str, count: int, size: int, handler: Choice = untimed) -> None:
    meter = Meter()
    seen = await turn(client, f"flood {count} {size}", handler)
    meter.put(name, count, seen.text // max(seen.first, 1))


async def paced(client: CopilotClient) -> None:
    seen = await turn(client, f"paced {number('PACED')}", lambda seen: seen.take_timed)
    report["paced_lost"] = number("PACED") - seen.deltas
    put_times("delta", seen.latencies)


async def tools(client: CopilotClient, in_flight: int) -> None:
    global tool_calls
    tool_calls = 0
    start = time.perf_counter()
    await turn(client, f"tools {number('TOOLS')} {in_flight}", untimed)
    report[f"tools{in_flight}_per_s"] = tool_calls / (time.perf_counter() - start)
    report[f"tools{in_flight}_lost"] = number("TOOLS") - tool_calls


async def sessions(client: CopilotClient) -> None:
    count = number("SESSIONS")
    memory, start = status_kb("VmRSS:"), time.perf_counter()
    made = [await new_session(client) for _ in range(count)]
    report["sessions_per_s"] = count / (time.perf_counter() - start)
    report["session_kb"] = (status_kb("VmRSS:") - memory) / count
    for session in made:
        await session.disconnect()


async def streams(client: CopilotClient) -> None:
    made = [await new_session(client) for _ in range(number("STREAMS"))]
    all_seen = [Seen() for _ in made]
    for session, seen in zip(made, all_seen, strict=True):
        session.on(seen.take)
    start = time.perf_counter()
    prompt = f"flood {number('STREAM_EVENTS')} 64"
    await asyncio.gather(*(session.send(prompt) for session in made))
    await asyncio.gather(*(seen.wait() for seen in all_seen))
    report["streams_ms"] = (time.perf_counter() - start) * 1000
    report["streams_lost"] = number("STREAMS") * number("STREAM_EVENTS") - sum(seen.deltas for seen in all_seen)


async def main() -> None:
    start = time.perf_counter()
    client = CopilotClient(connection=RuntimeConnection.for_stdio(path=os.environ["BENCH_FAKE"]))
    await client.start()
    report["start_ms"] = (time.perf_counter() - start) * 1000
    await pings(client)
    await flood(client, "flood64", number("FLOOD"), 64)
    await flood(client, "fields64", number("FLOOD"), 64, lambda seen: seen.take_all)
    await flood(client, "flood4k", number("FLOOD_BIG"), 4096)
    await paced(client)
    await tools(client, 1)
    await tools(client, 16)
    await sessions(client)
    await streams(client)
    start = time.perf_counter()
    await client.stop()
    report["stop_ms"] = (time.perf_counter() - start) * 1000
    print(json.dumps(report))


asyncio.run(main())
