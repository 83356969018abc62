"""Events and errors are what programs take them for: dataclasses, patterns, texts with notes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from typing import Any

import pytest

from copilot import CopilotClient, RuntimeConnection
from copilot._errors import from_native
from copilot.session_events import AssistantMessageData, RawSessionEventData, SessionEvent, session_event_from_dict


def _event(kind: str, **data: Any) -> SessionEvent:
    return session_event_from_dict(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "timestamp": "2026-01-02T03:04:05.678Z",
            "parentId": None,
            "type": kind,
            "data": data,
        }
    )


def test_an_event_is_a_dataclass() -> None:
    event = _event("assistant.message", messageId="m", content="hi")
    assert dataclasses.is_dataclass(event)
    fields = {field.name: field.default for field in dataclasses.fields(SessionEvent)}
    assert list(fields)[:4] == ["data", "id", "timestamp", "type"]
    assert [name for name, default in fields.items() if default is None] == [
        *("agent_id", "ephemeral", "parent_id", "raw_type"),
    ]
    changed = dataclasses.replace(event, agent_id="a")
    assert (changed.agent_id, changed.data, event.agent_id) == ("a", event.data, None)
    assert dataclasses.asdict(event)["data"]["content"] == "hi"


def test_copies_are_equal() -> None:
    event = _event("assistant.message", messageId="m", content="hi", brandNew=1)
    for other in (copy.copy(event), copy.deepcopy(event), pickle.loads(pickle.dumps(event))):
        assert other == event
        assert other.to_dict() == event.to_dict()


def test_unknown_data_matches_by_position() -> None:
    match _event("brand.new", a=1).data:
        case RawSessionEventData(raw):
            assert raw == {"a": 1}
        case other:
            pytest.fail(f"{other!r}")
    assert dataclasses.replace(RawSessionEventData({}), raw={"b": 2}) == RawSessionEventData({"b": 2})


def test_known_data_matches_by_name() -> None:
    match _event("assistant.message", messageId="m", content="hi").data:
        case AssistantMessageData(content=content, message_id="m"):
            assert content == "hi"
        case other:
            pytest.fail(f"{other!r}")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "empty"}, "requires base_directory"),
        (
            {"connection": RuntimeConnection.for_tcp(connection_token="")},
            "^connection_token must be a non-empty string$",
        ),
        ({"connection": RuntimeConnection.for_uri("nonsense")}, "^Invalid cli_url format: nonsense"),
        ({"connection": RuntimeConnection.for_uri("host:0")}, "^Invalid port in cli_url: host:0"),
        ({"builtin_plugin_directories": ["relative"]}, "must contain only absolute paths: relative"),
        (
            {"session_fs": {"session_state_path": "/s", "conventions": "posix"}},
            "^session_fs.initial_working_directory is required$",
        ),
    ],
)
def test_refusals_are_worded_for_python(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.removesuffix("$")) as caught:
        CopilotClient(**options)
    assert re.search(words, str(caught.value))
    assert caught.value.__notes__[0].startswith("The engine said: ")


def test_a_different_session_id_is_named() -> None:
    said = 'session.create was answered for session "b", but "a" was asked for'
    reason = '{"code":"answer.other_session_id","method":"session.create","got":"b","wanted":"a"}'
    error = from_native(("Protocol", said, None, None, reason))
    assert isinstance(error, RuntimeError)
    assert "returned sessionId b but the caller requested a" in str(error)
