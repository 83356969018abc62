"""What type checkers see in programs that use the package; checked, never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

from pydantic import BaseModel

from copilot import CopilotClient, CopilotSession, SessionEvent, Tool, ToolInvocation, define_tool, sync
from copilot.session_events import AssistantMessageData


class City(BaseModel):
    name: str


@dataclass
class Place:
    name: str


class Where(TypedDict):
    name: str


@define_tool(description="A Pydantic model")
def by_model(city: City) -> str:
    return city.name


@define_tool(description="A dataclass and the call")
async def by_dataclass(place: Place, invocation: ToolInvocation) -> dict[str, Any]:
    return {"name": place.name, "call": invocation.tool_call_id}


@define_tool("where", description="A TypedDict")
def by_typed_dict(where: Where) -> str:
    return where["name"]


assert_type(by_model, Tool)
assert_type(by_dataclass, Tool)
assert_type(by_typed_dict, Tool)
assert_type(
    define_tool("city", description="", params_type=City, handler=lambda city, invocation: city.name),
    Tool,
)


async def asynchronous(client: CopilotClient) -> None:
    session = await client.create_session(tools=[by_model])
    assert_type(session, CopilotSession)
    answer = await session.send_and_wait("hello")
    assert_type(answer, SessionEvent | None)
    typed = await session.send_and_wait_typed("hello", City)
    assert_type(typed, City)
    async for event in session.events():
        match event.data:
            case AssistantMessageData(content=content):
                assert_type(content, str)
            case _:
                pass


def blocking(client: sync.CopilotClient) -> None:
    session = client.create_session()
    assert_type(session.send_and_wait("hello"), SessionEvent | None)
    assert_type(session.send_and_wait_typed("hello", City), City)
