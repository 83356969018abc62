"""An event that cannot be decoded still reaches whoever listens: its type, its text, and what can be read of it."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from copilot import CopilotClient, CopilotSession
from copilot.session_events import AssistantMessageData, SessionEvent, SessionEventType

from .peer import act, delta

ID = "00000000-0000-4000-8000-000000000001"
TIME = "2026-01-02T03:04:05.678Z"
DEEP = "[" * 1500 + "]" * 1500


def text(kind: str = "assistant.message", data: str = '{"messageId":"m","content":"hi"}', **members: str) -> str:
    head = {"id": f'"{ID}"', "timestamp": f'"{TIME}"', "parentId": "null", **members}
    return "{" + ",".join(f'"{key}":{value}' for key, value in head.items()) + f',"type":"{kind}","data":{data}}}'


CASES = {
    "nested too deep": text(data=f'{{"messageId":"m","content":{DEEP}}}'),
    "nested too deep beside it": text(extra=DEEP),
    "unknown and nested too deep": text("brand.new", DEEP),
    "half a character and no UUID": text(id='"\\ud83d"', data='{"messageId":"m","content":"\\ud83d"}'),
    "half a character and no time": text(timestamp='"\\ud83d"'),
    "an agent that is no text": text(agentId="7", data='{"messageId":"m","content":"\\ud83d"}'),
    "no data": "{" + f'"type":"assistant.message","id":"{ID}\\ud83d"' + "}",
    "data that is no object": text(data='"\\ud83d"'),
}
cases = pytest.mark.parametrize("raw", CASES.values(), ids=list(CASES))


def frame(session: CopilotSession, raw: str) -> dict[str, Any]:
    """The event as bytes: in a script the fake runtime would have to read it itself."""
    params = f'{{"sessionId":"{session.session_id}","event":{raw}}}'
    return {"raw": {"body": f'{{"jsonrpc":"2.0","method":"session.event","params":{params}}}'}}


@cases
async def test_it_reaches_handlers_and_streams(client: CopilotClient, raw: str) -> None:
    session = await client.create_session()
    seen: list[SessionEvent] = []
    session.on(seen.append)
    stream = session.events(AssistantMessageData, "brand.new")
    await act(client, session, delta(1), frame(session, raw), delta(2))
    assert [event.type.value for event in seen] in (
        ["assistant.message_delta", "assistant.message", "assistant.message_delta"],
        ["assistant.message_delta", "unknown", "assistant.message_delta"],
    )
    assert seen[1].raw == raw.encode()
    assert seen[1].raw_type in (None, "brand.new")
    assert (await anext(stream)).raw == raw.encode()


@cases
async def test_it_is_in_the_history(client: CopilotClient, raw: str) -> None:
    good = text(data='{"messageId":"m","content":"good"}')
    session = await client.create_session()
    # The answer to the next call, whose number the fake runtime fills in.
    answer = '{"jsonrpc":"2.0","id":$id,"result":{"events":[' + ",".join((good, raw, good)) + "]}}"
    rule = {"on": {"method": "session.getMessages"}, "do": [{"raw": {"body": answer}}, {"noReply": True}]}
    await client.request("fake.script", {"script": [rule]})
    events = await session.get_events()
    assert [event.raw for event in events] == [good.encode(), raw.encode(), good.encode()]
    assert events[0].type is events[2].type is SessionEventType.ASSISTANT_MESSAGE
    assert events[1].type.value in ("assistant.message", "unknown")


def read(raw: str) -> Any:
    return SessionEvent.from_json(raw.encode(), "assistant.message")  # type: ignore[attr-defined]


@cases
def test_what_can_be_read_of_it(raw: str) -> None:
    event = read(raw)
    wire = event.to_dict()
    assert wire["type"] in ("assistant.message", "brand.new")
    if DEEP not in raw:
        assert wire == {"parentId": None, "data": {}, **json.loads(raw)}
    elif f'"data":{DEEP}' in raw or f'"content":{DEEP}' in raw:
        assert "data" not in wire
        assert wire["id"] == ID
    else:
        assert wire["data"] == {"messageId": "m", "content": "hi"}
        assert "extra" not in wire
    assert "SessionEvent(" in repr(event)
    assert event == event
    assert event != read(text(data='{"messageId":"other","content":"x"}'))
    for other in (copy.copy(event), pickle.loads(pickle.dumps(event))):
        assert (other.raw, other.type) == (event.raw, event.type)


def test_the_payload_says_why_it_cannot_be_read() -> None:
    for kind, data in (("assistant.message", f'{{"messageId":"m","content":{DEEP}}}'), ("brand.new", DEEP)):
        event = read(text(kind, data))
        with pytest.raises(ValueError, match="nested too deep to be read"):
            _ = event.data
        # Others of its fields can be read.
        assert str(event.id) == ID
    event = read(CASES["half a character and no UUID"])
    assert event.data.content == "\ud83d"
    with pytest.raises(ValueError, match="hexadecimal"):
        _ = event.id
    with pytest.raises(AssertionError):
        _ = read(CASES["an agent that is no text"]).agent_id


def test_every_received_event_has_its_text() -> None:
    event = read(text())
    assert event.raw == text().encode()
    assert SessionEvent.from_dict(json.loads(text())).raw is None
    event.agent_id = "a"
    assert event.to_dict()["agentId"] == "a"
    event.id = "no uuid"
    with pytest.raises(AssertionError):
        event.to_dict()


def test_text_that_is_no_event() -> None:
    for raw in (b"", b"[]", b"{}", b'{"type":7}', b"nonsense"):
        with pytest.raises((AssertionError, ValueError)):
            SessionEvent.from_json(raw)  # type: ignore[attr-defined]
        assert read(raw.decode()).type is SessionEventType.ASSISTANT_MESSAGE


async def test_the_answer_of_a_wait_may_be_one(client: CopilotClient) -> None:
    deep = text(data=f'{{"messageId":"a","originatingMessageId":"m1","content":"x","extra":{DEEP}}}')
    session = await client.create_session()
    rule = {
        "on": {"method": "session.send"},
        "do": [
            {"reply": {"result": {"messageId": "m1"}}},
            {"event": {"type": "user.message", "data": {"content": "x", "messageId": "m1"}}},
            frame(session, deep),
            {"event": {"type": "session.idle", "ephemeral": True, "data": {}}},
        ],
    }
    await client.request("fake.script", {"script": [rule]})
    event = await session.send_and_wait("x", timeout=10)
    assert event is not None
    assert event.raw == deep.encode()
