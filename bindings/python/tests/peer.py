"""What tests have the fake runtime do, and how they wait for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from copilot import CopilotClient, CopilotSession

LIMIT = 60.0
DELTA = "assistant.message_delta"


def delta(number: int, **data: Any) -> dict[str, Any]:
    """An event that carries a number."""
    return {"event": {"type": DELTA, "data": {"messageId": str(number), "deltaContent": "x", **data}}}


def number(event: Any) -> int:
    return int(event.data.message_id)


async def act(client: CopilotClient, session: CopilotSession | None, *actions: dict[str, Any]) -> Any:
    """Has the runtime do something in a session, and answer behind it."""
    done = [*actions]
    if not any("reply" in each for each in done):
        done.append({"reply": {"result": {}}})
    await client.request("fake.script", {"script": [{"on": {"method": "go"}, "do": done}]})
    async with asyncio.timeout(LIMIT):
        return await client.request("go", {"sessionId": session.session_id} if session else {})


async def ask(client: CopilotClient, session: CopilotSession, method: str, **params: Any) -> dict[str, Any]:
    """What the runtime gets for a request of its own."""
    request = {"method": method, "params": {"sessionId": session.session_id, **params}}
    async with asyncio.timeout(LIMIT):
        answer: dict[str, Any] = await client.request("fake.request", request)
    return answer


async def until(condition: Callable[[], object], what: str = "it does not come") -> None:
    """Lets the loop run until something holds."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(what)
        await asyncio.sleep(0.001)


def block_until(condition: Callable[[], object], what: str = "it does not come") -> None:
    """Blocks the loop until something holds that other threads bring about."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(what)
        time.sleep(0.001)


def reports(loop: asyncio.AbstractEventLoop) -> list[dict[str, Any]]:
    """Everything that is given to the loop's exception handler from now on."""
    found: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: found.append(context))
    return found


async def answering(client: CopilotClient, text: str | None) -> CopilotSession:
    """A session whose agent answers every message so; ``None``: not at all."""
    answer = {"messageId": "a", "content": text, "originatingMessageId": "m1"}
    turn: list[dict[str, Any]] = [
        {"reply": {"result": {"messageId": "m1"}}},
        {"event": {"type": "user.message", "data": {"content": "x", "messageId": "m1"}}},
        *([] if text is None else [{"event": {"type": "assistant.message", "data": answer}}]),
        {"event": {"type": "session.idle", "ephemeral": True, "data": {}}},
    ]
    await client.request("fake.script", {"script": [{"on": {"method": "session.send"}, "do": turn}]})
    return await client.create_session()
