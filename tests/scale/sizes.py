"""What one machine holds: memory by the number of sessions, how long opening takes, what Temporal adds.

python3 tests/scale/sizes.py [SESSIONS]...     with the package, and COPILOT_CLI_PATH, COPILOT_SCRIPTED_MODEL set
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from copilot import CopilotClient, CopilotSession, PermissionHandler, RuntimeConnection
    from copilot.temporal import Conversation, CopilotPlugin

TURNS = 100


@workflow.defn
class Turns:
    """As many turns as asked for, one after the other."""

    @workflow.run
    async def run(self, turns: int) -> None:
        async with Conversation() as chat:
            for number in range(turns):
                await chat.turn(f"turn {number}")


def megabytes(pid: int) -> float:
    """What a process has in memory, its part of what it shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def descendants(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            child = int(stat.parent.name)
            found += [child, *descendants(child)]
    return found


class World:
    """A store, and the options of clients and sessions in it."""

    def __init__(self, folder: Path, model: subprocess.Popen[str]) -> None:
        assert model.stdout is not None
        self.model = model
        self.store = {"kind": "folder", "path": str(folder / "files")}
        provider = {"type": "openai", "base_url": model.stdout.readline().split()[-1], "api_key": "none"}
        self.session = {"model": "scripted", "provider": provider}
        self.client = {
            "connection": RuntimeConnection.for_stdio(path=os.environ["COPILOT_CLI_PATH"]),
            "base_directory": str(folder / "home"),
            "use_logged_in_user": False,
        }

    def new_client(self) -> CopilotClient:
        files = {"initial_working_directory": "/", "session_state_path": "/state", "conventions": "posix"}
        options: dict[str, Any] = {**self.client, "session_fs": {**files, "store": self.store, "lease": {}}}
        return CopilotClient(**options)

    async def open(self, opener: Callable[..., Awaitable[CopilotSession]], *which: str) -> CopilotSession:
        return await opener(*which, on_permission_request=PermissionHandler.approve_all, **self.session)

    def runtime(self) -> float:
        return sum(megabytes(pid) for pid in descendants(os.getpid()) if pid != self.model.pid)


async def sizes(world: World, numbers: list[int]) -> None:
    client = world.new_client()
    before, began = megabytes(os.getpid()), time.perf_counter()
    await client.start()
    print(f"start: {(time.perf_counter() - began) * 1000:.0f} ms")
    sessions: list[CopilotSession] = []
    for number in [0, *numbers]:
        began = time.perf_counter()
        made = number - len(sessions)
        while len(sessions) < number:
            sessions.append(await world.open(client.create_session))
            await sessions[-1].send_and_wait("hello")
        each = (time.perf_counter() - began) * 1000 / max(made, 1)
        await asyncio.sleep(1)
        host = megabytes(os.getpid()) - before
        print(
            f"{number} sessions: runtime {world.runtime():.0f} MB, host +{host:.1f} MB, {each:.1f} ms each with a turn"
        )
    took = []
    for session in sessions[:50]:
        await session.disconnect()
        began = time.perf_counter()
        await world.open(client.resume_session, session.session_id)
        took.append((time.perf_counter() - began) * 1000)
    print(f"opening a session again: {statistics.median(took):.1f} ms (median of {len(took)})")
    await client.stop()


async def overhead(world: World) -> None:
    client = world.new_client()
    session = await world.open(client.create_session)
    took = []
    for number in range(TURNS):
        began = time.perf_counter()
        await session.send_and_wait(f"turn {number}")
        took.append((time.perf_counter() - began) * 1000)
    await client.stop()
    print(f"a turn: {statistics.median(took):.1f} ms (median of {TURNS})")
    server = shutil.which("temporal") or str(Path(sys.executable).parent / "temporal")
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=server) as env:
        plugin = CopilotPlugin(store=world.store, client=world.client, session=world.session)
        async with Worker(env.client, task_queue="turns", workflows=[Turns], plugins=[plugin]):
            await env.client.execute_workflow(Turns.run, 1, id="warm", task_queue="turns")
            began = time.perf_counter()
            await env.client.execute_workflow(Turns.run, TURNS, id="turns", task_queue="turns")
            each = (time.perf_counter() - began) * 1000 / TURNS
    print(f"a turn through Temporal: {each:.1f} ms (mean of {TURNS}, in one workflow)")


async def main() -> None:
    numbers = [int(word) for word in sys.argv[1:]] or [1, 25, 100, 400]
    script = json.dumps({"replies": [{"text": "well", "repeat": True}]})
    command = [os.environ["COPILOT_SCRIPTED_MODEL"], "--script-json", script]
    with tempfile.TemporaryDirectory() as folder:
        model = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            world = World(Path(folder), model)
            await sizes(world, numbers)
            await overhead(world)
        finally:
            model.communicate()


if __name__ == "__main__":
    asyncio.run(main())
