"""Code behind an ``await`` runs before what came behind the answer is handed out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import uvloop

from copilot import CopilotClient, CopilotSession, RuntimeConnection, _native, sync
from copilot._inbox import Inbox

from .peer import LIMIT, act, delta, number, until

Connect = Callable[..., RuntimeConnection]
SESSIONS = 25
# The runtime tells of the session right behind its answer.
START = {
    "on": {"method": "session.create"},
    "do": [
        {"reply": "default"},
        {"event": {"type": "session.start", "data": {"sessionId": "$sessionId"}}},
        {"notify": {"method": "session.lifecycle", "params": {"type": "session.created", "sessionId": "$sessionId"}}},
    ],
}


async def plainly(work: Coroutine[Any, Any, Any]) -> Any:
    return await work


async def with_a_limit(work: Coroutine[Any, Any, Any]) -> Any:
    return await asyncio.wait_for(work, LIMIT)


async def gathered(work: Coroutine[Any, Any, Any]) -> Any:
    return (await asyncio.gather(work))[0]


async def in_a_task(work: Coroutine[Any, Any, Any]) -> Any:
    return await asyncio.create_task(work)


async def in_a_group(work: Coroutine[Any, Any, Any]) -> Any:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
    return task.result()


async def wrapped_thrice(work: Coroutine[Any, Any, Any]) -> Any:
    return (await asyncio.wait_for(asyncio.shield(asyncio.gather(work)), LIMIT))[0]


WAYS: list[Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]] = [
    *(plainly, with_a_limit, gathered, in_a_task, in_a_group, wrapped_thrice)
]
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
on_loops = pytest.mark.parametrize("loop", LOOPS)
in_ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


def run(loop: str, main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(main)


def kinds_of(seen: list[Any]) -> list[str]:
    return [event.type.value for event in seen]


@on_loops
@in_ways
def test_the_first_event_of_a_session(connect: Connect, loop: str, way: Any) -> None:
    async def main() -> None:
        async with CopilotClient(connection=connect([START])) as client:
            logs: list[list[Any]] = []
            for _ in range(SESSIONS):
                seen: list[Any] = []
                logs.append(seen)
                session: CopilotSession = await way(client.create_session())
                session.on(seen.append)
            await client.ping()
            assert [kinds_of(seen) for seen in logs] == [["session.start"]] * SESSIONS

    run(loop, main())


@on_loops
@in_ways
def test_an_event_behind_any_answer(connect: Connect, loop: str, way: Any) -> None:
    """Here the session is in use already: the engine keeps nothing, the loop gives the code its turn."""
    rule = {"on": {"method": "again"}, "do": [{"reply": {"result": {}}}, delta(1), delta(2)]}

    async def main() -> None:
        async with CopilotClient(connection=connect([rule])) as client:
            session = await client.create_session()
            await session.log("used")
            for _ in range(SESSIONS):
                seen: list[int] = []
                await way(client.request("again", {"sessionId": session.session_id}))
                leave = session.on(lambda event, seen=seen: seen.append(number(event)))  # type: ignore[misc]
                await client.ping()
                assert seen == [1, 2]
                leave()

    run(loop, main())


@on_loops
@in_ways
def test_lifecycle_behind_an_answer(connect: Connect, loop: str, way: Any) -> None:
    async def main() -> None:
        async with CopilotClient(connection=connect([START])) as client:
            for _ in range(SESSIONS):
                seen: list[str] = []
                session = await way(client.create_session())
                leave = client.on_lifecycle(lambda event, seen=seen: seen.append(event.session_id))  # type: ignore[misc]
                await client.ping()
                assert seen == [session.session_id]
                leave()

    run(loop, main())


async def test_many_sessions_made_at_once(connect: Connect) -> None:
    """The last of them is there long after the first event of the first: the session keeps it."""
    async with CopilotClient(connection=connect([START])) as client:
        sessions = await asyncio.gather(*(client.create_session() for _ in range(SESSIONS)))
        logs: list[list[Any]] = [[] for _ in sessions]
        for session, seen in zip(sessions, logs, strict=True):
            session.on(seen.append)
        await client.ping()
        assert [kinds_of(seen) for seen in logs] == [["session.start"]] * SESSIONS


class Engine:
    """Stands in for the native client: deliveries are what the test says."""

    def __init__(self, options: bytes, notify: Callable[[], object]) -> None:
        self.notify = notify
        self.queue: list[tuple[Any, ...]] = []
        self.tickets = 0

    def next_ticket(self) -> int:
        self.tickets += 1
        return self.tickets

    def submit_as(self, ticket: int, op: str, args: bytes) -> None: ...

    def drain(self, limit: int) -> list[tuple[Any, ...]]:
        batch, self.queue = self.queue[:limit], self.queue[limit:]
        return batch

    def close(self) -> None: ...


@pytest.mark.parametrize(("way", "turns"), [(plainly, 1), (gathered, 8)], ids=["plainly", "gathered"])
async def test_what_results_cost(monkeypatch: pytest.MonkeyPatch, way: Any, turns: int) -> None:
    """Results in a row are given at once; what comes behind them waits one turn, or some more for wrapped calls."""
    monkeypatch.setattr(_native, "Client", Engine)
    inbox = Inbox(b"", use_descriptor=False)
    engine: Any = inbox.native
    loop, passed, seen = asyncio.get_running_loop(), 0, []
    is_over = asyncio.Event()

    def count() -> None:
        nonlocal passed
        passed += 1
        if not seen:
            loop.call_soon(count)

    async def call() -> None:
        await way(inbox.call("op", b""))
        # The task lives on, as tasks of programs do.
        await is_over.wait()

    calls = [asyncio.ensure_future(call()) for _ in range(32)]
    await until(lambda: len(inbox._waiters) == 32)
    inbox.on_lifecycle = lambda raw: seen.append(passed)
    engine.queue = [*((1, ticket, b"{}", None) for ticket in range(1, 33)), (4, b"1"), (4, b"2")]
    assert inbox._pace is not None
    inbox._drive(inbox._pace, False)
    count()
    await until(lambda: len(seen) == 2)
    assert seen == [turns, turns]
    is_over.set()
    await asyncio.gather(*calls)


async def test_events_in_a_row_cost_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "Client", Engine)
    inbox = Inbox(b"", use_descriptor=False)
    inbox._attend(asyncio.get_running_loop())
    seen: list[bytes] = []
    inbox.on_lifecycle = seen.append
    engine: Any = inbox.native
    engine.queue = [(4, b"%d" % each) for each in range(64)]
    assert inbox._pace is not None
    inbox._drive(inbox._pace, False)
    assert len(seen) == 64


async def test_a_stream_begins_with_what_was_kept(connect: Connect) -> None:
    async with CopilotClient(connection=connect([START])) as client:
        session = await client.create_session()
        await client.ping()
        stream = session.events()
        assert (await anext(stream)).type.value == "session.start"


@pytest.mark.parametrize("use", ["send", "log", "rpc", "get_events"])
async def test_the_first_call_ends_the_keeping(connect: Connect, use: str) -> None:
    from copilot.rpc import LogRequest

    calls: dict[str, Callable[[CopilotSession], Awaitable[Any]]] = {
        "send": lambda session: session.send_and_wait("x"),
        "log": lambda session: session.log("x"),
        "rpc": lambda session: session.rpc.log(LogRequest(message="x")),
        "get_events": lambda session: session.get_events(),
    }
    async with CopilotClient(connection=connect([START])) as client:
        session = await client.create_session()
        await calls[use](session)
        seen: list[Any] = []
        session.on(seen.append)
        await act(client, session, delta(1))
        assert kinds_of(seen) == ["assistant.message_delta"]


async def test_not_more_is_kept_than_a_thousand_and_some(client: CopilotClient) -> None:
    seen: list[Any] = []
    session = await client.create_session()
    await client.request("fake.flood", {"sessionId": session.session_id, "count": 1025})
    session.on(seen.append)
    await client.ping()
    assert seen == []
    other = await client.create_session()
    await client.request("fake.flood", {"sessionId": other.session_id, "count": 1024})
    other.on(seen.append)
    await client.ping()
    assert len(seen) == 1024


@pytest.mark.parametrize("how", ["on", "events"])
def test_the_blocking_twin_keeps_the_first_events(connect: Connect, how: str) -> None:
    with sync.CopilotClient(connection=connect([START])) as client:
        for _ in range(SESSIONS):
            session = client.create_session()
            # Long enough for the event to be there before anybody listens.
            client.ping()
            if how == "events":
                assert next(session.events()).type.value == "session.start"
                continue
            seen: list[Any] = []
            session.on(seen.append)
            client.ping()
            assert kinds_of(seen) == ["session.start"]


def test_the_blocking_twin_drops_them_with_the_first_call(connect: Connect) -> None:
    with sync.CopilotClient(connection=connect([START])) as client:
        session = client.create_session()
        session.log("x")
        seen: list[Any] = []
        session.on(seen.append)
        session.send_and_wait("x")
        assert "session.start" not in kinds_of(seen)
        assert "session.idle" in kinds_of(seen)


async def test_on_event_sees_what_comes_before_the_answer(connect: Connect) -> None:
    seen: list[Any] = []
    early = {"event": {"type": "session.start", "data": {}}}
    rule = {"on": {"method": "session.create"}, "do": [early, {"reply": "default"}, early]}
    async with CopilotClient(connection=connect([rule])) as client:
        await client.create_session(on_event=seen.append)
        await client.ping()
        assert kinds_of(seen) == ["session.start"] * 2
