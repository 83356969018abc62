"""What a newer runtime adds is kept by reading and writing, however the object is used in between."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from copilot.generated._calls import payload  # type: ignore[import-untyped]
from copilot.session_events import AssistantMessageData, AssistantMessageDeltaData, SessionEvent

ENVELOPE = {
    "id": "0b8f3c1e-1111-4222-8333-944444444444",
    "timestamp": "2026-01-02T03:04:05.678Z",
    "parentId": None,
}
REQUESTS: list[dict[str, Any]] = [
    {"name": "first", "toolCallId": "1", "new": {"a": [1, None]}},
    {"name": "second", "toolCallId": "2", "caller": {"type": "program", "callerId": "c", "new": 2}},
    {"name": "third", "toolCallId": "3", "new": 3},
]
MESSAGE: dict[str, Any] = {"messageId": "m", "content": "text", "toolRequests": REQUESTS, "new": None}
DELTA: dict[str, Any] = {"messageId": "m", "deltaContent": "text", "n": 1, "new": "\ud83d"}


def read(kind: str, data: dict[str, Any], **more: Any) -> SessionEvent:
    raw = json.dumps({**ENVELOPE, "type": kind, "data": data, **more}).encode()
    event: SessionEvent = SessionEvent.from_json(raw)  # type: ignore[attr-defined]
    return event


@pytest.fixture
def message() -> AssistantMessageData:
    data = read("assistant.message", MESSAGE).data
    assert type(data) is AssistantMessageData
    return data


@pytest.mark.parametrize("touched", [False, True])
def test_an_event_is_written_as_it_was_read(touched: bool) -> None:
    for kind, data in (("assistant.message", MESSAGE), ("assistant.message_delta", DELTA)):
        for _ in range(3):
            event = read(kind, data, extra={"new": True})
            if touched:
                assert event.data.to_dict() == data
            assert event.to_dict() == {**ENVELOPE, "type": kind, "data": data, "extra": {"new": True}}


def test_known_and_unknown_take_turns() -> None:
    known = {"messageId": "m", "deltaContent": "text"}
    for data in (known, DELTA, known, {**known, "n": 2}, known):
        event = read("assistant.message_delta", data)
        assert type(event.data) is AssistantMessageDeltaData
        assert event.data.delta_content == "text"
        assert event.data.to_dict() == data
        assert event.data == read("assistant.message_delta", known).data


def test_parts_keep_their_own(message: AssistantMessageData) -> None:
    requests = message.tool_requests
    assert requests is not None
    assert [each.to_dict() for each in requests] == REQUESTS
    assert requests[1].caller is not None
    assert requests[1].caller.to_dict() == REQUESTS[1]["caller"]


def test_parts_that_moved_keep_their_own(message: AssistantMessageData) -> None:
    requests = message.tool_requests
    assert requests is not None
    requests.reverse()
    del requests[1]
    message.content = "changed"
    wanted = {**MESSAGE, "content": "changed", "toolRequests": [REQUESTS[2], REQUESTS[0]]}
    assert message.to_dict() == wanted
    assert message.to_dict() == wanted


def test_pickled_and_copied(message: AssistantMessageData) -> None:
    assert pickle.loads(pickle.dumps(message)).to_dict() == MESSAGE
    assert copy.deepcopy(message).to_dict() == MESSAGE
    assert copy.copy(message).to_dict() == MESSAGE


def test_what_was_read_can_be_sent(message: AssistantMessageData) -> None:
    assert payload(message) == MESSAGE


def test_a_fault_beside_an_unknown_member_still_shows() -> None:
    assert read("assistant.message", {**MESSAGE, "interactionId": None}).data.to_dict()["interactionId"] is None
    data = read("assistant.message", {**MESSAGE, "content": 1}).data
    assert (data.message_id, data.to_dict()) == (MESSAGE["messageId"], {**MESSAGE, "content": 1})
    with pytest.raises(ValueError, match=r"AssistantMessageData\.content is not as declared: .*a string"):
        _ = data.content
