"""Custom tools: what a program offers to the model, and what it answers."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .generated.rpc import CurrentToolMetadata, ExternalToolTextResultForLlm

__all__ = [
    "Tool",
    "ToolBinaryResult",
    "ToolHandler",
    "ToolInvocation",
    "ToolNamespace",
    "ToolResult",
    "ToolResultType",
    "convert_mcp_call_tool_result",
    "define_tool",
    "tool_result_to_external_tool_text_result_for_llm",
]

T = TypeVar("T")
R = TypeVar("R")
Defer = Literal["auto", "never"]

ToolResultType = Literal["success", "failure", "rejected", "denied", "timeout"]


@dataclass
class ToolBinaryResult:
    """Bytes (base64) that travel with a tool's result."""

    data: str = ""
    mime_type: str = ""
    type: Literal["image", "resource"] = "image"
    description: str = ""


@dataclass
class ToolResult:
    """What a tool answers."""

    text_result_for_llm: str = ""
    result_type: ToolResultType = "success"
    error: str | None = None
    binary_results_for_llm: list[ToolBinaryResult] | None = None
    session_log: str | None = None
    tool_telemetry: dict[str, Any] | None = None
    tool_references: list[str] | None = None
    _from_exception: bool = field(default=False, repr=False, compare=False)


@dataclass
class ToolInvocation:
    """One call of a tool by the model."""

    session_id: str = ""
    tool_call_id: str = ""
    tool_name: str = ""
    arguments: Any = None
    available_tools: list[CurrentToolMetadata] | None = None
    agent_id: str | None = None
    request_id: str | None = None


ToolHandler = Callable[[ToolInvocation], ToolResult | Awaitable[ToolResult]]


@dataclass
class ToolNamespace:
    """Groups deferred tools for discovery."""

    name: str
    description: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name} if self.description is None else vars(self).copy()

    @classmethod
    def from_dict(cls, obj: Mapping[str, Any]) -> ToolNamespace:
        return cls(obj["name"], obj.get("description"))


@dataclass
class Tool:
    """A tool the model may call. Without a handler it is only declared: its calls stay pending for someone else."""

    name: str
    description: str
    handler: ToolHandler | None = None
    parameters: dict[str, Any] | None = None
    overrides_built_in_tool: bool = False
    skip_permission: bool = False
    defer: Defer | None = None
    metadata: dict[str, Any] | None = None
    is_terminal: bool = False
    namespace: ToolNamespace | None = None
    # Members this version does not know, in wire spelling.
    extra: Mapping[str, Any] | None = None


@overload
def define_tool(
    name: str | None = None,
    *,
    description: str | None = None,
    overrides_built_in_tool: bool = False,
    skip_permission: bool = False,
    defer: Defer | None = None,
    metadata: dict[str, Any] | None = None,
    is_terminal: bool = False,
    namespace: ToolNamespace | None = None,
) -> Callable[[Callable[..., Any]], Tool]: ...


@overload
def define_tool(
    name: str,
    *,
    description: str | None = None,
    params_type: type[T],
    handler: None = None,
    overrides_built_in_tool: bool = False,
    skip_permission: bool = False,
    defer: Defer | None = None,
    metadata: dict[str, Any] | None = None,
    is_terminal: bool = False,
    namespace: ToolNamespace | None = None,
) -> Tool: ...


@overload
def define_tool(
    name: str,
    *,
    description: str | None = None,
    handler: Callable[[T, ToolInvocation], R],
    params_type: type[T],
    overrides_built_in_tool: bool = False,
    skip_permission: bool = False,
    defer: Defer | None = None,
    metadata: dict[str, Any] | None = None,
    is_terminal: bool = False,
    namespace: ToolNamespace | None = None,
) -> Tool: ...


def define_tool(
    name: str | None = None,
    *,
    description: str | None = None,
    handler: Callable[[Any, ToolInvocation], Any] | None = None,
    params_type: type[BaseModel] | type[Any] | None = None,
    overrides_built_in_tool: bool = False,
    skip_permission: bool = False,
    defer: Defer | None = None,
    metadata: dict[str, Any] | None = None,
    is_terminal: bool = False,
    namespace: ToolNamespace | None = None,
) -> Tool | Callable[[Callable[[Any, ToolInvocation], Any]], Tool]:
    """Makes a tool of a function, as a decorator or by call.

    The parameters give the schema of the arguments: one that is a Pydantic model, a dataclass, a ``TypedDict`` or a
    ``msgspec.Struct`` takes them all; plain ones, as in ``(city: str, days: int = 1)``, take one each, and a text in
    ``Annotated[str, "…"]`` describes it. A parameter annotated ``ToolInvocation`` receives the call itself. Raises
    ``TypeError`` when an annotation cannot be resolved; warns when the model would see no arguments.
    """
    from ._tool_call import WrappedTool
    from ._tool_schema import name_of, schema_of

    # Types of the function that defines the tool, for annotations that are not evaluated yet.
    scope = sys._getframe(1).f_locals

    def build(function: Callable[..., Any] | None, tool_name: str) -> Tool:
        wrapped = None if function is None else WrappedTool(function, tool_name, params_type, scope)
        model = params_type if wrapped is None else wrapped.model
        return Tool(
            name=tool_name,
            description=description or "",
            handler=wrapped,
            parameters=None if model is None else schema_of(model),
            overrides_built_in_tool=overrides_built_in_tool,
            skip_permission=skip_permission,
            defer=defer,
            metadata=metadata,
            is_terminal=is_terminal,
            namespace=namespace,
        )

    if handler is not None:
        if name is None:
            raise ValueError("name is required when define_tool is given a handler")
        return build(handler, name)
    if name is not None and params_type is not None:
        return build(None, name)
    return lambda function: build(function, name or name_of(function))


def convert_mcp_call_tool_result(call_result: dict[str, Any]) -> ToolResult:
    """Turns the result of an MCP ``tools/call`` into a tool result; a failure when ``isError`` is ``True``."""
    from ._json import decode, encode
    from ._native import mcp_tool_result

    given = {"content": call_result.get("content"), "isError": call_result.get("isError") is True}
    wire = decode(mcp_tool_result(encode(given).decode()))
    binaries = [
        ToolBinaryResult(each["data"], each["mimeType"], each["type"], each.get("description") or "")
        for each in wire.get("binaryResultsForLlm") or ()
    ]
    return ToolResult(wire["textResultForLlm"], wire["resultType"], binary_results_for_llm=binaries or None)


def tool_result_to_external_tool_text_result_for_llm(
    tool_result: ToolResult,
) -> ExternalToolTextResultForLlm:
    """The wire type of a tool result."""
    from ._tool_call import result_to_wire
    from .generated.rpc import ExternalToolTextResultForLlm

    return ExternalToolTextResultForLlm.from_dict(result_to_wire(tool_result))


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The wire types that programs import from here."""
        from ._names import wire_type

        return wire_type(__name__, name)
