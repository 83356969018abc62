"""A batch of deliveries is handed out one by one: what one of them raises costs no other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

import copilot.session
from copilot import CopilotClient, GitHubTelemetryNotification, RuntimeConnection

from .peer import act, block_until, delta, number, reports, until

COUNT = 40
ALL = list(range(COUNT))
FAULTS: list[BaseException] = [
    ValueError("x"),
    asyncio.CancelledError("x"),
    GeneratorExit("x"),
    BaseExceptionGroup("x", [KeyError("y"), GeneratorExit()]),
    pytest.fail.Exception("x"),
]
fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)


@fault
async def test_an_event_handler(client: CopilotClient, fault: BaseException) -> None:
    told = reports(asyncio.get_running_loop())
    seen: list[int] = []

    def bad(event: Any) -> None:
        raise fault

    session = await client.create_session()
    session.on(bad)
    session.on(lambda event: seen.append(number(event)))
    await act(client, session, *map(delta, ALL))
    assert seen == ALL
    assert [each["exception"] for each in told] == [fault] * COUNT
    assert told[0]["session"] is session


@fault
async def test_a_stream(client: CopilotClient, fault: BaseException) -> None:
    told = reports(asyncio.get_running_loop())

    class Picky(type):
        def __instancecheck__(cls, value: object) -> bool:
            raise fault

    class Never(metaclass=Picky):
        pass

    session = await client.create_session()
    broken, stream = session.events(Never), session.events()
    await act(client, session, *map(delta, ALL))
    assert [number(await anext(stream)) for _ in ALL] == ALL
    # An ordinary exception is taken as a payload that cannot be read.
    assert len(told) == (0 if isinstance(fault, Exception) else COUNT)
    del broken


@fault
async def test_the_decoding(client: CopilotClient, monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    told = reports(asyncio.get_running_loop())
    seen: list[int] = []
    decode: Any = copilot.session._event_from_bytes

    def breaks(raw: bytes, kind: str = "") -> Any:
        if b'"7"' in raw:
            raise fault
        return decode(raw, kind)

    # Events of known types come decoded as far as they are; one of another type is decoded here.
    monkeypatch.setattr(copilot.session, "_event_from_bytes", breaks)
    session = await client.create_session()
    session.on(lambda event: seen.append(int(event.data.raw["number"])))
    await act(client, session, *({"event": {"type": "brand.new", "data": {"number": str(each)}}} for each in ALL))
    assert seen == [each for each in ALL if each != 7]
    assert [each["exception"] for each in told] == [fault]


@fault
async def test_a_lifecycle_handler(client: CopilotClient, fault: BaseException) -> None:
    told = reports(asyncio.get_running_loop())
    seen: list[str] = []

    def bad(event: Any) -> None:
        raise fault

    client.on_lifecycle(bad)
    client.on_lifecycle(lambda event: seen.append(event.session_id))
    params = {"type": "session.updated", "sessionId": "s"}
    await act(client, None, *[{"notify": {"method": "session.lifecycle", "params": params}}] * COUNT)
    assert seen == ["s"] * COUNT
    assert [each["exception"] for each in told] == [fault] * COUNT


@fault
async def test_a_telemetry_handler(connect: Callable[..., RuntimeConnection], fault: BaseException) -> None:
    told = reports(asyncio.get_running_loop())
    calls: list[GitHubTelemetryNotification] = []

    async def bad(notification: GitHubTelemetryNotification) -> None:
        calls.append(notification)
        raise fault

    async with CopilotClient(connection=connect(), on_github_telemetry=bad) as client:
        await act(client, None, *[{"notify": {"method": "gitHubTelemetry.event", "params": TELEMETRY}}] * 3)
        await until(lambda: len(calls) == 3)
        assert (await client.ping("still")).message == "pong: still"
    wanted = 0 if isinstance(fault, Exception | asyncio.CancelledError) else 3
    assert [each["exception"] for each in told] == [fault] * wanted


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_is_raised_behind_the_batch(
    connect: Callable[..., RuntimeConnection], end: type[BaseException]
) -> None:
    loop = asyncio.new_event_loop()
    client = CopilotClient(connection=connect())
    seen: list[int] = []

    def bad(event: Any) -> None:
        if number(event) == 3:
            raise end

    async def begin() -> asyncio.Task[Any]:
        session = await client.create_session()
        session.on(bad)
        session.on(lambda event: seen.append(number(event)))
        await client.ping()
        task = asyncio.ensure_future(act(client, session, *map(delta, ALL)))
        received = {"before": session.counters()["received"]}
        # The answer to the script, and with it the sending of the call, needs the loop; the events do not.
        await until(lambda: session.counters()["received"] > received["before"] or task.done())
        block_until(lambda: session.counters()["received"] == COUNT)
        await until(lambda: 3 in seen)
        return task

    with pytest.raises(end):
        loop.run_until_complete(begin())
    assert 3 in seen
    assert seen == ALL[: len(seen)]
    # Whatever was behind in the batch was handed out before; the rest and the answer follow when the loop goes on.
    assert len(seen) > 4
    loop.run_until_complete(asyncio.wait_for(client.ping(), 10))
    assert seen == ALL
    loop.run_until_complete(client.force_stop())
    loop.close()


TELEMETRY: dict[str, Any] = {
    "sessionId": "s",
    "restricted": False,
    "event": {"kind": "k", "properties": {}, "metrics": {}},
}


async def test_a_notification_that_cannot_be_read_costs_itself(connect: Callable[..., RuntimeConnection]) -> None:
    lifecycle: list[Any] = []
    telemetry: list[GitHubTelemetryNotification] = []

    def notify(method: str, params: Any) -> dict[str, Any]:
        return {"notify": {"method": method, "params": params}}

    bad = [
        notify("session.lifecycle", None),
        notify("session.lifecycle", {"type": "session.updated", "sessionId": "s", "metadata": {"summary": "x"}}),
        notify("session.lifecycle", {"type": "session.updated", "sessionId": "s", "metadata": {"startTime": "never"}}),
        notify("gitHubTelemetry.event", {}),
        notify("gitHubTelemetry.event", {**TELEMETRY, "event": {"kind": 1}}),
    ]
    good = [
        notify("session.lifecycle", {"type": "session.updated", "sessionId": "good"}),
        notify("gitHubTelemetry.event", TELEMETRY),
    ]
    async with CopilotClient(connection=connect(), on_github_telemetry=telemetry.append) as client:
        told = reports(asyncio.get_running_loop())
        client.on_lifecycle(lambda event: lifecycle.append(event.session_id))
        session = await client.create_session()
        seen: list[int] = []
        session.on(lambda event: seen.append(number(event)))
        await act(client, session, delta(0), *bad, *good, delta(1))
        await until(lambda: telemetry, "the good one does not come")
        assert (lifecycle, seen, told) == (["good"], [0, 1], [])
        assert (await client.diagnostics())["counters"]["unreadableNotifications"] == len(bad)


async def test_a_loop_inside_a_handler_keeps_the_order(client: CopilotClient) -> None:
    """Some programs run the loop inside a handler (notebooks do): what is under way goes on in order."""
    told = reports(asyncio.get_running_loop())
    seen: list[int] = []
    session = await client.create_session()
    inbox = client._inbox

    def nested(event: Any) -> None:
        seen.append(number(event))
        if number(event) == 3:
            assert inbox._pace is not None
            inbox._drive(inbox._pace, False)

    session.on(nested)
    await act(client, session, *map(delta, ALL))
    assert (seen, told) == (ALL, [])


async def test_a_thread_that_does_not_drain_hands_out_nothing(client: CopilotClient) -> None:
    """Only the loop that drains hands out, whoever is rung."""
    threads: set[int] = set()
    session = await client.create_session()
    session.on(lambda event: threads.add(threading.get_ident()))
    await asyncio.to_thread(asyncio.run, client.ping())
    await act(client, session, *map(delta, ALL))
    assert threads == {threading.get_ident()}
