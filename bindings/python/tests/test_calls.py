"""Calls: all of the engine's table are there, also in the blocking twin, and the engine checks what they are given."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from copilot import CopilotClient, CopilotSession, Tool, ToolResult, sync

CALLS: list[dict[str, Any]] = json.loads((Path(__file__).parents[3] / "tests/conformance/calls.json").read_text())


@pytest.mark.parametrize("call", [call for call in CALLS if call["python"]], ids=lambda call: call["python"])
def test_every_call_is_there(call: dict[str, Any]) -> None:
    classes = (
        [CopilotClient, sync.CopilotClient] if call["scope"] == "client" else [CopilotSession, sync.CopilotSession]
    )
    for each in classes:
        assert hasattr(each, call["python"].split(".")[0]), each


async def last(client: CopilotClient, method: str) -> Any:
    return (await client.request("fake.received", {"method": method}))["messages"][-1]["params"]


async def test_models_and_lines_are_checked_by_the_engine(client: CopilotClient) -> None:
    session = await client.create_session()
    with pytest.raises(ValueError, match='context_tier is "wide"; expected one of default, long_context'):
        await session.set_model("m", context_tier="wide")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='level is "loud"; expected one of info, warning, error'):
        await session.log("x", level="loud")
    await session.set_model("m", context_tier="default", auto_tier=None)
    assert await last(client, "session.model.switchTo") == {
        "sessionId": session.session_id,
        "modelId": "m",
        "contextTier": "default",
        "autoTier": None,
    }


async def answer_of_the_tool(client: CopilotClient) -> Any:
    method = "session.tools.handlePendingToolCall"
    for _ in range(2000):
        found = (await client.request("fake.received", {"method": method}))["messages"]
        if found:
            return found[-1]["params"]
        await asyncio.sleep(0.005)
    pytest.fail("the tool was not answered")


def tools_script(reply: Any) -> Any:
    """The runtime calls a new tool in the same write as its answer."""
    called = {"requestId": "r", "toolCallId": "c", "toolName": "new", "arguments": {}}
    event = {"event": {"type": "external_tool.requested", "data": called}}
    return [{"on": {"method": "session.tools.set"}, "do": [{"reply": reply}, event]}]


async def test_new_tools_are_served_from_the_answer_on(connect: Any) -> None:
    async with CopilotClient(connection=connect(tools_script({"result": {}}))) as client:
        session = await client.create_session(tools=[Tool("old", "d", lambda _: ToolResult("old"))])
        await session.set_tools([Tool("new", "d", lambda _: ToolResult("new"))])
        assert (await answer_of_the_tool(client))["result"]["textResultForLlm"] == "new"
        assert (await last(client, "session.tools.set"))["tools"] == [{"name": "new", "description": "d"}]


async def test_refused_tools_leave_the_old_ones(connect: Any) -> None:
    script = tools_script({"error": {"code": -32601, "message": "Unhandled method"}})
    script[0]["do"][1]["event"]["data"]["toolName"] = "old"
    async with CopilotClient(connection=connect(script)) as client:
        session = await client.create_session(tools=[Tool("old", "d", lambda _: ToolResult("old"))])
        with pytest.raises(Exception, match="Unhandled method"):
            await session.set_tools([Tool("new", "d", lambda _: ToolResult("new"))])
        assert (await answer_of_the_tool(client))["result"]["textResultForLlm"] == "old"


async def test_tasks_are_cancelled(connect: Any) -> None:
    script = [{"on": {"method": "session.tasks.cancel"}, "do": [{"reply": {"result": {"cancelled": True}}}]}]
    async with CopilotClient(connection=connect(script)) as client:
        session = await client.create_session()
        assert await session.cancel_task("t1")
        assert await last(client, "session.tasks.cancel") == {"sessionId": session.session_id, "id": "t1"}
