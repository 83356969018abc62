"""The handlers of a session: what is kept of them, and one small function per kind of question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ._question import Failed, NoHandler, Question, answered, called
from .generated import _kinds as kinds

if TYPE_CHECKING:
    from ._errors import NativeError
    from ._stream import Collector
    from .session import CopilotSession


_NONE: frozenset[Collector] = frozenset()


class Handlers:
    """The callbacks of one session by kind; those of kinds that have one for each name, by kind and name."""

    __slots__ = ("_by_kind", "streams")

    def __init__(self) -> None:
        self._by_kind: dict[int, Any] = {}
        self.streams = _NONE

    def add(self, kind: int, handler: Any, name: str = "") -> None:
        """Registers a handler; one of the same kind and name is replaced."""
        if kinds.KINDS[kind - 1].named:
            self._by_kind.setdefault(kind, {})[name] = handler
        else:
            self._by_kind[kind] = handler

    def replace(self, kind: int, handlers: dict[str, Any]) -> dict[str, Any]:
        """Registers all handlers of a kind that has one for each name; returns those that were there."""
        before: dict[str, Any] = self._by_kind.pop(kind, {})
        if handlers:
            self._by_kind[kind] = handlers
        return before

    def find(self, kind: int, name: str = "") -> Any:
        """The handler of a kind and name; raises when there is none."""
        handler = self._by_kind.get(kind)
        if handler is not None and kinds.KINDS[kind - 1].named:
            handler = handler.get(name)
        if handler is None:
            raise NoHandler(f"no {name or kinds.KINDS[kind - 1].name} handler is registered")
        return handler

    def declared(self) -> dict[str, Any]:
        """What the engine must know: the names, not the functions."""
        declared: dict[str, Any] = {}
        for number, found in self._by_kind.items():
            kind = kinds.KINDS[number - 1]
            declared[kind.served] = list(found) if kind.named else True
        return declared

    def keep(self, stream: Collector) -> None:
        """A stream of events, to be ended with the session."""
        self.streams |= {stream}

    def drop(self, stream: Collector) -> None:
        """A stream that has ended by itself."""
        self.streams -= {stream}

    def close(self, error: NativeError | None = None) -> None:
        """Lets go of all callbacks and ends all streams, with an error when the session was lost."""
        streams = self.streams
        self.__init__()  # type: ignore[misc]
        for stream in streams:
            stream.end(error)


async def serve(question: Question, session: CopilotSession) -> None:
    """Runs the handler for a question of a session and answers."""
    kind = question.kind
    function = BY_KIND.get(kind)

    async def work() -> Any:
        if function is None:
            raise NoHandler(f"this client does not serve calls of kind {kind}")
        return await function(session, session._handlers.find(kind, question.name), question.arguments())

    await answered(question, work, details=_fs_details if kind == kinds.SESSION_FS else None)


def _fs_details(error: Exception) -> Any:
    from ._session_fs import error_details

    return error_details(error)


def _context(session: CopilotSession) -> dict[str, str]:
    return {"session_id": session.session_id}


async def _tool(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    from ._telemetry import trace_context
    from ._tool_call import WrappedTool, result_to_wire
    from .tools import ToolInvocation, ToolResult

    invocation = ToolInvocation(
        session_id=session.session_id,
        tool_call_id=args.get("toolCallId") or "",
        tool_name=args["toolName"],
        arguments=args.get("arguments"),
        agent_id=args.get("agentId"),
        request_id=args.get("requestId"),
    )
    found = args.get("availableTools")
    if found is not None:
        from .generated.rpc import CurrentToolMetadata

        invocation.available_tools = [CurrentToolMetadata.from_dict(each) for each in found]
    with trace_context(args.get("traceparent"), args.get("tracestate")):
        try:
            result = await called(handler.run if isinstance(handler, WrappedTool) else handler, invocation)
        except Exception as error:
            raise Failed(error) from error
    if result is None:
        return None
    if not isinstance(result, ToolResult):
        raise TypeError(f"a tool handler must return a ToolResult, not {type(result).__name__}")
    if result._from_exception:
        raise RuntimeError(result.error or "")
    return result_to_wire(result)


async def _permission(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    from ._events import load_lenient
    from ._permissions import decision_to_wire

    invocation: dict[str, Any] = {
        "session_id": session.session_id,
        "managed_settings_enabled": session._managed or bool(args.get("managedSettingsEnabled")),
    }
    if args.get("needsHuman"):
        invocation["needs_human"] = True
    if args.get("promptRequest") is not None:
        invocation["prompt_request"] = load_lenient("PermissionPromptRequest", args["promptRequest"])
    request = load_lenient("PermissionRequest", args["permissionRequest"])
    return decision_to_wire(await called(handler, request, invocation))


async def _user_input(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    answer = await called(handler, args, _context(session))
    return {"answer": answer["answer"], "wasFreeform": answer["wasFreeform"]}


async def _exit_plan_mode(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    return await called(handler, args, _context(session))


async def _auto_mode_switch(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    return await called(handler, args, _context(session))


async def _hook(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    hook_input = args.get("input") or {}
    moment = hook_input.get("timestamp")
    if isinstance(moment, int | float):
        hook_input["timestamp"] = datetime.fromtimestamp(moment / 1000, UTC)
    return await called(handler, hook_input, _context(session))


async def _transform(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    return str(await called(handler, args["content"]))


async def _elicitation(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    known = ("requestedSchema", "mode", "elicitationSource", "url")
    context: dict[str, Any] = {"session_id": session.session_id, "message": args.get("message", "")}
    context.update({key: args[key] for key in known if args.get(key) is not None})
    return await called(handler, context)


async def _mcp_auth(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    return await called(handler, args, {"sessionId": session.session_id})


async def _command(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    from ._handlers import CommandContext

    text, rest = args.get("command") or "", args.get("args") or ""
    await called(handler, CommandContext(session.session_id, text, args["commandName"], rest))
    return None


async def _provider_token(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    wanted = {"provider_name": args["providerName"], "session_id": session.session_id}
    return await called(handler, wanted)


async def _canvas(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    from .generated import rpc

    method = args.pop("method")
    if method == "open":
        result = await handler.on_open(rpc.CanvasProviderOpenRequest.from_dict(args))
        return result.to_dict()
    if method == "close":
        await handler.on_close(rpc.CanvasProviderCloseRequest.from_dict(args))
        return None
    return await handler.on_action(rpc.CanvasProviderInvokeActionRequest.from_dict(args))


async def _session_fs(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    from ._session_fs import answer

    return await answer(handler, args)


async def _skill_provider(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    if args["method"] == "read":
        return await called(handler.read_skill, args["name"])
    skills = await called(handler.list_skills)
    return None if skills is None else [_plain(each) for each in skills]


async def _github_token(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    from .generated.rpc import GitHubTokenAcquireReason

    wanted = {
        "host": args["host"],
        "session_id": args.get("sessionId"),
        "reason": GitHubTokenAcquireReason(args["reason"]),
    }
    return _plain(await called(handler, wanted))


async def _factory(session: CopilotSession, handler: Any, args: dict[str, Any]) -> Any:
    from ._factory_run import execute

    return await execute(handler, session, args)


def _plain(value: Any) -> Any:
    """Generated classes and plain mappings are both welcome."""
    to_dict = getattr(value, "to_dict", None)
    return value if to_dict is None else to_dict()


BY_KIND: dict[int, Callable[[CopilotSession, Any, dict[str, Any]], Awaitable[Any]]] = {
    kinds.TOOL: _tool,
    kinds.PERMISSION: _permission,
    kinds.USER_INPUT: _user_input,
    kinds.EXIT_PLAN_MODE: _exit_plan_mode,
    kinds.AUTO_MODE_SWITCH: _auto_mode_switch,
    kinds.HOOK: _hook,
    kinds.SYSTEM_MESSAGE_TRANSFORM: _transform,
    kinds.ELICITATION: _elicitation,
    kinds.MCP_AUTH: _mcp_auth,
    kinds.COMMAND: _command,
    kinds.PROVIDER_TOKEN: _provider_token,
    kinds.CANVAS: _canvas,
    kinds.SESSION_FS: _session_fs,
    kinds.SKILL_PROVIDER: _skill_provider,
    kinds.GITHUB_TOKEN: _github_token,
    kinds.FACTORY: _factory,
}
