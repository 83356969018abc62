"""The plan of README.md through the Python package."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from copilot import CopilotClient, CopilotSession, RuntimeConnection, Tool, ToolResult
from copilot.session import PermissionHandler

LIMIT = 60.0


def plan(name: str) -> str:
    return os.environ.get(f"FAULTS_{name}", "")


def say(line: str) -> None:
    print(line, flush=True)


def kind_of(error: BaseException) -> str:
    """The engine's name for an error."""
    if isinstance(error, BaseExceptionGroup):
        return "StopFailed"
    return "Timeout" if isinstance(error, TimeoutError) else str(getattr(error, "kind", type(error).__name__))


def new_client() -> CopilotClient:
    path, kind = plan("RUNTIME"), plan("CONNECTION")
    options: dict[str, Any] = {"use_logged_in_user": False}
    if files := json.loads(plan("OPTIONS") or "{}").get("sessionFs"):
        # Python's spelling of it.
        lease = {name.removesuffix("Ms"): value for name, value in files["lease"].items()}
        options["session_fs"] = {
            "initial_working_directory": files["initialCwd"],
            "session_state_path": files["sessionStatePath"],
            "conventions": files["conventions"],
            "store": files["store"],
            "lease": lease | {name: lease[name] / 1000 for name in ("ttl", "wait")},
        }
    if plan("HOME"):
        options["base_directory"] = plan("HOME")
    if kind == "inprocess":
        # The package finds the library by the environment alone.
        os.environ["COPILOT_CLI_PATH"] = path
        return CopilotClient(connection=RuntimeConnection.for_inprocess(), **options)
    connect = RuntimeConnection.for_tcp if kind == "tcp" else RuntimeConnection.for_stdio
    return CopilotClient(connection=connect(path=path), **options)


async def answer(_invocation: Any) -> ToolResult:
    say("tool")
    if plan("TOOL") == "wait":
        await asyncio.Event().wait()
    return ToolResult(text_result_for_llm="ok")


async def quiet(_invocation: Any) -> ToolResult:
    return ToolResult(text_result_for_llm="ok")


async def new_session(client: CopilotClient, handler: Callable[[Any], Awaitable[ToolResult]]) -> CopilotSession:
    options = json.loads(plan("SESSION"))
    # Python's spelling of them.
    if "sessionId" in options:
        options["session_id"] = options.pop("sessionId")
    if provider := options.get("provider"):
        options["provider"] = {"type": provider["type"], "base_url": provider["baseUrl"], "api_key": provider["apiKey"]}
    tool = Tool(
        name="probe", description="Answers ok", handler=handler, parameters={"type": "object", "properties": {}}
    )
    options |= {"on_permission_request": PermissionHandler.approve_all, "tools": [tool]}
    if plan("RESUME"):
        return await client.resume_session(plan("RESUME"), **options)
    return await client.create_session(**options)


class Turn:
    """Start, session, turn and stop; the first that fails is told, and the client stopped by force."""

    def __init__(self) -> None:
        self.client = new_client()
        self.session: CopilotSession | None = None

    async def create(self) -> None:
        self.session = await new_session(self.client, answer)

    async def turn(self) -> None:
        assert self.session is not None
        await self.session.send_and_wait("go", timeout=LIMIT, idempotency_key=plan("KEY") or None)

    async def run(self) -> dict[str, str]:
        steps: dict[str, Callable[[], Awaitable[Any]]] = {
            "start": self.client.start,
            "create": self.create,
            "turn": self.turn,
            "stop": self.client.stop,
        }
        for name, step in steps.items():
            try:
                await asyncio.wait_for(step(), float(plan("LIMIT")) / 1000 if plan("HANGS") == name else LIMIT)
            except Exception as error:
                parts = error.exceptions if isinstance(error, BaseExceptionGroup) else [error]
                result = {"step": name, "kind": kind_of(error), "message": "; ".join(map(str, parts)), "force": ""}
                try:
                    await asyncio.wait_for(self.client.force_stop(), LIMIT)
                except Exception as again:
                    result["force"] = f"{kind_of(again)}: {again}"
                return result
        return {"step": "", "kind": "", "message": "", "force": ""}


