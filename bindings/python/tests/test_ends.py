"""How everything that waits ends with its session: quietly when somebody wanted it, else with what went wrong."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from copilot import CopilotClient, CopilotSession, RuntimeConnection, sync
from copilot._errors import SessionClosedError
from copilot._jsonrpc import JsonRpcError, ProcessExitedError

from .peer import LIMIT, act, delta, number, until

Connect = Callable[..., RuntimeConnection]
# "die" tells something and is gone.
DIE = {"on": {"method": "die"}, "do": [delta(1), delta(2), {"exit": 3}]}


async def die(client: CopilotClient, session: CopilotSession) -> None:
    with pytest.raises(ProcessExitedError):
        await client.request("die", {"sessionId": session.session_id})


async def take_over(client: CopilotClient, session: CopilotSession) -> None:
    await client.resume_session(session.session_id)


WANTED: dict[str, Callable[[CopilotClient, CopilotSession], Awaitable[Any]]] = {
    "disconnected": lambda client, session: session.disconnect(),
    "deleted": lambda client, session: client.delete_session(session.session_id),
    "stopped": lambda client, session: client.stop(),
    "stopped by force": lambda client, session: client.force_stop(),
    "taken over": take_over,
}
wanted = pytest.mark.parametrize("end", WANTED.values(), ids=list(WANTED))


async def collected(session: CopilotSession, seen: list[int]) -> None:
    async for event in session.events("assistant.message_delta"):
        seen.append(number(event))


async def test_a_stream_ends_with_the_loss(connect: Connect) -> None:
    async with CopilotClient(connection=connect([DIE])) as client:
        session = await client.create_session()
        early, late = session.events(), session.events("assistant.message_delta")
        seen: list[int] = []
        waiting = asyncio.ensure_future(collected(session, seen))
        await asyncio.sleep(0)
        await die(client, session)
        with pytest.raises(ProcessExitedError):
            await asyncio.wait_for(waiting, LIMIT)
        assert seen == [1, 2]
        # What was collected comes first, the error once, and then it is over.
        for stream in (early, late):
            assert [number(await anext(stream)), number(await anext(stream))] == [1, 2]
            with pytest.raises(ProcessExitedError):
                await anext(stream)
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
        with pytest.raises(ProcessExitedError):
            await anext(session.events())


@wanted
async def test_a_stream_ends_quietly(client: CopilotClient, end: Any) -> None:
    session = await client.create_session()
    seen: list[int] = []
    waiting = asyncio.ensure_future(collected(session, seen))
    await asyncio.sleep(0)
    await act(client, session, delta(1))
    await end(client, session)
    await asyncio.wait_for(waiting, LIMIT)
    assert seen == [1]
    assert [event async for event in session.events()] == []


@wanted
async def test_what_a_session_knows_of_itself_stays(connect: Connect, end: Any) -> None:
    state = {"workspacePath": "/w", "capabilities": {"ui": {"elicitation": True}}}
    answer = {"reply": {"result": {"sessionId": "$sessionId", **state}}}
    rules = [{"on": {"method": method}, "do": [answer]} for method in ("session.create", "session.resume")]
    rules.append({"on": {"method": "session.delete"}, "do": [{"reply": {"result": {"success": True}}}]})
    client = CopilotClient(connection=connect(rules))
    session = await client.create_session(on_event=lambda event: None)
    await client.request("fake.flood", {"sessionId": session.session_id, "count": 3})
    before = session.counters()
    assert before["received"] == 3
    await end(client, session)
    assert session.capabilities == state["capabilities"]
    assert str(session.workspace_path) == "/w"
    assert session.counters() == before
    assert session.open_canvases == []
    assert repr(session).endswith("disconnected>")
    assert session._key not in client._inbox.sessions
    assert client._inbox.native.session_state(session._key) is None
    assert client.counters()["received"] == 3
    await client.force_stop()


@wanted
async def test_calls_behind_the_end(client: CopilotClient, end: Any) -> None:
    session = await client.create_session()
    await end(client, session)
    calls = (session.send, session.ui.confirm, session.log, session.send_and_wait)
    for call in calls:
        with pytest.raises(SessionClosedError, match="Session not found"):
            await call("x")
    # Both names of it hold, and leaving again does nothing.
    assert issubclass(SessionClosedError, JsonRpcError)
    await session.disconnect()
    await session.disconnect()


async def test_calls_and_waits_at_a_loss(connect: Connect) -> None:
    script = [DIE, {"on": {"method": "session.send"}, "do": [{"reply": "default"}]}]
    async with CopilotClient(connection=connect(script)) as client:
        session = await client.create_session()
        waits = [asyncio.ensure_future(session.send_and_wait("x", timeout=600)) for _ in range(3)]
        await until(lambda: len(client._inbox._waiters) == 3)
        await die(client, session)
        for wait in waits:
            with pytest.raises(ProcessExitedError):
                await asyncio.wait_for(wait, LIMIT)
        with pytest.raises(ProcessExitedError, match="closed"):
            await session.send("x")
        await session.disconnect()


async def test_a_refused_disconnect_lets_go_all_the_same(connect: Connect) -> None:
    refusal = {"reply": {"error": {"code": -32000, "message": "not now"}}}
    rules = [{"on": {"method": method}, "do": [refusal]} for method in ("session.destroy", "session.detach")]
    client = CopilotClient(connection=connect(rules))
    session = await client.create_session()
    stream = session.events()
    with pytest.raises(Exception, match="not now"):
        await session.disconnect()
    assert [event async for event in stream] == []
    assert client._inbox.sessions == {}
    with pytest.raises(SessionClosedError):
        await session.send("x")
    await client.force_stop()


async def test_a_session_that_was_not_made_ends_too(connect: Connect) -> None:
    rule = {"on": {"method": "session.create"}, "do": [{"reply": {"error": {"code": -32000, "message": "no"}}}]}
    kept: list[CopilotSession] = []
    streams: list[Any] = []

    def provider(session: CopilotSession) -> Any:
        from .test_providers import Files

        kept.append(session)
        streams.append(session.events())
        return Files()

    from .test_providers import CONFIG

    async with CopilotClient(connection=connect([rule]), session_fs=CONFIG) as client:
        with pytest.raises(JsonRpcError, match="no"):
            await client.create_session(create_session_fs_handler=provider)
        assert [event async for event in streams[0]] == []
        assert client._inbox.sessions == {}
        with pytest.raises(SessionClosedError):
            await kept[0].send("x")


async def test_on_disconnect_is_called_once(client: CopilotClient) -> None:
    calls: list[int] = []
    session = await client.create_session()
    session._on_disconnect = lambda: calls.append(1)
    await session.disconnect()
    await client.stop()
    assert calls == [1]


async def test_two_tasks_may_share_a_stream(client: CopilotClient) -> None:
    session = await client.create_session()
    stream = session.events()
    waiting = [asyncio.ensure_future(anext(stream)) for _ in range(2)]
    await asyncio.sleep(0)
    await act(client, session, delta(1), delta(2))
    assert [number(await asyncio.wait_for(each, LIMIT)) for each in waiting] == [1, 2]
    ends = [asyncio.ensure_future(anext(stream, None)) for _ in range(2)]
    await asyncio.sleep(0)
    await session.disconnect()
    assert await asyncio.wait_for(asyncio.gather(*ends), LIMIT) == [None, None]


async def test_streams_leave_nothing(client: CopilotClient) -> None:
    session = await client.create_session()
    stream = session.events()
    for _ in range(100):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0)
        async with session.events():  # type: ignore[attr-defined]
            pass
        session.events()
    gc.collect()
    assert len(session._handlers.streams) == len(session._listeners) == 1
    assert stream._queue._waiters == []  # type: ignore[attr-defined]
    assert client._inbox._idle == set()
    dropped = weakref.ref(stream)
    del stream
    gc.collect()
    assert dropped() is None
    assert session._listeners == {}


# -- the blocking twin -------------------------------------------------------------------------------------------------


def test_a_blocking_stream_ends_with_the_loss(connect: Connect) -> None:
    with sync.CopilotClient(connection=connect([DIE])) as client:
        session = client.create_session()
        stream = session.events()
        with pytest.raises(ProcessExitedError):
            client._runner.run(client._inner.request("die", {"sessionId": session.session_id}))
        assert [number(next(stream)), number(next(stream))] == [1, 2]
        with pytest.raises(ProcessExitedError):
            next(stream)
        with pytest.raises(StopIteration):
            next(stream)


def test_a_blocking_stream_ends_quietly(connect: Connect) -> None:
    with sync.CopilotClient(connection=connect()) as client:
        session = client.create_session()
        stream = session.events("assistant.message")
        session.send_and_wait("x")
        session.disconnect()
        assert len(list(stream)) == 1
        assert list(session.events()) == []


def test_a_blocking_stream_can_be_closed_and_dropped(connect: Connect) -> None:
    with sync.CopilotClient(connection=connect()) as client:
        session = client.create_session()
        stream: Any = session.events()
        stream.close()
        assert list(stream) == []
        session.events()
        gc.collect()
        client.ping()
        assert session._inner._listeners == {}
        assert session._inner._handlers.streams == set()


def test_closing_ends_what_other_threads_wait_for(connect: Connect) -> None:
    script = [{"on": {"method": "session.send"}, "do": [{"reply": "default"}]}]
    client = sync.CopilotClient(connection=connect(script))
    session = client.create_session()
    stream = session.events()
    ends: list[object] = []

    def call() -> None:
        try:
            session.send_and_wait("x", timeout=600)
        except RuntimeError as error:
            ends.append(str(error))

    def iterate() -> None:
        ends.append(len([event for event in stream if event.type.value == "session.idle"]))

    threads = [threading.Thread(target=work, daemon=True) for work in (call, iterate)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + LIMIT
    while not client._inner._inbox._waiters:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    client.close()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert set(ends) <= {"this client was closed", 0} or "Session not found" in str(ends)
    with pytest.raises(RuntimeError, match="this client was closed"):
        client.ping()
