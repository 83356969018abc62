"""Tools, permissions and the other questions, with the fake runtime asking them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel

from copilot import (
    CopilotClient,
    PermissionHandler,
    PermissionNoResult,
    Tool,
    ToolInvocation,
    ToolResult,
    convert_mcp_call_tool_result,
    define_tool,
)
from copilot.rpc import PermissionDecisionReject


class City(BaseModel):
    city: str


@dataclass
class Place:
    city: str
    days: int = 1


class Where(TypedDict):
    city: str


async def call_tool(client: CopilotClient, tool: Tool, arguments: Any = None) -> Any:
    """What the runtime gets when it calls a tool."""
    data = {"requestId": "r1", "toolCallId": "c1", "toolName": tool.name, "arguments": arguments}
    wait = {"expect": {"method": "session.tools.handlePendingToolCall", "as": "tool", "timeoutMs": 5000}}
    rule = {"on": {"method": "go"}, "do": [{"event": {"type": "external_tool.requested", "data": data}}, wait]}
    rule["do"].append({"reply": {"result": "$tool.params"}})  # type: ignore[attr-defined]
    await client.request("fake.script", {"script": [rule]})
    session = await client.create_session(tools=[tool])
    return await client.request("go", {"sessionId": session.session_id})


async def test_pydantic(client: CopilotClient) -> None:
    @define_tool(description="The weather")
    async def weather(params: City, invocation: ToolInvocation) -> str:
        await asyncio.sleep(0)
        return f"sunny in {params.city} ({invocation.tool_call_id})"

    assert weather.parameters == City.model_json_schema()
    answer = await call_tool(client, weather, {"city": "Oslo"})
    assert answer["result"] == {"textResultForLlm": "sunny in Oslo (c1)", "resultType": "success"}


async def test_bad_arguments_are_told_to_the_model(client: CopilotClient) -> None:
    tool = define_tool("weather", handler=lambda params, invocation: "x", params_type=City)
    answer = await call_tool(client, tool, {"town": "Oslo"})
    assert answer["result"]["resultType"] == "failure"
    assert answer["result"]["textResultForLlm"].startswith("Invalid tool arguments:\ncity: ")


async def test_dataclass_and_typed_dict(client: CopilotClient) -> None:
    @define_tool()
    def one(place: Place) -> Any:
        return {"place": place.city, "days": place.days}

    @define_tool()
    def two(where: Where) -> Any:
        return [where["city"]]

    assert one.parameters is not None
    assert one.parameters["required"] == ["city"]
    assert two.parameters is not None
    assert two.parameters["properties"]["city"] == {"type": "string"}
    answer = await call_tool(client, one, {"city": "Oslo"})
    assert answer["result"]["textResultForLlm"] == '{"place": "Oslo", "days": 1}'


async def test_failing_tool_does_not_leak(client: CopilotClient) -> None:
    @define_tool()
    def bad() -> str:
        raise RuntimeError("secret")

    answer = await call_tool(client, bad)
    assert answer["error"] == "secret"
    assert "result" not in answer
    assert bad.handler is not None
    result = await bad.handler(ToolInvocation())  # type: ignore[misc]
    assert "secret" not in result.text_result_for_llm


async def test_full_result(client: CopilotClient) -> None:
    tool = Tool("t", "", lambda invocation: ToolResult("x", session_log="log", tool_telemetry={"a": {}}))
    answer = await call_tool(client, tool)
    assert answer["result"]["sessionLog"] == "log"


async def test_none_of_a_raw_handler(client: CopilotClient) -> None:
    tool = Tool("t", "", lambda invocation: None)  # type: ignore[arg-type, return-value]
    answer = await call_tool(client, tool)
    assert answer["result"]["textResultForLlm"] == "Tool returned no result."


async def test_unserialisable(client: CopilotClient) -> None:
    @define_tool()
    def bad() -> Any:
        return object()

    answer = await call_tool(client, bad)
    assert "Failed to serialize" in answer["error"]


def test_define_tool_forms() -> None:
    with pytest.raises(ValueError, match="name is required"):
        define_tool(handler=lambda params, invocation: None, params_type=City)  # type: ignore[call-overload]
    declared = define_tool("only", params_type=City)
    assert declared.handler is None
    image = {"type": "image", "data": "aa", "mimeType": "image/png"}
    result = convert_mcp_call_tool_result({"content": [{"type": "text", "text": "a"}, image], "isError": True})
    assert result.result_type == "failure"
    assert result.binary_results_for_llm is not None
    assert result.binary_results_for_llm[0].mime_type == "image/png"


async def test_a_tool_taken_back_is_cancelled(client: CopilotClient) -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(invocation: ToolInvocation) -> ToolResult:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return ToolResult()

    data = {"requestId": "r1", "toolCallId": "c1", "toolName": "hang", "arguments": {}}
    rule = {"on": {"method": "go"}, "do": [{"event": {"type": "external_tool.requested", "data": data}}]}
    await client.request("fake.script", {"script": [rule]})
    session = await client.create_session(tools=[Tool("hang", "", hang)])
    with pytest.raises(Exception):  # noqa: B017, PT011
        await client.request("go", {"sessionId": session.session_id})
    await asyncio.wait_for(started.wait(), 5)
    await session.disconnect()
    await asyncio.wait_for(cancelled.wait(), 5)


async def ask_permission(client: CopilotClient, handler: Any) -> Any:
    request = {"kind": "url", "intention": "look", "url": "https://example.com"}
    event = {"event": {"type": "permission.requested", "data": {"requestId": "p1", "permissionRequest": request}}}
    method = "session.permissions.handlePendingPermissionRequest"
    wait = {"expect": {"method": method, "as": "answer", "timeoutMs": 5000}}
    reply = {"reply": {"result": "$answer.params.result"}}
    await client.request("fake.script", {"script": [{"on": {"method": "go"}, "do": [event, wait, reply]}]})
    session = await client.create_session(on_permission_request=handler)
    return await client.request("go", {"sessionId": session.session_id})


async def test_permission(client: CopilotClient) -> None:
    seen: list[Any] = []

    def reject(request: Any, invocation: Any) -> Any:
        seen.append((request.url, invocation["session_id"]))
        return PermissionDecisionReject(feedback="no")

    assert await ask_permission(client, reject) == {"kind": "reject", "feedback": "no"}
    assert seen[0][0] == "https://example.com"


async def test_approve_all(client: CopilotClient) -> None:
    assert await ask_permission(client, PermissionHandler.approve_all) == {"kind": "approve-once"}


@pytest.mark.parametrize("answer", [None, {"kind": "approve-once"}, RuntimeError("x")])
async def test_permission_that_is_no_decision(client: CopilotClient, answer: Any) -> None:
    async def handler(request: Any, invocation: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await ask_permission(client, handler) == {"kind": "user-not-available"}


async def test_not_callable(client: CopilotClient) -> None:
    with pytest.raises(ValueError, match="must be callable"):
        await client.create_session(on_permission_request="yes")  # type: ignore[arg-type]
    assert PermissionNoResult().kind == "no-result"


async def ask(client: CopilotClient, session: Any, method: str, params: dict[str, Any]) -> Any:
    request = {"method": method, "params": {"sessionId": session.session_id, **params}}
    return await client.request("fake.request", request)


async def test_direct_questions(client: CopilotClient) -> None:
    hooked: list[Any] = []

    def hook(hook_input: Any, context: Any) -> Any:
        hooked.append(hook_input)
        return {"permissionDecision": "allow"}

    session = await client.create_session(
        on_user_input_request=lambda request, context: {"answer": request["question"], "wasFreeform": True},
        on_exit_plan_mode_request=lambda request, context: {"approved": False, "feedback": request["summary"]},
        on_auto_mode_switch_request=lambda request, context: "yes_always",
        hooks={"on_pre_tool_use": hook},
        system_message={"mode": "customize", "sections": {"tone": {"action": lambda text: text.upper()}}},
        provider={
            "type": "openai",
            "base_url": "http://x",
            "bearer_token_provider": lambda args: args["provider_name"],
        },
    )
    answer = await ask(client, session, "userInput.request", {"question": "why?"})
    assert answer["result"] == {"answer": "why?", "wasFreeform": True}
    plan = {"summary": "s", "actions": ["interactive"], "recommendedAction": "interactive"}
    answer = await ask(client, session, "exitPlanMode.request", plan)
    assert answer["result"] == {"approved": False, "feedback": "s"}
    answer = await ask(client, session, "autoModeSwitch.request", {})
    assert answer["result"] == {"response": "yes_always"}
    moment = {"toolName": "t", "toolArgs": {}, "cwd": "/w", "timestamp": 1_700_000_000_000}
    answer = await ask(client, session, "hooks.invoke", {"hookType": "preToolUse", "input": moment})
    assert answer["result"]["output"] == {"permissionDecision": "allow"}
    assert isinstance(hooked[0]["timestamp"], datetime)
    assert hooked[0]["workingDirectory"] == "/w"
    sections = {"tone": {"content": "soft"}, "safety": {"content": "kept"}}
    answer = await ask(client, session, "systemMessage.transform", {"sections": sections})
    assert answer["result"]["sections"] == {"tone": {"content": "SOFT"}, "safety": {"content": "kept"}}
    answer = await ask(client, session, "providerToken.getToken", {"providerName": "default"})
    assert answer["result"] == {"token": "default"}
