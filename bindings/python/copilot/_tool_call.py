"""How a plain function becomes a tool handler, and its result that of a tool."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ._tool_schema import BadArguments, is_pydantic, parameters_of
from .tools import ToolBinaryResult, ToolInvocation, ToolResult

# The model must not see what went wrong inside a program; the runtime words its own text from the error.
_NEUTRAL_TEXT = "Invoking this tool produced an error. Detailed information is not available."


class WrappedTool:
    """Calls a user's function with what its signature asks for and makes a tool result of what it returns."""

    def __init__(
        self, function: Callable[..., Any], tool: str, params_type: Any = None, scope: Mapping[str, Any] | None = None
    ) -> None:
        self.function = function
        self._parameters = parameters_of(function, tool, params_type, scope or {}, ToolInvocation)
        self.model: Any = self._parameters.model

    async def run(self, invocation: ToolInvocation) -> ToolResult:
        """Raises what the function raises."""
        try:
            positional, named = self._parameters.bind(invocation)
        except BadArguments as error:
            return ToolResult(error.text, "failure", str(error.cause), tool_telemetry={})
        result = self.function(*positional, **named)
        return normalise(await result if inspect.isawaitable(result) else result)

    async def __call__(self, invocation: ToolInvocation) -> ToolResult:
        """For programs that call a handler themselves: a failure is a result."""
        try:
            return await self.run(invocation)
        except Exception as error:
            return ToolResult(_NEUTRAL_TEXT, "failure", str(error), tool_telemetry={}, _from_exception=True)


def normalise(result: Any) -> ToolResult:
    """A tool result of whatever a function returned."""
    if result is None:
        return ToolResult("")
    if isinstance(result, ToolResult):
        return result
    if isinstance(result, str):
        return ToolResult(result)
    try:
        return ToolResult(json.dumps(msgspec.to_builtins(_plain(result), enc_hook=_plain_or_fail)))
    except Exception as error:
        raise TypeError(f"Failed to serialize tool result: {error}") from error


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if is_pydantic(type(value)) else value


def _plain_or_fail(value: Any) -> Any:
    plain = _plain(value)
    if plain is value:
        to_dict = getattr(value, "to_dict", None)
        if to_dict is None:
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        return to_dict()
    return plain


def _binary(binary: ToolBinaryResult) -> dict[str, Any]:
    wire = {"data": binary.data, "mimeType": binary.mime_type, "type": binary.type}
    if binary.description:
        wire["description"] = binary.description
    return wire


def result_to_wire(result: ToolResult) -> dict[str, Any]:
    """The wire spelling of a tool result."""
    wire: dict[str, Any] = {
        "textResultForLlm": result.text_result_for_llm,
        "resultType": result.result_type,
    }
    if result.binary_results_for_llm:
        wire["binaryResultsForLlm"] = [_binary(each) for each in result.binary_results_for_llm]
    for key, value in (
        ("error", result.error),
        ("sessionLog", result.session_log),
        ("toolTelemetry", result.tool_telemetry),
        ("toolReferences", result.tool_references),
    ):
        if value is not None:
            wire[key] = value
    return wire
