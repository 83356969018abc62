"""Opening a session: callbacks are kept here, everything else goes to the engine."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _wire
from ._given import shown
from ._native import new_session_id
from ._serve import Handlers
from .generated import _kinds as kinds
from .session import CopilotSession

if TYPE_CHECKING:
    from .client import CopilotClient

_SINGLE = {
    "on_permission_request": kinds.PERMISSION,
    "on_user_input_request": kinds.USER_INPUT,
    "on_exit_plan_mode_request": kinds.EXIT_PLAN_MODE,
    "on_auto_mode_switch_request": kinds.AUTO_MODE_SWITCH,
    "on_elicitation_request": kinds.ELICITATION,
    "on_mcp_auth_request": kinds.MCP_AUTH,
    "canvas_handler": kinds.CANVAS,
    "github_token_provider": kinds.GITHUB_TOKEN,
    "skill_provider": kinds.SKILL_PROVIDER,
}


_NOTHING: dict[str, Any] = {}


def _hook_name(key: str) -> str:
    """``on_pre_tool_use`` is called ``preToolUse`` on the wire."""
    head, *rest = key.removeprefix("on_").split("_")
    return head + "".join(part.capitalize() for part in rest)


def _hooks(hooks: Any) -> list[tuple[str, Any]]:
    """The hooks that are given. A newer runtime may know more names than this version: those are warned of only."""
    if not hooks:
        return []
    if not isinstance(hooks, Mapping):
        raise TypeError(f"hooks: expected a mapping of functions, got {shown(hooks)}")
    from ._hooks import SessionHooks

    known = SessionHooks.__optional_keys__
    for key, hook in hooks.items():
        if hook and not callable(hook):
            raise TypeError(f"hooks[{key!r}]: expected a function, got {shown(hook)}")
        if key not in known:
            import difflib

            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"
            warnings.warn(f"hooks: {key!r} is not the name of a hook{hint}", stacklevel=6)
    return [(str(key), hook) for key, hook in hooks.items() if hook]


def _collect(handlers: Handlers, options: dict[str, Any]) -> None:
    for option, kind in _SINGLE.items():
        if options.get(option) is not None:
            handlers.add(kind, options[option])
    if options.get("tools"):
        _wire.check_tools(options["tools"])
    for tool in options.get("tools") or ():
        if tool.name and tool.handler is not None:
            handlers.add(kinds.TOOL, tool.handler, tool.name)
    for command in options.get("commands") or ():
        handlers.add(kinds.COMMAND, command.handler, command.name)
    for key, hook in _hooks(options.get("hooks")):
        handlers.add(kinds.HOOK, hook, _hook_name(key))
    handlers.replace(kinds.SYSTEM_MESSAGE_TRANSFORM, _wire.transforms(options.get("system_message")))
    handlers.replace(kinds.PROVIDER_TOKEN, _wire.provider_tokens(options))
    factories: dict[str, Any] = {}
    for option in ("factories", "workflows"):
        for factory in options.get(option) or ():
            if factory.name in factories:
                raise ValueError(f"there are two {option} called {factory.name!r}")
            factories[factory.name] = factory
    handlers.replace(kinds.FACTORY, factories)


def _check(options: dict[str, Any]) -> None:
    permission = options.get("on_permission_request")
    if permission is not None and not callable(permission):
        raise ValueError("on_permission_request must be callable")
    if options.get("ask_user_variant") not in (None, "legacy", "elicitation"):
        raise ValueError('ask_user_variant must be "legacy" or "elicitation"')


async def open_session(client: CopilotClient, op: str, options: dict[str, Any]) -> CopilotSession:
    """Creates or resumes: the session exists before the runtime hears of it, so that nothing is missed."""
    _check(options)
    session_id = options["session_id"] or ""
    # The runtime chooses the id of a cloud session; callbacks of every other may need it before the runtime answers.
    if not session_id and options.get("cloud") is None:
        session_id = new_session_id()
    options["session_id"] = session_id or None
    session = CopilotSession(session_id, client)
    handlers = session._handlers
    _collect(handlers, options)
    fs_config: Any = client._session_fs
    if fs_config:
        from ._session_fs import provider_for

        provider = provider_for(session, fs_config, options)
        if provider is not None:
            handlers.add(kinds.SESSION_FS, provider)
    if options.get("on_event") is not None:
        session.on(options["on_event"])
    return await _submit(client, op, session, options)


async def _submit(client: CopilotClient, op: str, session: CopilotSession, options: dict[str, Any]) -> CopilotSession:
    from ._telemetry import get_trace_context

    key = session._key = client._new_key()
    client._inbox.sessions[key] = session
    try:
        config = _wire.session_config(options)
        declared = session._handlers.declared()
        # Without anybody who listens yet, the engine keeps the first events for whoever does.
        declared["events"] = session._is_listening = bool(session._listeners)
        args: dict[str, Any] = {"key": key, "config": config, "handlers": declared}
        if op == "session.resume":
            args["sessionId"] = config.pop("sessionId")
        trace = get_trace_context()
        if trace:
            args["traceContext"] = trace
        answer = await client._call(op, args)
    except BaseException:
        session._forget()
        raise
    if session.session_id != answer["sessionId"]:
        session.session_id = answer["sessionId"]
    # What says nothing is not kept.
    session._state = {name: value for name, value in answer.items() if value and name != "sessionId"} or _NOTHING
    _recovered(session, answer.get("transcriptRecovery"))
    return session


def _recovered(session: CopilotSession, report: Any) -> None:
    if report:
        from ._skills import TranscriptRecoveryReport

        session.transcript_recovery = TranscriptRecoveryReport(
            report.get("plannedBackupPath", ""),
            report.get("invalidLineNumbers") or [],
            bool(report.get("sessionStartMoved")),
        )
