"""Tools of functions: the schema the model sees, how arguments reach the parameters, and what is refused."""

from __future__ import annotations

import asyncio
import functools
import logging
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pytest
from pydantic import BaseModel, Field

from copilot import CopilotClient, Tool, ToolInvocation, define_tool
from tests.test_handlers import call_tool

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForCheckers


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    city: str


@dataclass
class Tree:
    value: int
    left: Tree | None = None


class Folder(typing.TypedDict, total=False):
    files: list[Folder]


class Chain(msgspec.Struct):
    next: Chain | None = None


async def run(tool: Tool, **arguments: Any) -> Any:
    assert tool.handler is not None
    result = await tool.handler(ToolInvocation(arguments=arguments, tool_call_id="c1"))  # type: ignore[misc]
    return result


def properties(tool: Tool) -> dict[str, Any]:
    assert tool.parameters is not None
    found: dict[str, Any] = tool.parameters["properties"]
    return found


async def test_plain_parameters_make_the_schema() -> None:
    @define_tool()
    def search(
        query: Annotated[str, "what to look for"],
        limit: int = 10,
        colour: Colour = Colour.RED,
        tags: list[str] = ["a"],  # noqa: B006
        note: str | None = None,
    ) -> OnlyForCheckers:
        return [query, limit, colour, tags, note]  # type: ignore[return-value]

    assert search.parameters is not None
    assert search.parameters["required"] == ["query"]
    assert properties(search)["query"] == {"type": "string", "description": "what to look for"}
    assert properties(search)["limit"] == {"type": "integer", "default": 10}
    assert (await run(search, query="q")).text_result_for_llm == '["q", 10, "red", ["a"], null]'
    given = {"query": "q", "limit": 2, "colour": "blue", "tags": [], "note": "n", "more": 1}
    assert (await run(search, **given)).text_result_for_llm == '["q", 2, "blue", [], "n"]'
    refused = await run(search, query="q", limit="many")
    assert refused.result_type == "failure"
    assert "limit" in refused.text_result_for_llm


async def test_the_invocation_beside_plain_parameters() -> None:
    @define_tool()
    async def one(invocation: ToolInvocation, city: str, *, days: int = 1) -> str:
        return f"{city} {days} {invocation.tool_call_id}"

    assert set(properties(one)) == {"city", "days"}
    assert (await run(one, city="Oslo", days=2)).text_result_for_llm == "Oslo 2 c1"


async def test_pydantic_inside_a_signature() -> None:
    @define_tool()
    def travel(place: Place, days: Annotated[int, Field(ge=1, description="how long")] = 1) -> str:
        return f"{place.city} {days}"

    assert properties(travel)["days"]["description"] == "how long"
    assert (await run(travel, place={"city": "Oslo"})).text_result_for_llm == "Oslo 1"
    assert "days: Input should be" in (await run(travel, place={"city": "Oslo"}, days=0)).text_result_for_llm


async def test_local_classes_are_found() -> None:
    class Local(BaseModel):
        city: str

    @define_tool()
    def weather(params: Local) -> Local:
        return params

    assert set(properties(weather)) == {"city"}
    assert (await run(weather, city="Oslo")).text_result_for_llm == '{"city": "Oslo"}'


def test_what_cannot_be_resolved_is_refused() -> None:
    with pytest.raises(TypeError, match="tool 'price': the annotation 'OnlyForCheckers' of 'amount' cannot"):

        @define_tool()
        def price(amount: OnlyForCheckers) -> str:
            return str(amount)

    with pytest.raises(TypeError, match=r"tool 'wait': no JSON Schema can be made of the annotation .* of 'event'"):

        @define_tool()
        def wait(event: asyncio.Event) -> None: ...


class Callables:
    async def __call__(self, city: str) -> str:
        return city

    def method(self, city: str) -> str:
        return city


def weather(city: str, unit: str = "C") -> str:
    return f"{city} {unit}"


@functools.wraps(weather)
def wrapped(*args: Any, **kwargs: Any) -> str:
    return weather(*args, **kwargs)


@pytest.mark.parametrize(
    ("function", "name", "names"),
    [
        (functools.partial(weather, unit="F"), "weather", {"city"}),
        (Callables(), "Callables", {"city"}),
        (Callables().method, "method", {"city"}),
        (wrapped, "weather", {"city", "unit"}),
    ],
)
async def test_callables(function: Callable[..., Any], name: str, names: set[str]) -> None:
    tool = define_tool()(function)
    assert tool.name == name
    assert set(properties(tool)) == names
    assert (await run(tool, city="Oslo")).text_result_for_llm.startswith("Oslo")


def test_a_wrapper_without_a_signature_gets_arguments_and_invocation() -> None:
    def passes_on(*args: Any, **kwargs: Any) -> str:
        return f"{args[0]['city']} {args[1].tool_call_id}"

    with pytest.warns(UserWarning, match="so the model sees none"):
        tool = define_tool()(passes_on)
    assert asyncio.run(run(tool, city="Oslo")).text_result_for_llm == "Oslo c1"


async def test_arguments_that_say_nothing_are_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"tool 'lookup': 'args' does not say which arguments there are") as told:

        @define_tool()
        def lookup(args: dict[str, Any], invocation: ToolInvocation) -> Any:
            return args

    assert told[0].filename == __file__
    assert lookup.parameters is None
    assert (await run(lookup, a=1)).text_result_for_llm == '{"a": 1}'


@pytest.mark.parametrize(("model", "member"), [(Tree, "left"), (Folder, "files"), (Chain, "next")])
def test_recursive_models_keep_their_definitions(model: Any, member: str) -> None:
    tool = define_tool("t", params_type=model)
    assert tool.parameters is not None
    assert tool.parameters["type"] == "object"
    reference = f"#/$defs/{model.__name__}"
    assert reference in str(tool.parameters["properties"][member])
    assert tool.parameters["$defs"][model.__name__]["type"] == "object"


async def test_a_failing_tool_tells_its_author(client: CopilotClient, caplog: pytest.LogCaptureFixture) -> None:
    @define_tool()
    def divide(by: int) -> float:
        return 1 / by

    caplog.set_level(logging.DEBUG, "copilot.session")
    answer = await call_tool(client, divide, {"by": 0})
    assert answer["error"] == "division by zero"
    warning, trace = (record for record in caplog.records if record.name == "copilot.session")
    assert (warning.levelname, warning.getMessage()) == (
        "WARNING",
        "the tool handler 'divide' failed: ZeroDivisionError: division by zero",
    )
    assert trace.levelname == "DEBUG"
    assert trace.exc_info is not None
    assert trace.exc_info[0] is ZeroDivisionError


async def test_the_error_that_was_raised_is_the_one_in_the_log(
    client: CopilotClient, caplog: pytest.LogCaptureFixture
) -> None:
    @define_tool()
    def lookup() -> None:
        raise LookupError("no such city") from KeyError("Oslo")

    caplog.set_level(logging.WARNING, "copilot.session")
    assert (await call_tool(client, lookup))["error"] == "no such city"
    assert "the tool handler 'lookup' failed: LookupError: no such city" in caplog.text