def mark() -> None:
    """Waits until the driver has looked at this process."""
    gc.collect()
    say("mark")
    sys.stdin.readline()


async def cycles() -> dict[str, str]:
    count, warm = int(plan("COUNT")), int(plan("WARM"))
    for cycle in range(count):
        if cycle == warm:
            mark()
        async with new_client() as client:
            session = await new_session(client, quiet)
            await session.send_and_wait("go", timeout=LIMIT)
    mark()
    return {"step": "", "kind": "", "message": "", "force": ""}


async def fork() -> dict[str, str]:
    """The child is refused and ends; the parent goes on."""
    client = new_client()
    await client.start()
    session = await new_session(client, quiet)
    pid = os.fork()
    if pid == 0:
        # The loop of the parent cannot be used here; what makes a call is refused before it needs one.
        code = 1
        try:
            client.ping("x").send(None)
        except BaseException as error:
            code = 0 if kind_of(error) == "Forked" else 2
            if code:
                sys.stderr.write(f"child: {error!r}\n")
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    await session.send_and_wait("go", timeout=LIMIT)
    await client.stop()
    code = os.waitstatus_to_exitcode(status)
    return {"step": "child" if code else "", "kind": f"exit {code}" if code else "", "message": "", "force": ""}


class Soak:
    """Rounds of conversations; every third ends politely, by force, by a runtime that dies in a turn."""

    def __init__(self) -> None:
        self.micros: list[int] = []
        self.failed = 0

    async def timed(self, call: Awaitable[Any]) -> None:
        start = time.perf_counter_ns()
        try:
            await call
            self.micros.append((time.perf_counter_ns() - start) // 1000)
        except Exception as error:
            self.failed += 1
            sys.stderr.write(f"{error!r}\n")
        await asyncio.sleep(0.01)

    async def round(self, number: int) -> None:
        client = new_client()
        await self.timed(client.start())
        session = await new_session(client, quiet)
        for turn in range(20):
            await self.timed(session.send_and_wait("tool" if turn % 5 == 4 else "hello", timeout=LIMIT))
            if turn % 7 == 6:
                await session.send("long")
                await session.abort()
                await session.disconnect()
                session = await new_session(client, quiet)
        if number % 3 == 0:
            await client.stop()
            return
        if number % 3 == 2:
            try:
                await session.send_and_wait("die", timeout=LIMIT)
                self.failed += 1
            except Exception as error:
                self.failed += kind_of(error) not in {"ProcessExited", "SessionClosed"}
        await client.force_stop()

    def run(self) -> dict[str, str]:
        end, told = time.monotonic() + float(plan("SECONDS")), time.monotonic()
        number = 0
        while time.monotonic() < end:
            if number % 5 == 4:
                thread = threading.Thread(target=lambda n=number: asyncio.run(self.round(n)))
                thread.start()
                thread.join()
            else:
                asyncio.run(self.round(number))
            number += 1
            if time.monotonic() - told >= float(plan("INTERVAL")):
                say(json.dumps({"micros": self.micros, "failed": self.failed}))
                self.micros, self.failed, told = [], 0, time.monotonic()
        return {"step": "", "kind": "", "message": "", "force": ""}


def main() -> None:
    mode = plan("MODE")
    if mode == "soak":
        result = Soak().run()
    else:
        modes: dict[str, Callable[[], Awaitable[dict[str, str]]]] = {"cycles": cycles, "fork": fork}

        async def run() -> dict[str, str]:
            return await (Turn().run() if mode == "turn" else modes[mode]())

        result = asyncio.run(run())
    say(json.dumps(result))


main()
