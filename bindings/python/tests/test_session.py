"""Sessions the way programs use them."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import weakref
from typing import Any

import pytest

from copilot import (
    CopilotClient,
    CopilotSession,
    ModelCapabilities,
    ModelInfo,
    ModelLimits,
    ModelSupports,
    ToolSet,
)
from copilot.session_events import AssistantMessageData, SessionEvent, SessionEventType


async def test_send_and_wait(client: CopilotClient) -> None:
    async with await client.create_session() as session:
        event = await session.send_and_wait("hello")
        assert event is not None
        assert event.type is SessionEventType.ASSISTANT_MESSAGE
        match event.data:
            case AssistantMessageData(content=text):
                assert text == "You said: hello"
            case _:
                pytest.fail("another payload")


async def test_events_come_in_order_to_handlers_in_order(client: CopilotClient) -> None:
    session = await client.create_session()
    seen: list[tuple[str, str]] = []

    def first(event: SessionEvent) -> None:
        seen.append(("first", event.type.value))

    def second(event: SessionEvent) -> None:
        seen.append(("second", event.type.value))

    session.on(first)
    leave = session.on(second)
    session.on(first)
    await session.send_and_wait("one")
    kinds = [kind for name, kind in seen if name == "first"]
    assert kinds[0] == "user.message"
    assert kinds[-1] == "session.idle"
    assert seen == [(name, kind) for kind in kinds for name in ("first", "second")]
    leave()
    leave()
    seen.clear()
    await session.send_and_wait("two")
    assert {name for name, _ in seen} == {"first"}


async def test_on_event_sees_everything(client: CopilotClient) -> None:
    seen: list[SessionEvent] = []
    session = await client.create_session(on_event=seen.append)
    await session.send_and_wait("x")
    assert seen[-1].type is SessionEventType.SESSION_IDLE


async def test_handler_that_fails(client: CopilotClient, caplog: pytest.LogCaptureFixture) -> None:
    session = await client.create_session()
    seen: list[Any] = []

    def bad(event: SessionEvent) -> None:
        raise RuntimeError("oh")

    session.on(bad)
    session.on(seen.append)
    with caplog.at_level(logging.ERROR, logger="copilot"):
        await session.send_and_wait("x")
    assert len(seen) == 8
    assert "oh" in caplog.text


async def test_stream(client: CopilotClient) -> None:
    session = await client.create_session()
    stream = session.events("assistant.message_delta", AssistantMessageData)
    await session.send_and_wait("a b")
    await session.disconnect()
    kinds = [event.type.value async for event in stream]
    assert kinds == ["assistant.message_delta"] * 3 + ["assistant.message"]


async def test_flood_to_a_blocked_loop(client: CopilotClient) -> None:
    session = await client.create_session()
    numbers: list[int] = []
    session.on(lambda event: numbers.append(event.to_dict()["data"]["n"]))
    flood = asyncio.ensure_future(client.request("fake.flood", {"sessionId": session.session_id, "count": 50_000}))
    await asyncio.sleep(0)
    time.sleep(1.5)  # noqa: ASYNC251
    await flood
    # The answer comes behind the last event: all of them have been handed out.
    assert numbers == list(range(50_000))
    assert session.counters() == {"received": 50_000, "delivered": 50_000, "queued_events": 0, "queued_bytes": 0}
    assert client.counters()["received"] == 50_000


async def test_timeout(client: CopilotClient) -> None:
    await client.request("fake.script", {"script": [{"on": {"method": "session.send"}, "do": [{"reply": "default"}]}]})
    session = await client.create_session()
    with pytest.raises(TimeoutError, match=r"Timeout after 0\.1s waiting for session\.idle"):
        await session.send_and_wait("x", timeout=0.1)


async def test_cancelling_reaches_the_engine(client: CopilotClient) -> None:
    session = await client.create_session()
    await client.request("fake.script", {"script": [{"on": {"method": "session.send"}, "do": [{"reply": "default"}]}]})
    waiting = asyncio.ensure_future(session.send_and_wait("x"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert client._inbox._waiters == {}
    assert (await client.ping("still")).message == "pong: still"


async def test_session_error(client: CopilotClient) -> None:
    event = {"event": {"type": "session.error", "data": {"errorType": "x", "message": "boom"}}}
    rule = {"on": {"method": "session.send"}, "do": [{"reply": "default"}, event]}
    await client.request("fake.script", {"script": [rule]})
    session = await client.create_session()
    with pytest.raises(Exception, match="Session error: boom"):
        await session.send_and_wait("x")


async def test_disconnect_twice_and_after(client: CopilotClient) -> None:
    session = await client.create_session()
    await session.disconnect()
    await session.disconnect()
    with pytest.raises(Exception):  # noqa: B017, PT011
        await session.send("x")


async def test_empty_mode_and_filters(tmp_path: Any, connect: Any) -> None:
    with pytest.raises(ValueError, match="requires base_directory"):
        CopilotClient(connection=connect(), mode="empty")
    client = CopilotClient(connection=connect(), mode="empty", base_directory=str(tmp_path))
    with pytest.raises(ValueError, match="available_tools"):
        await client.create_session()
    with pytest.raises(ValueError, match="bare wildcard"):
        await client.create_session(available_tools=["*"])
    with pytest.raises(TypeError, match="not str"):
        await client.create_session(available_tools="x")  # type: ignore[arg-type]
    session = await client.create_session(available_tools=ToolSet().add_builtin("ask_user").add_mcp("*"))
    sent = await client.request("fake.received", {"method": "session.create"})
    assert sent["messages"][-1]["params"]["availableTools"] == ["builtin:ask_user", "mcp:*"]
    assert session.session_id == sent["messages"][-1]["params"]["sessionId"]
    await client.stop()


async def test_nothing_keeps_a_dropped_client(connect: Any) -> None:
    client = CopilotClient(connection=connect())
    session = await client.create_session()
    session.on(lambda event: None)
    reference = weakref.ref(client)
    del client, session
    await asyncio.sleep(0)
    gc.collect()
    assert reference() is None


async def test_lifecycle(client: CopilotClient) -> None:
    seen: list[Any] = []
    leave = client.on_lifecycle(lambda event: seen.append(("any", event.type)))
    client.on_lifecycle("session.deleted", lambda event: seen.append(("typed", event.session_id)))
    params = {"type": "session.deleted", "sessionId": "s"}
    action = {"notify": {"method": "session.lifecycle", "params": params}}
    await client.request("fake.script", {"script": [{"on": {"method": "go"}, "do": [action]}]})
    with pytest.raises(Exception):  # noqa: B017, PT011
        await client.request("go")
    assert seen == [("typed", "s"), ("any", "session.deleted")]
    leave()
    leave()
    with pytest.raises(ValueError, match="Invalid arguments"):
        client.on_lifecycle()  # type: ignore[call-overload]


async def test_reprs(client: CopilotClient) -> None:
    session = await client.create_session()
    assert repr(client) == "<CopilotClient StdioRuntimeConnection connected>"
    assert repr(session) == f"<CopilotSession {session.session_id} open>"
    assert isinstance(session, CopilotSession)


@pytest.mark.parametrize("started", [False, True])
async def test_an_own_list_of_models(connect: Any, started: bool) -> None:
    own = [ModelInfo("m", "M", ModelCapabilities(ModelSupports(), ModelLimits()))]
    calls: list[int] = []

    async def models() -> list[ModelInfo]:
        calls.append(1)
        return own

    client = CopilotClient(connection=connect(), on_list_models=models)
    if started:
        await client.start()
    first, second = await client.list_models(), await client.list_models()
    assert first == second == own
    assert first is not second
    assert first[0] is second[0] is own[0]
    assert len(calls) == 1
    await client.stop()
    await client.list_models()
    assert len(calls) == 2


async def test_an_own_list_of_models_that_fails(client: CopilotClient, connect: Any) -> None:
    def fails() -> list[ModelInfo]:
        raise LookupError("no list today")

    async with CopilotClient(connection=connect(), on_list_models=fails) as other:
        with pytest.raises(LookupError, match="no list today"):
            await other.list_models()
    again, once = await client.list_models(), await client.list_models()
    assert [model is same for model, same in zip(again, once, strict=True)] == [True] * len(again)


async def test_async_listeners_begin_in_order(client: CopilotClient) -> None:
    session = await client.create_session()
    seen: list[str] = []

    async def listen(event: Any) -> None:
        seen.append(event.type.value)
        await asyncio.sleep(0)

    plain: list[str] = []
    leave = session.on(listen)
    session.on(lambda event: plain.append(event.type.value))
    await session.send_and_wait("hello")
    await asyncio.sleep(0)
    assert seen == plain
    assert "assistant.message" in seen
    leave()
    count = len(seen)
    await session.send_and_wait("again")
    assert len(seen) == count
    for wrong in (None, 5, "on"):
        with pytest.raises(TypeError, match="takes a function of one event"):
            session.on(wrong)  # type: ignore[arg-type]
