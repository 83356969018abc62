"""What managed policy reserves for a person is left alone by ``approve_all``, whatever the kind of request."""

from __future__ import annotations

from typing import Any

import pytest

from copilot import CopilotClient, PermissionHandler, PermissionNoResult, session_events
from copilot.rpc import PermissionDecisionApproveOnce
from copilot.session_events import session_event_from_dict

from .peer import act

REQUESTS: dict[str, dict[str, Any]] = {
    "shell": {
        "fullCommandText": "ls",
        "intention": "look",
        "commands": [],
        "possiblePaths": [],
        "possibleUrls": [],
        "hasWriteFileRedirection": False,
        "canOfferSessionApproval": False,
    },
    "write": {"fileName": "f", "diff": "", "intention": "i", "canOfferSessionApproval": False},
    "read": {"path": "p", "intention": "i"},
    "mcp": {"serverName": "s", "toolName": "t", "toolTitle": "T", "readOnly": False},
    "url": {"url": "http://u", "intention": "i"},
    "memory": {"fact": "f"},
    "custom-tool": {"toolName": "t", "toolDescription": "d"},
    "hook": {"toolName": "t"},
    "extension-management": {"operation": "reload"},
    "factory": {
        "operation": "run",
        "name": "n",
        "description": "d",
        "phases": [],
        "approvalKey": "k",
        "canPersistApproval": False,
    },
    "workflow": {
        "operation": "run",
        "name": "n",
        "description": "d",
        "phases": [],
        "approvalKey": "k",
        "canPersistApproval": False,
    },
    "extension-permission-access": {"extensionName": "e", "capabilities": []},
    "extension-env-access": {"extensionName": "e", "environmentVariables": []},
    "brand-new": {"anything": 1},
}
MARKS: list[Any] = [True, "yes", 1, 0, "", [], {}]
kinds = pytest.mark.parametrize("kind", REQUESTS)


async def decide(client: CopilotClient, request: dict[str, Any], seen: list[Any]) -> Any:
    """The answer to a request; ``None`` when it was left alone."""

    def handler(asked: Any, invocation: Any) -> Any:
        seen.append((asked, dict(invocation)))
        return PermissionHandler.approve_all(asked, invocation)

    session = await client.create_session(on_permission_request=handler)
    event = {"event": {"type": "permission.requested", "data": {"requestId": "p", "permissionRequest": request}}}
    await act(client, session, event)
    # The next question is answered behind the first one.
    await act(client, session, {"event": {**event["event"], "data": {"requestId": "q", "permissionRequest": LAST}}})
    method = "session.permissions.handlePendingPermissionRequest"
    answers: dict[str, Any] = {}
    while "q" not in answers:
        sent = await client.request("fake.received", {"method": method, "where": {"sessionId": session.session_id}})
        answers = {each["params"]["requestId"]: each["params"]["result"] for each in sent["messages"]}
    return answers.get("p")


LAST = {"kind": "read", **REQUESTS["read"]}


@kinds
async def test_what_is_reserved_is_left_alone(client: CopilotClient, kind: str) -> None:
    for mark in MARKS:
        seen: list[Any] = []
        request = {"kind": kind, **REQUESTS[kind], "managedApprovalRequired": mark}
        assert await decide(client, request, seen) is None, mark
        asked, invocation = seen[0]
        assert invocation["needs_human"] is True
        assert asked.managed_approval_required == mark
        assert asked.kind == kind
        assert "needs_human" not in seen[1][1]


@kinds
async def test_what_is_not_reserved_is_approved(client: CopilotClient, kind: str) -> None:
    marks: list[dict[str, Any]] = [
        {},
        {"managedApprovalRequired": None},
        {"managedApprovalRequired": False},
    ]
    for mark in marks:
        seen: list[Any] = []
        answer = await decide(client, {"kind": kind, **REQUESTS[kind], **mark}, seen)
        assert answer == {"kind": "approve-once"}, mark
        assert seen[0][0].managed_approval_required in (None, False)
        assert "needs_human" not in seen[0][1]


def test_the_mark_is_readable_on_every_class() -> None:
    variants = session_events.PermissionRequest.__args__  # type: ignore[attr-defined]
    assert {each.kind for each in variants} == {*REQUESTS} - {"brand-new"}
    for each in variants:
        known = each.from_dict(REQUESTS[each.kind])
        assert known.managed_approval_required is None
        assert "managedApprovalRequired" not in known.to_dict()
        assert (
            each.from_dict({**REQUESTS[each.kind], "managedApprovalRequired": True}).managed_approval_required is True
        )


class Own:
    """A request as a program may make one."""

    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)


@pytest.mark.parametrize("name", ["managed_approval_required", "managedApprovalRequired"])
@pytest.mark.parametrize("make", [lambda **members: members, Own], ids=["dict", "object"])
def test_a_request_of_the_program(name: str, make: Any) -> None:
    for mark in MARKS:
        assert PermissionHandler.approve_all(make(**{name: mark}), {"session_id": "s"}) == PermissionNoResult(), mark
    for mark in (None, False):
        answer = PermissionHandler.approve_all(make(**{name: mark}), {"session_id": "s"})
        assert isinstance(answer, PermissionDecisionApproveOnce)
    answer = PermissionHandler.approve_all(make(kind="x"), {"session_id": "s"})
    assert isinstance(answer, PermissionDecisionApproveOnce)
    answer = PermissionHandler.approve_all(make(kind="x"), {"session_id": "s", "needs_human": True})
    assert answer == PermissionNoResult()


@kinds
def test_a_request_out_of_an_event(kind: str) -> None:
    """A program may take the request from the event instead of from its handler."""
    event = session_event_from_dict(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "timestamp": "2026-01-02T03:04:05.678Z",
            "parentId": None,
            "type": "permission.requested",
            "data": {
                "requestId": "r",
                "permissionRequest": {"kind": kind, **REQUESTS[kind], "managedApprovalRequired": True},
            },
        }
    )
    request: Any = event.data.permission_request  # type: ignore[union-attr]
    assert PermissionHandler.approve_all(request, {"session_id": "s"}) == PermissionNoResult()
