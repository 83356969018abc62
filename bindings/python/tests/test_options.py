"""Options: every keyword is a row of the engine's table, and what the table does not know travels through ``extra``."""

from __future__ import annotations

import dataclasses
import inspect
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import copilot
from copilot import CopilotClient, CopilotSession, Tool
from copilot.generated import _options

TABLE: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parents[3] / "core" / "tables" / "options.toml").read_text()
)


def keywords(function: Callable[..., Any]) -> set[str]:
    found = inspect.signature(function).parameters.values()
    return {each.name for each in found if each.kind is inspect.Parameter.KEYWORD_ONLY}


def names(kind: str, only: str | None = None) -> set[str]:
    tables = {"session": _options.SESSION, "client": _options.CLIENT, "message": _options.MESSAGE}
    wire = {row["name"]: row for row in TABLE[kind] if "rust" in row and "python" in row}
    return {python for python, name in tables[kind].items() if wire[name].get("only") in (None, only) or only is None}


@pytest.mark.parametrize(
    ("function", "kind", "only"),
    [
        (CopilotClient.__init__, "client", None),
        (CopilotClient.create_session, "session", "create"),
        (CopilotClient.resume_session, "session", "resume"),
        (CopilotSession.send, "message", None),
        (CopilotSession.send_and_wait, "message", None),
    ],
)
def test_every_keyword_is_in_the_table_and_the_other_way_round(
    function: Callable[..., Any], kind: str, only: str | None
) -> None:
    taken = keywords(function)
    assert names(kind, only) - taken == set()
    local = {row.get("python_name") for row in TABLE[kind] if "rust" not in row}
    local |= {_snake(row["name"]) for row in TABLE[kind] if "rust" not in row}
    known = names(kind, only) | local | {"extra", "timeout", "inactivity_timeout", "until"}
    assert taken - known == set()
    document = inspect.getdoc(function) or ""
    assert [name for name in names(kind, only) if f":param {name}:" not in document] == []


def _snake(name: str) -> str:
    spelled = name.replace("gitHub", "github").replace("GitHub", "Github")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in spelled)


def test_tools_have_the_members_of_the_table() -> None:
    fields = {field.name for field in dataclasses.fields(Tool)}
    assert fields == {*_options.TOOL, "handler", "extra"}


def test_a_misspelt_keyword_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'log_lvl'"):
        CopilotClient(log_lvl="info")  # type: ignore[call-arg]


async def test_what_the_table_does_not_know_travels(client: CopilotClient) -> None:
    tool = Tool("t", "d", extra={"color": "red"})
    session = await client.create_session(tools=[tool], extra={"newOption": {"on": True}, "model": "m"})
    await session.send("x", extra={"newMember": 1})
    made = (await client.request("fake.received", {"method": "session.create"}))["messages"][-1]["params"]
    assert (made["newOption"], made["model"]) == ({"on": True}, "m")
    assert made["tools"] == [{"name": "t", "description": "d", "color": "red"}]
    sent = (await client.request("fake.received", {"method": "session.send"}))["messages"][-1]["params"]
    assert (sent["prompt"], sent["newMember"]) == ("x", 1)


async def test_functions_stay_here_and_are_marked(client: CopilotClient) -> None:
    sections: dict[Any, Any] = {"tone": {"action": str.upper}, "safety": {"action": "remove"}}
    named: list[Any] = [{"name": "n", "base_url": "http://x", "bearer_token_provider": lambda args: "t"}]
    await client.create_session(system_message={"mode": "customize", "sections": sections}, providers=named)
    made = (await client.request("fake.received", {"method": "session.create"}))["messages"][-1]["params"]
    assert made["systemMessage"]["sections"] == {"tone": {"action": "transform"}, "safety": {"action": "remove"}}
    assert made["providers"] == [{"name": "n", "baseUrl": "http://x", "hasBearerTokenProvider": True}]


async def test_a_tool_search_is_told_of_the_tools(connect: Any) -> None:
    asked = {"requestId": "r", "toolCallId": "c", "toolName": "tool_search_tool", "arguments": {}}
    replied = {"expect": {"method": "session.tools.handlePendingToolCall"}}
    idle = {"event": {"type": "session.idle", "data": {}}}
    called = {"event": {"type": "external_tool.requested", "data": asked}}
    script = [
        {"on": {"method": "session.send"}, "do": [{"reply": "default"}, called, replied, idle]},
        {
            "on": {"method": "session.tools.getCurrentMetadata"},
            "do": [{"reply": {"result": {"tools": [{"name": "view", "description": "d"}]}}}],
        },
    ]
    seen: list[Any] = []

    @copilot.define_tool("tool_search_tool", description="finds")
    def search(invocation: copilot.ToolInvocation) -> str:
        seen.extend(invocation.available_tools or ())
        return ""

    async with CopilotClient(connection=connect(script)) as client:
        session = await client.create_session(tools=[search])
        await session.send_and_wait("go", timeout=20)
    assert [each.name for each in seen] == ["view"]


async def test_entra_is_told_when_connecting(connect: Any) -> None:
    async with CopilotClient(connection=connect(), entra=copilot.EntraAuthConfig(client_id="c")) as client:
        hello = (await client.request("fake.received", {"method": "connect"}))["messages"][0]["params"]
    assert hello["entra"] == {"clientId": "c"}
    unknown = {"reply": {"error": {"code": -32601, "message": "Unhandled method connect"}}}
    old = CopilotClient(
        connection=connect([{"on": {"method": "connect"}, "do": [unknown]}]), entra=copilot.EntraAuthConfig()
    )
    with pytest.raises(RuntimeError, match="too old to log in through Entra"):
        await old.start()
