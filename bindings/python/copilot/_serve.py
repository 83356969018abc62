"""Answers to the questions of the engine: one small function per kind of call."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ._jsonrpc import JsonRpcError

if TYPE_CHECKING:
    from ._inbox import Inbox
    from ._stream import EventStream
    from .session import CopilotSession

logger = logging.getLogger("copilot.session")

_TOOL_SEARCH = "tool_search_tool"
_SESSION_FS = 13
_encoder = msgspec.json.Encoder(enc_hook=lambda value: _to_dict(value))


def _to_dict(value: Any) -> Any:
    to_dict = getattr(value, "to_dict", None)
    if to_dict is None:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return to_dict()


class Question:
    """One call of the engine; answered exactly once."""

    __slots__ = ("_inbox", "_raw", "call", "kind", "session")

    def __init__(self, inbox: Inbox, call: int, kind: int, session: int, raw: bytes) -> None:
        self._inbox = inbox
        self._raw = raw
        self.call = call
        self.kind = kind
        self.session = session

    def arguments(self) -> Any:
        return msgspec.json.decode(self._raw)

    def answer(self, result: Any) -> None:
        self._inbox.native.reply(self.call, _encoder.encode(result))

    def fail(self, message: str, code: int | None = None, data: Any = None) -> None:
        details = None if data is None else _encoder.encode(data).decode()
        # A reply that nobody waits for any more is no error of the program.
        with contextlib.suppress(Exception):
            self._inbox.native.reply_error(self.call, message, code, details)


class Handlers:
    """The callbacks of one session."""

    def __init__(self) -> None:
        self.tools: dict[str, Callable[..., Any]] = {}
        self.commands: dict[str, Callable[..., Any]] = {}
        self.hooks: dict[str, Callable[..., Any]] = {}
        self.transforms: dict[str, Callable[..., Any]] = {}
        self.bearer_tokens: dict[str, Callable[..., Any]] = {}
        self.single: dict[str, Callable[..., Any]] = {}
        self.canvas: Any = None
        self.session_fs: Any = None
        self.streams: set[EventStream] = set()

    def close(self) -> None:
        for stream in list(self.streams):
            stream.close()
        streams = self.streams
        self.__init__()  # type: ignore[misc]
        streams.clear()

    def declared(self) -> dict[str, Any]:
        """What the engine must know: the names, not the functions."""
        declared: dict[str, Any] = dict.fromkeys(self.single, True)
        for key, names in (
            ("tools", self.tools),
            ("commands", self.commands),
            ("hooks", self.hooks),
            ("transforms", self.transforms),
            ("bearerTokens", self.bearer_tokens),
        ):
            if names:
                declared[key] = list(names)
        if self.canvas is not None:
            declared["canvas"] = True
        if self.session_fs is not None:
            declared["sessionFs"] = True
        return declared


class NoHandler(Exception):
    """Nobody serves this call."""


async def called(function: Callable[..., Any], *args: Any) -> Any:
    """Calls a handler that may be a plain or an ``async`` function."""
    result = function(*args)
    return await result if inspect.isawaitable(result) else result


async def serve(question: Question, session: CopilotSession) -> None:
    """Runs the handler for a question of a session and answers."""
    function = _BY_KIND.get(question.kind)
    try:
        if function is None:
            raise NoHandler(f"this client does not serve calls of kind {question.kind}")
        result = await function(session, question.arguments())
        question.answer(result)
    except asyncio.CancelledError:
        question.fail("the handler was cancelled")
        raise
    except JsonRpcError as error:
        question.fail(error.message, error.code, error.data)
    except Exception as error:
        if question.kind in _LOGGED:
            logger.warning("%s handler failed: %s", function and function.__name__, error)
            logger.debug("handler failure", exc_info=error)
        envelope = getattr(error, "to_envelope", None)
        if envelope is not None:
            question.fail(str(getattr(error, "message", error)), -32603, envelope())
        else:
            question.fail(str(error), None, _details(question, error))


def _details(question: Question, error: Exception) -> Any:
    if question.kind != _SESSION_FS:
        return None
    from ._session_fs import error_details

    return error_details(error)


def _handlers(session: CopilotSession) -> Handlers:
    return session._handlers


def _single(session: CopilotSession, name: str) -> Callable[..., Any]:
    handler = _handlers(session).single.get(name)
    if handler is None:
        raise NoHandler(f"no {name} handler is registered")
    return handler


def _context(session: CopilotSession) -> dict[str, str]:
    return {"session_id": session.session_id}


async def _tool(session: CopilotSession, args: dict[str, Any]) -> Any:
    from ._telemetry import trace_context
    from ._tool_call import result_to_wire
    from .tools import ToolInvocation, ToolResult

    name = args["toolName"]
    handler = _handlers(session).tools.get(name)
    if handler is None:
        raise NoHandler(f"no tool is called {name}")
    invocation = ToolInvocation(
        session_id=session.session_id,
        tool_call_id=args.get("toolCallId") or "",
        tool_name=name,
        arguments=args.get("arguments"),
        agent_id=args.get("agentId"),
        request_id=args.get("requestId"),
    )
    if name == _TOOL_SEARCH:
        invocation.available_tools = await session._tool_metadata()
    with trace_context(args.get("traceparent"), args.get("tracestate")):
        result = await called(handler, invocation)
    if result is None:
        return None
    if not isinstance(result, ToolResult):
        raise TypeError(f"a tool handler must return a ToolResult, not {type(result).__name__}")
    if result._from_exception:
        raise RuntimeError(result.error or "")
    return result_to_wire(result)


async def _permission(session: CopilotSession, args: dict[str, Any]) -> Any:
    from ._events import load_lenient
    from ._permissions import decision_to_wire

    invocation: dict[str, Any] = {
        "session_id": session.session_id,
        "managed_settings_enabled": session._managed or bool(args.get("managedSettingsEnabled")),
    }
    if args.get("promptRequest") is not None:
        invocation["prompt_request"] = load_lenient("PermissionPromptRequest", args["promptRequest"])
    handler = _single(session, "permission")
    request = load_lenient("PermissionRequest", args["permissionRequest"])
    return decision_to_wire(await called(handler, request, invocation))


async def _user_input(session: CopilotSession, args: dict[str, Any]) -> Any:
    answer = await called(_single(session, "userInput"), args, _context(session))
    return {"answer": answer["answer"], "wasFreeform": answer["wasFreeform"]}


async def _exit_plan_mode(session: CopilotSession, args: dict[str, Any]) -> Any:
    return await called(_single(session, "exitPlanMode"), args, _context(session))


async def _auto_mode_switch(session: CopilotSession, args: dict[str, Any]) -> Any:
    return await called(_single(session, "autoModeSwitch"), args, _context(session))


async def _hook(session: CopilotSession, args: dict[str, Any]) -> Any:
    handler = _handlers(session).hooks.get(args["hookType"])
    if handler is None:
        return None
    hook_input = args.get("input") or {}
    moment = hook_input.get("timestamp")
    if isinstance(moment, int | float):
        hook_input["timestamp"] = datetime.fromtimestamp(moment / 1000, UTC)
    return await called(handler, hook_input, _context(session))


async def _transform(session: CopilotSession, args: dict[str, Any]) -> Any:
    function = _handlers(session).transforms.get(args["sectionId"])
    if function is None:
        return args["content"]
    return str(await called(function, args["content"]))


async def _elicitation(session: CopilotSession, args: dict[str, Any]) -> Any:
    known = ("requestedSchema", "mode", "elicitationSource", "url")
    context: dict[str, Any] = {"session_id": session.session_id, "message": args.get("message", "")}
    context.update({key: args[key] for key in known if args.get(key) is not None})
    return await called(_single(session, "elicitation"), context)


async def _mcp_auth(session: CopilotSession, args: dict[str, Any]) -> Any:
    return await called(_single(session, "mcpAuth"), args, {"sessionId": session.session_id})


async def _command(session: CopilotSession, args: dict[str, Any]) -> Any:
    from ._handlers import CommandContext

    name = args["commandName"]
    handler = _handlers(session).commands.get(name)
    if handler is None:
        raise NoHandler(f"Unknown command: {name}")
    text, rest = args.get("command") or "", args.get("args") or ""
    await called(handler, CommandContext(session.session_id, text, name, rest))
    return None


async def _provider_token(session: CopilotSession, args: dict[str, Any]) -> Any:
    provider = _handlers(session).bearer_tokens.get(args["providerName"])
    if provider is None:
        raise JsonRpcError(-32603, "No bearer-token provider registered")
    wanted = {"provider_name": args["providerName"], "session_id": session.session_id}
    return await called(provider, wanted)


async def _canvas(session: CopilotSession, args: dict[str, Any]) -> Any:
    from .canvas import CanvasError
    from .generated import rpc

    method, handler = args.pop("method"), _handlers(session).canvas
    if handler is None:
        raise CanvasError.handler_unset()
    if method == "open":
        result = await handler.on_open(rpc.CanvasProviderOpenRequest.from_dict(args))
        return result.to_dict()
    if method == "close":
        await handler.on_close(rpc.CanvasProviderCloseRequest.from_dict(args))
        return None
    return await handler.on_action(rpc.CanvasProviderInvokeActionRequest.from_dict(args))


async def _session_fs(session: CopilotSession, args: dict[str, Any]) -> Any:
    from ._session_fs import answer

    return await answer(_handlers(session).session_fs, args)


async def _skill_provider(session: CopilotSession, args: dict[str, Any]) -> Any:
    provider: Any = _single(session, "skillProvider")
    if args["method"] == "read":
        return await called(provider.read_skill, args["name"])
    skills = await called(provider.list_skills)
    return None if skills is None else [_plain(each) for each in skills]


async def _github_token(session: CopilotSession, args: dict[str, Any]) -> Any:
    from .generated.rpc import GitHubTokenAcquireReason

    wanted = {
        "host": args["host"],
        "session_id": args.get("sessionId"),
        "reason": GitHubTokenAcquireReason(args["reason"]),
    }
    return _plain(await called(_single(session, "gitHubToken"), wanted))


def _plain(value: Any) -> Any:
    """Generated classes and plain mappings are both welcome."""
    to_dict = getattr(value, "to_dict", None)
    return value if to_dict is None else to_dict()


# Numbers of the engine's CallKind.
_BY_KIND: dict[int, Callable[[CopilotSession, dict[str, Any]], Awaitable[Any]]] = {
    1: _tool,
    2: _permission,
    3: _user_input,
    4: _exit_plan_mode,
    5: _auto_mode_switch,
    6: _hook,
    7: _transform,
    8: _elicitation,
    9: _mcp_auth,
    10: _command,
    11: _provider_token,
    12: _canvas,
    13: _session_fs,
    16: _skill_provider,
    17: _github_token,
}
# Kinds whose failure the user would otherwise not see.
_LOGGED = frozenset({2, 6, 7, 8, 9})
