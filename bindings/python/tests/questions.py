"""Every kind of question that concerns a session: how a program serves it, how the runtime asks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from copilot import CanvasHandler, CommandDefinition, CopilotClient, CopilotSession, Factory, Tool

from .peer import act, ask

Handler = Callable[..., Any]
Ask = Callable[[CopilotClient, CopilotSession], Awaitable[Any]]


@dataclass
class Kind:
    """One kind: its options for ``create_session``, how it is asked, and the answer when its handler fails."""

    options: Callable[[Handler], dict[str, Any]]
    ask: Ask
    failed: Callable[[Any], object]


def pending(kind: str, reply: str, **data: Any) -> Ask:
    """A question that is an event, and is answered by a call."""

    async def asked(client: CopilotClient, session: CopilotSession) -> Any:
        event = {"event": {"type": kind, "data": {"requestId": "r", **data}}}
        wait = {"expect": {"method": reply, "as": "answer", "timeoutMs": 5000}}
        return await act(client, session, event, wait, {"reply": {"result": "$answer.params"}})

    return asked


def direct(method: str, **params: Any) -> Ask:
    """A question that is a request."""

    async def asked(client: CopilotClient, session: CopilotSession) -> Any:
        return await ask(client, session, method, **params)

    return asked


def _is_error(answer: Any) -> object:
    return answer["error"]["message"]


class _Canvas(CanvasHandler):
    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    async def on_open(self, ctx: Any) -> Any:
        return self.handler(ctx)


class _Skills:
    def __init__(self, handler: Handler) -> None:
        self.list_skills = handler
        self.read_skill = handler


WHERE = {"canvasId": "c", "instanceId": "i", "extensionId": "e"}
PERMISSION = {"kind": "url", "intention": "look", "url": "https://example.com"}
SECTIONS = {"sections": {"tone": {"content": "soft"}}}


def _transform(handler: Handler) -> dict[str, Any]:
    return {"system_message": {"mode": "customize", "sections": {"tone": {"action": handler}}}}


def _token(handler: Handler) -> dict[str, Any]:
    return {"provider": {"type": "openai", "base_url": "http://x", "bearer_token_provider": handler}}


KINDS: dict[str, Kind] = {
    "tool": Kind(
        lambda handler: {"tools": [Tool("t", "", handler)]},
        pending(
            "external_tool.requested",
            "session.tools.handlePendingToolCall",
            toolCallId="c",
            toolName="t",
            arguments={},
        ),
        lambda answer: "result" not in answer and answer["error"],
    ),
    "permission": Kind(
        lambda handler: {"on_permission_request": handler},
        pending(
            "permission.requested", "session.permissions.handlePendingPermissionRequest", permissionRequest=PERMISSION
        ),
        lambda answer: answer["result"] == {"kind": "user-not-available"},
    ),
    "elicitation": Kind(
        lambda handler: {"on_elicitation_request": handler},
        pending("elicitation.requested", "session.ui.handlePendingElicitation", message="m"),
        lambda answer: answer["result"] == {"action": "cancel"},
    ),
    "mcpAuth": Kind(
        lambda handler: {"on_mcp_auth_request": handler},
        pending(
            "mcp.oauth_required",
            "session.mcp.oauth.handlePendingRequest",
            serverName="s",
            serverUrl="http://s",
            reason="initial",
        ),
        lambda answer: answer["result"] == {"kind": "cancelled"},
    ),
    "command": Kind(
        lambda handler: {"commands": [CommandDefinition("deploy", handler)]},
        pending("command.execute", "session.commands.handlePendingCommand", commandName="deploy"),
        lambda answer: answer["error"],
    ),
    "userInput": Kind(
        lambda handler: {"on_user_input_request": handler}, direct("userInput.request", question="why?"), _is_error
    ),
    "exitPlanMode": Kind(
        lambda handler: {"on_exit_plan_mode_request": handler},
        direct("exitPlanMode.request", summary="s", actions=["interactive"], recommendedAction="interactive"),
        lambda answer: answer.get("error") or answer["result"]["approved"] is False,
    ),
    "autoModeSwitch": Kind(
        lambda handler: {"on_auto_mode_switch_request": handler},
        direct("autoModeSwitch.request"),
        lambda answer: answer.get("error") or answer["result"] == {"response": "no"},
    ),
    "hook": Kind(
        lambda handler: {"hooks": {"on_pre_tool_use": handler}},
        direct("hooks.invoke", hookType="preToolUse", input={"toolName": "t"}),
        lambda answer: answer["result"] == {},
    ),
    "systemMessageTransform": Kind(
        _transform,
        direct("systemMessage.transform", **SECTIONS),
        lambda answer: answer["result"] == SECTIONS,
    ),
    "providerToken": Kind(_token, direct("providerToken.getToken", providerName="default"), _is_error),
    "canvas": Kind(lambda handler: {"canvas_handler": _Canvas(handler)}, direct("canvas.open", **WHERE), _is_error),
    "skillProvider": Kind(
        lambda handler: {"skill_provider": _Skills(handler)}, direct("skillProvider.read", name="s"), _is_error
    ),
    "factory": Kind(
        lambda handler: {"factories": [Factory("nightly", "", handler)]},
        direct("factory.execute", name="nightly", runId="r", executionToken="t", args={}),
        _is_error,
    ),
}
