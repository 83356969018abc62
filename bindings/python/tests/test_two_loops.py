"""One client, several loops: when the loop that drains ends, another one that waits takes over by itself."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
import uvloop

from copilot import CopilotClient, CopilotSession, RuntimeConnection, Tool, ToolInvocation, ToolResult

from .peer import LIMIT, block_until, delta, number, until

Connect = Callable[..., RuntimeConnection]
Main = Callable[[CopilotClient], Coroutine[Any, Any, Any]]
# "slow" is answered when the first loop is long gone; "never" is not answered.
LATER_MS = 400
SCRIPT: list[dict[str, Any]] = [
    {"on": {"method": "slow"}, "do": [{"sleep": LATER_MS}, {"reply": {"result": {"slow": True}}}]},
    {"on": {"method": "session.send"}, "do": [{"reply": "default"}]},
    {"on": {"method": "emit"}, "do": [{"reply": {"result": {}}}, {"sleep": LATER_MS}, delta(1), delta(2)]},
    {"on": {"method": "at once"}, "do": [{"reply": {"result": {}}}, delta(1), delta(2)]},
]


class First:
    """The loop that drains at first, on a thread of its own; ends the way the test says."""

    def __init__(self, make: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self.loop = make()
        self.may_end = threading.Event()
        self.has_ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.ready: Future[Any] = Future()
        self.main: Callable[[], Awaitable[Any]] | None = None
        self.how = "closed"

    def start(self, main: Callable[[], Awaitable[Any]], how: str) -> Any:
        self.main, self.how = main, how
        self.thread.start()
        return self.ready.result(LIMIT)

    def _run(self) -> None:
        try:
            self._drive()
        finally:
            self.has_ended.set()

    def _drive(self) -> None:
        async def first() -> None:
            assert self.main is not None
            self.ready.set_result(await self.main())
            await until(self.may_end.is_set)

        if self.how == "thread dies":
            task = self.loop.create_task(first())
            task.add_done_callback(lambda _: self.loop.call_soon(sys.exit))
            with contextlib.suppress(SystemExit):
                self.loop.run_forever()
        else:
            self.loop.run_until_complete(first())
        if self.how == "closed":
            self.loop.close()

    def end(self) -> None:
        self.may_end.set()
        assert self.has_ended.wait(LIMIT)


@pytest.fixture(params=["asyncio", "uvloop"])
def make(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    return uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop


@pytest.fixture
def client(connect: Connect) -> Iterator[CopilotClient]:
    client = CopilotClient(connection=connect(SCRIPT))
    yield client
    client._inbox.close()


ways_to_end = pytest.mark.parametrize("how", ["closed", "stopped", "thread dies"])


def second(make: Callable[[], asyncio.AbstractEventLoop], main: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(asyncio.wait_for(main, LIMIT))


@ways_to_end
def test_a_call_that_waits_takes_over(client: CopilotClient, make: Any, how: str) -> None:
    first = First(make)
    first.start(client.start, how)
    assert client._inbox.loop is first.loop

    async def main() -> Any:
        waiting = asyncio.ensure_future(client.request("slow"))
        await until(lambda: client._inbox._waiters)
        first.end()
        answer = await waiting
        assert client._inbox.loop is asyncio.get_running_loop()
        return answer

    assert second(make, main()) == {"slow": True}


@ways_to_end
def test_a_time_limit_is_kept(client: CopilotClient, make: Any, how: str) -> None:
    first = First(make)
    session: CopilotSession = first.start(lambda: client.create_session(), how)

    async def main() -> float:
        waiting = asyncio.ensure_future(session.send_and_wait("x", timeout=0.5))
        await until(lambda: client._inbox._waiters)
        first.end()
        begin = time.monotonic()
        with pytest.raises(TimeoutError, match=r"Timeout after 0\.5s"):
            await waiting
        return time.monotonic() - begin

    assert second(make, main()) < 3


@ways_to_end
def test_a_stream_that_waits_takes_over(client: CopilotClient, make: Any, how: str) -> None:
    first = First(make)

    async def begin() -> CopilotSession:
        session = await client.create_session()
        await client.request("emit", {"sessionId": session.session_id})
        return session

    session: CopilotSession = first.start(begin, how)

    async def main() -> list[int]:
        stream = session.events()
        waiting = asyncio.ensure_future(anext(stream))
        await until(lambda: client._inbox._idle)
        first.end()
        return [number(await waiting), number(await anext(stream))]

    assert second(make, main()) == [1, 2]


@pytest.mark.parametrize("how", ["closed", "stopped"])
def test_what_the_first_loop_held_back_is_handed_out(client: CopilotClient, make: Any, how: str) -> None:
    """The first loop ends with the answer, before what came behind it was handed out."""
    seen: list[tuple[int, int]] = []
    loop = make()

    async def begin() -> CopilotSession:
        session = await client.create_session()
        session.on(lambda event: seen.append((number(event), threading.get_ident())))
        await client.request("at once", {"sessionId": session.session_id})
        return session

    session = loop.run_until_complete(begin())
    if how == "closed":
        loop.close()
    block_until(lambda: session.counters()["received"] == 2)
    result: list[Any] = []

    def other() -> None:
        result.append(second(make, client.ping("x")))
        result.append(threading.get_ident())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join(LIMIT)
    assert seen in ([(1, result[1]), (2, result[1])], [(1, threading.get_ident()), (2, threading.get_ident())])
    assert result[0].message == "pong: x"


def test_a_loop_that_goes_on_takes_its_turn_again(client: CopilotClient, make: Any) -> None:
    """The first loop stops with a call under way; the second takes over and ends; the first goes on."""
    loop = make()

    async def begin() -> asyncio.Future[Any]:
        await client.start()
        waiting = asyncio.ensure_future(client.request("slow"))
        await until(lambda: client._inbox._waiters)
        return waiting

    waiting = loop.run_until_complete(begin())
    thread = threading.Thread(target=lambda: second(make, client.ping("x")))
    thread.start()
    thread.join(LIMIT)
    assert client._inbox.loop is not loop
    assert loop.run_until_complete(asyncio.wait_for(waiting, LIMIT)) == {"slow": True}
    assert client._inbox.loop is loop
    loop.close()


def test_handlers_follow_the_loop(client: CopilotClient, make: Any) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def tool(invocation: ToolInvocation) -> ToolResult:
        loops.append(asyncio.get_running_loop())
        return ToolResult("ok")

    first = First(make)
    session: CopilotSession = first.start(lambda: client.create_session(tools=[Tool("t", "", tool)]), "closed")

    async def main() -> None:
        waiting = asyncio.ensure_future(client.request("slow"))
        await until(lambda: client._inbox._waiters)
        first.end()
        await waiting
        params = {"sessionId": session.session_id, "toolName": "t", "count": 1, "inFlight": 1}
        assert (await client.request("fake.toolRoundtrips", params))["failed"] == 0
        assert loops == [asyncio.get_running_loop()]

    second(make, main())


def test_a_question_of_a_closed_loop_is_answered(client: CopilotClient, make: Any) -> None:
    began = threading.Event()

    async def hangs(invocation: ToolInvocation) -> ToolResult:
        began.set()
        await asyncio.Event().wait()
        return ToolResult()

    asked: dict[str, Any] = {"requestId": "r", "toolCallId": "c", "toolName": "t", "arguments": {}}
    loop = make()

    async def begin() -> CopilotSession:
        session = await client.create_session(tools=[Tool("t", "", hangs)])
        rule = {
            "on": {"method": "go"},
            "do": [{"reply": {"result": {}}}, {"event": {"type": "external_tool.requested", "data": asked}}],
        }
        await client.request("fake.script", {"script": [rule]})
        await client.request("go", {"sessionId": session.session_id})
        await until(began.is_set)
        return session

    loop.run_until_complete(begin())
    loop.close()

    async def main() -> Any:
        async with asyncio.timeout(LIMIT):
            while True:
                method = "session.tools.handlePendingToolCall"
                sent = await client.request("fake.received", {"method": method})
                if sent["messages"]:
                    return sent["messages"][0]["params"]["error"]

    assert second(make, main()) == "the event loop of the handler was closed"


def test_loops_of_many_threads_leave_nothing(connect: Connect) -> None:
    async def main() -> None:
        async with CopilotClient(connection=connect(SCRIPT)) as client:
            loop = asyncio.get_running_loop()
            for _ in range(20):
                work = [loop.run_in_executor(None, lambda: asyncio.run(client.ping("x"))) for _ in range(8)]
                assert {answer.message for answer in await asyncio.gather(*work)} == {"pong: x"}
            assert client._inbox.loop is loop
            del work
            gc.collect()
            left = [each for each in client._inbox._watching if not each.is_closed()]
            assert left == []
            assert (client._inbox._waiters, client._inbox._idle) == ({}, set())

    asyncio.run(main())


def test_without_a_descriptor(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where loops cannot poll descriptors they are called from the engine's thread."""
    from copilot import _base
    from copilot._inbox import Inbox

    monkeypatch.setattr(_base, "Inbox", lambda options: Inbox(options, use_descriptor=False))
    client = CopilotClient(connection=connect(SCRIPT))
    first = First(asyncio.new_event_loop)
    session: CopilotSession = first.start(lambda: client.create_session(), "closed")

    async def main() -> None:
        seen: list[int] = []
        waiting = asyncio.ensure_future(client.request("slow"))
        await until(lambda: client._inbox._waiters)
        first.end()
        await waiting
        session.on(lambda event: seen.append(1))
        await client.request("fake.flood", {"sessionId": session.session_id, "count": 1000})
        assert len(seen) == 1000
        await client.force_stop()

    second(asyncio.new_event_loop, main())
