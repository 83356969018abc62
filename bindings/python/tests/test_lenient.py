"""Answers and values of other releases: read as far as they fit, written as they are meant."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import pprint
from enum import Enum
from typing import Any

import pydantic
import pytest

import copilot.rpc
import copilot.session_events
from copilot import CopilotClient
from copilot.generated._runtime import SPACES
from copilot.rpc import (
    LocalSessionMetadataValue,
    MCPServerConfigHTTP,
    Model,
    ModelList,
    PermissionsResetSessionApprovalsRequest,
    QueuedCommandHandled,
)
from copilot.session_events import AssistantMessageData, PermissionRequestCustomTool, SessionEvent

MODEL = {"id": "m", "name": "M", "capabilities": {"supports": {}, "limits": {"max_context_window_tokens": 1}}}


async def answering(client: CopilotClient, method: str, result: Any) -> None:
    script = [{"on": {"method": method}, "do": [{"reply": {"result": result}}]}]
    await client.request("fake.script", {"script": script})


async def test_an_answer_is_read_as_far_as_it_fits(client: CopilotClient) -> None:
    odd = {"models": [MODEL, {**MODEL, "id": 5, "new": 1}, {"id": "short"}]}
    await answering(client, "models.list", odd)
    found = (await client.rpc.models.list()).models
    assert [found[0].id, found[1].name, found[2].id] == ["m", "M", "short"]
    for model, name in ((found[1], "id"), (found[2], "name")):
        assert getattr(model, name, None) is None
        with pytest.raises(ValueError, match=rf"Model\.{name} is not as declared: "):
            getattr(model, name)
    # Nothing that came is lost, and such an object can be shown, copied and sent.
    assert found[1].to_dict() == {**MODEL, "id": 5, "new": 1}
    assert "id=<unread>" in repr(found[1])
    for again in (copy.copy(found[1]), copy.deepcopy(found[1]), pickle.loads(pickle.dumps(found[1]))):
        assert again.to_dict() == found[1].to_dict()
        assert not hasattr(again, "id")


@pytest.mark.parametrize("result", [None, "done", 5, [1], True])
async def test_an_answer_of_another_kind_is_no_error(client: CopilotClient, result: Any) -> None:
    await answering(client, "models.list", result)
    await answering(client, "session.mode.set", result)
    session = await client.create_session()
    from copilot.rpc import ModeSetRequest, SessionMode

    assert await session.rpc.mode.set(ModeSetRequest(SessionMode.PLAN)) == result


def test_what_a_program_reads_itself_is_checked() -> None:
    with pytest.raises(AssertionError, match="models is missing"):
        ModelList.from_dict({})
    with pytest.raises(AssertionError):
        Model.from_dict({**MODEL, "id": 5})


class Elsewhere(Enum):
    HTTP = "http"


@pytest.mark.parametrize("kind", [Elsewhere.HTTP, "http"])
def test_values_of_other_enums_and_texts_are_written(kind: Any) -> None:
    assert MCPServerConfigHTTP(url="u", type=kind).to_dict() == {"url": "u", "type": "http"}


def test_no_enum_and_no_text_is_refused() -> None:
    with pytest.raises(AssertionError, match="an enum value or a text"):
        MCPServerConfigHTTP(url="u", type=5).to_dict()  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [lambda: local(False, "t", "s", "t"), lambda: local_by_name(is_remote=False)])
def test_constants_are_arguments_where_they_always_were(make: Any) -> None:
    value = make()
    assert (value.is_remote, value.modified_time) == (False, "t")
    wire = {"isRemote": False, "modifiedTime": "t", "sessionId": "s", "startTime": "t"}
    assert value.to_dict() == wire
    assert LocalSessionMetadataValue.from_dict(wire) == value
    assert QueuedCommandHandled().to_dict() == {"handled": True}


local = LocalSessionMetadataValue


def local_by_name(**constant: Any) -> LocalSessionMetadataValue:
    return LocalSessionMetadataValue(modified_time="t", session_id="s", start_time="t", **constant)


async def test_sessions_of_both_kinds_are_told_apart(client: CopilotClient) -> None:
    wire = {"isRemote": False, "modifiedTime": "t", "sessionId": "s", "startTime": "t"}
    await answering(client, "sessions.list", {"sessions": [wire]})
    (found,) = (await client.rpc.sessions.list()).sessions
    assert type(found) is LocalSessionMetadataValue


async def test_a_request_that_may_be_empty_may_be_left_out(client: CopilotClient) -> None:
    session = await client.create_session()
    await answering(client, "session.permissions.resetSessionApprovals", {"success": True})
    for arguments in ((), (PermissionsResetSessionApprovalsRequest(),)):
        assert (await session.rpc.permissions.reset_session_approvals(*arguments)).success is True


def test_the_order_of_arguments_is_the_established_one() -> None:
    request = PermissionRequestCustomTool("description", "name", {"a": 1}, "call")
    assert request.tool_call_id == "call"


EVENT = {
    "id": "11111111-1111-1111-1111-111111111111",
    "timestamp": "2026-01-02T03:04:05Z",
    "parentId": None,
    "type": "assistant.message",
    "data": {"content": "hi", "messageId": "m"},
}


def test_events_are_shown_as_dataclasses_are() -> None:
    event = SessionEvent.from_dict(EVENT)
    data: Any = event.data
    assert list(vars(event)) == [field.name for field in dataclasses.fields(event)]
    assert list(vars(data)) == [field.name for field in dataclasses.fields(data)]
    assert vars(data)["content"] == "hi"
    lines = pprint.pformat(event).splitlines()
    assert lines[:2] == ["SessionEvent(data=AssistantMessageData(content='hi',", " " * 39 + "message_id='m',"]
    adapter = pydantic.TypeAdapter(AssistantMessageData)
    assert adapter.validate_python(data) == data
    assert adapter.dump_python(data)["message_id"] == "m"


RETIRED = [
    "AllowAllPermissionSetResult",
    "AllowAllPermissionState",
    "PermissionDecisionApproveForIonApproval",
    "PermissionsGetAllowAllRequest",
    "PermissionsSetAllowAllRequest",
    "PollSpawnedSessionsResult",
    "PushAttachmentGitHubSide",
    "SessionsPollSpawnedSessionsEvent",
    "SessionsPollSpawnedSessionsRequest",
    "SessionsRegisterExtensionToolsOnSessionOptions",
    "TaskInfoType",
]


@pytest.mark.parametrize("name", RETIRED)
def test_retired_names_stay(name: str) -> None:
    assert getattr(copilot.rpc, name).__name__ == name
    assert name in copilot.rpc.__all__


async def test_retired_methods_are_called_where_the_runtime_has_them(client: CopilotClient) -> None:
    session = await client.create_session()
    await answering(client, "session.permissions.setAllowAll", {"enabled": True, "success": True})
    request = copilot.rpc.PermissionsSetAllowAllRequest(True)
    assert (await session.rpc.permissions.set_allow_all(request)).enabled is True
    with pytest.raises(Exception, match="Unhandled method"):
        await session.rpc.permissions.get_allow_all()


async def test_a_resumed_run_need_not_repeat_its_id(client: CopilotClient) -> None:
    session = await client.create_session()
    answer = {"run": {"status": "completed", "name": "f", "attempt": 1}}
    await answering(client, "session.factory.resume", answer)
    assert (await session.factory.resume("r1")).run_id == "r1"


async def test_the_workspace_path_is_made_once(client: CopilotClient) -> None:
    session = await client.create_session()
    assert session.workspace_path is session.workspace_path


def test_pydantic_knows_every_class_of_event_data() -> None:
    space = SPACES["session_events"]
    names = [name for _, _, name in space.table.EVENTS]
    assert len(names) > 100
    for name in names:
        # A class is completed when something is first read as it.
        space.decoder(f"<{name}>")
        pydantic.TypeAdapter(getattr(copilot.session_events, name))
