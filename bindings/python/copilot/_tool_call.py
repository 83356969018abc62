"""How a plain function becomes a tool handler: its schema, its arguments, its result."""

from __future__ import annotations

import inspect
import json
import sys
import typing
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any

import msgspec

from .tools import ToolBinaryResult, ToolInvocation, ToolResult

# The model must not see what went wrong inside a program; the runtime words its own text from the error.
_NEUTRAL_TEXT = "Invoking this tool produced an error. Detailed information is not available."


def is_pydantic(model: Any) -> bool:
    """Whether this is a Pydantic model; Pydantic itself is not imported to find out."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(model, type) and issubclass(model, pydantic.BaseModel)


def _is_model(annotation: Any) -> bool:
    return (
        is_pydantic(annotation)
        or (isinstance(annotation, type) and is_dataclass(annotation))
        or typing.is_typeddict(annotation)
        or (isinstance(annotation, type) and issubclass(annotation, msgspec.Struct))
    )


def schema_of(model: Any) -> dict[str, Any]:
    """The JSON Schema of a model."""
    if is_pydantic(model):
        schema: dict[str, Any] = model.model_json_schema()
        return schema
    (reference,), definitions = msgspec.json.schema_components([model], ref_template="#/$defs/{name}")
    name = reference.get("$ref", "").rpartition("/")[2]
    schema = dict(definitions.pop(name)) if name in definitions else dict(reference)
    if definitions:
        schema["$defs"] = definitions
    return schema


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:
        # Names that cannot be resolved (local classes under postponed evaluation) are simply unknown.
        return dict(getattr(function, "__annotations__", {}))


class WrappedTool:
    """Calls a user's function with what its signature asks for and makes a tool result of what it returns."""

    def __init__(self, function: Callable[..., Any], params_type: Any = None) -> None:
        self.function = function
        parameters = list(inspect.signature(function).parameters.values())
        first = _hints(function).get(parameters[0].name) if parameters else None
        if isinstance(first, str):
            first = ToolInvocation if first.endswith("ToolInvocation") else None
        self.takes_invocation_only = len(parameters) == 1 and first is ToolInvocation
        self.count = len(parameters)
        usable = _is_model(first) and first is not ToolInvocation
        self.model: Any = params_type if params_type is not None else (first if usable else None)

    async def __call__(self, invocation: ToolInvocation) -> ToolResult:
        try:
            result = self.function(*self._arguments(invocation))
            if inspect.isawaitable(result):
                result = await result
            return normalise(result)
        except _BadArguments as error:
            return ToolResult(error.text, "failure", str(error.cause), tool_telemetry={})
        except Exception as error:
            return ToolResult(_NEUTRAL_TEXT, "failure", str(error), tool_telemetry={}, _from_exception=True)

    def _arguments(self, invocation: ToolInvocation) -> tuple[Any, ...]:
        if self.count == 0:
            return ()
        if self.takes_invocation_only:
            return (invocation,)
        arguments = {} if invocation.arguments is None else invocation.arguments
        if self.model is not None:
            arguments = _validated(self.model, arguments)
        return (arguments,) if self.count == 1 else (arguments, invocation)


class _BadArguments(Exception):
    """The model sent arguments that do not fit; it is told what is wrong with them."""

    def __init__(self, cause: Exception, problems: list[str]) -> None:
        self.cause = cause
        self.text = "\n".join(["Invalid tool arguments:", *problems])


def _validated(model: Any, arguments: Any) -> Any:
    if is_pydantic(model):
        import pydantic

        try:
            return model.model_validate(arguments)
        except pydantic.ValidationError as error:
            problems = [
                f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}".removeprefix(": ")
                for each in error.errors()
            ]
            raise _BadArguments(error, problems) from None
    try:
        return msgspec.convert(arguments, model)
    except msgspec.ValidationError as error:
        raise _BadArguments(error, [str(error)]) from None


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
