"""Members of events have a short way to be read, for text as runtimes write it; it gives what the long way gives."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any
from uuid import UUID

import pytest

from copilot import CopilotClient
from copilot.session_events import AssistantMessageDeltaData, SessionEvent, SessionEventType

from .peer import act, delta

ID = "6e1b8c1e-0f0e-4222-8333-0123456789ab"
FIELDS = ("data", "id", "timestamp", "type", "agent_id", "ephemeral", "parent_id", "raw_type")
DATA = '{"deltaContent":"größer als 5 °C: \\"ok\\", 東京 🙂","messageId":"m"}'


def text(kind: str = "assistant.message_delta", **members: str) -> str:
    found = {"type": f'"{kind}"', "id": f'"{ID}"', "timestamp": '"2026-11-27T05:00:00.123Z"', "data": DATA}
    found |= {"parentId": "null", **members}
    return "{" + ",".join(f'"{key}":{value}' for key, value in found.items() if value) + "}"


TIMES = [
    *("2026-11-27T05:00:00Z", "2026-11-27T05:00:00.123456Z", "2024-02-29T23:59:59.999Z", "0001-01-01T00:00:00.000Z"),
    *("2025-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-00-10T00:00:00.000Z", "2026-04-31T00:00:00.000Z"),
    *("2026-01-01T24:00:00.000Z", "2026-01-01T00:60:00.000Z", "2026-01-01T00:00:60.000Z", "0000-01-01T00:00:00.000Z"),
    *("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.123+02:00", "2026-01-01"),
    *("2026-01-01T00:00:00.123", "2026-01-01 00:00:00.123Z", "2026-01-01T00:00:00,123Z", "2026-01-01T00:00:0x.123Z"),
    *("9999-12-31T23:59:59.999999Z", "2100-02-29T00:00:00.000Z", "2000-02-29T00:00:00.000Z", "20261127T050000.1234Z"),
]
IDS = [ID, ID.upper(), ID.replace("-", ""), "{" + ID + "}", f"urn:uuid:{ID}", ID[:-1], ID[:-1] + "g", ID + "0"]
IDS += ["", "é" * 18]
TEXTS = {
    "plain": text(),
    **{f"time {each}": text(timestamp=f'"{each}"') for each in TIMES},
    **{f"id {each}": text(id=f'"{each}"', parentId=f'"{each}"') for each in IDS},
    "parent": text(parentId=f'"{ID}"'),
    "no parent": text(parentId=""),
    "no id": text(id=""),
    "no time": text(timestamp=""),
    "no data": text(data=""),
    "null everywhere": text(id="null", timestamp="null", agentId="null", ephemeral="null", parentId="null"),
    "numbers everywhere": text(id="1", timestamp="2", agentId="3", ephemeral="4", parentId="5"),
    "agent": text(agentId='"größer 🙂"', ephemeral="true"),
    "escapes": text(agentId='"\\u00fc\\n\\ud83d\\ude42"', id=f'"\\u0036{ID[1:]}"', ephemeral="false"),
    "escaped names": text(**{"\\u0061gentId": '"a"', "\\u0064ata": '{"deltaContent":"b","messageId":"c"}', "data": ""}),
    "twice": text(x='1,"id":"' + ID + '"', y='2,"agentId":"a","agentId":"b"'),
    "white space": text().replace(":", " :\n ").replace(",", " , "),
    "unknown members": text(extra='{"id":"x"}', data='{"deltaContent":"b","messageId":"c","more":[1]}'),
    "data of another shape": text(data='{"deltaContent":5}'),
    "data that is no object": text(data="[]"),
    "data that is cut off": text(data='{"deltaContent":'),
    "unknown type": text("brand.new"),
}
texts = pytest.mark.parametrize("raw", TEXTS.values(), ids=list(TEXTS))


def short(raw: str) -> Any:
    return SessionEvent.from_json(raw.encode(), "assistant.message_delta")  # type: ignore[attr-defined]


def long(raw: str) -> Any:
    """Only bytes are read in the short way."""
    return SessionEvent.from_json(raw, "assistant.message_delta")  # type: ignore[attr-defined]


def look(event: Any, name: str) -> tuple[Any, ...]:
    try:
        value = getattr(event, name)
    except (AssertionError, ValueError) as error:
        return type(error), str(error)
    return type(value), value, getattr(value, "text", None), getattr(value, "tzinfo", None)


@texts
@pytest.mark.parametrize("first", FIELDS)
def test_both_ways_agree(raw: str, first: str) -> None:
    one, other = short(raw), long(raw)
    for name in (first, *FIELDS):
        assert look(one, name) == look(other, name)
    assert one.to_dict() == other.to_dict()
    assert repr(one) == repr(other)
    assert one.unknown_fields() == other.unknown_fields()


@texts
def test_nothing_was_asked_for(raw: str) -> None:
    assert short(raw).to_dict() == long(raw).to_dict()
    assert repr(short(raw)) == repr(long(raw))
    assert pickle.dumps(short(raw).to_dict()) == pickle.dumps(long(raw).to_dict())


def test_its_values_are_ordinary_ones() -> None:
    event = short(text(parentId=f'"{ID}"'))
    assert type(event.id) is type(event.parent_id) is UUID
    assert event.id == UUID(ID)
    assert event.id.is_safe is UUID(ID).is_safe
    assert hash(event.id) == hash(UUID(ID))
    assert event.timestamp.isoformat() == "2026-11-27T05:00:00.123000+00:00"
    assert event.id is event.id
    assert event.data is event.data
    assert event.timestamp is event.timestamp
    for again in (copy.copy(event), copy.deepcopy(event), pickle.loads(pickle.dumps(event))):
        assert again == event
        assert again.id == event.id
        assert type(again) is SessionEvent
    assert pickle.loads(pickle.dumps(event.timestamp)) == event.timestamp


def test_it_is_collected_with_what_refers_to_it() -> None:
    event = short(text())
    event.data.owner = event
    gone = weakref.ref(event)
    del event
    gc.collect()
    assert gone() is None


def test_fields_can_be_set() -> None:
    event = short(text())
    for name in FIELDS:
        setattr(event, name, name)
        assert getattr(event, name) == name
        with pytest.raises(AttributeError):
            delattr(event, name)
    assert list(vars(event)) == list(FIELDS)
    with pytest.raises(AttributeError):
        event.brand_new = 1


async def test_delivered_events_are_of_the_class(client: CopilotClient) -> None:
    session = await client.create_session()
    seen: list[SessionEvent] = []
    session.on(seen.append)
    await act(client, session, delta(1), delta(2))
    for event in seen:
        assert type(event) is SessionEvent
        assert event.type is SessionEventType.ASSISTANT_MESSAGE_DELTA
        assert isinstance(event.data, AssistantMessageDeltaData)
        assert event == long(event.raw.decode())  # type: ignore[attr-defined]
