"""Canned handlers of a case, written the way users write them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import httpx

from copilot import (
    CanvasHandler,
    CommandDefinition,
    CopilotRequestHandler,
    CopilotSession,
    Factory,
    PermissionNoResult,
    RuntimeConnection,
    SessionFsConfig,
    SessionFsProvider,
    Tool,
    ToolInvocation,
    ToolResult,
    define_tool,
)
from copilot.canvas import CanvasDeclaration
from copilot.client import ModelInfo
from copilot.host import (
    AhpAuthenticationRequest,
    AhpAuthenticationResult,
    AhpHostAuthentication,
    AhpHostOptions,
    AhpSessionCreateRequest,
)
from copilot.rpc import (
    CanvasProviderOpenResult,
    ExtensionLaunchProfile,
    ExtensionLaunchProviderResolveResult,
    HostLocalServerOptions,
    PermissionDecisionApproveOnce,
    PermissionDecisionReject,
    PermissionDecisionUserNotAvailable,
)

# Who made a session, for the handlers of the session.
CONTEXT: ContextVar[str] = ContextVar("context", default="")


async def _forever() -> None:
    await asyncio.Event().wait()


def tool(spec: dict[str, Any]) -> Tool:
    async def run(arguments: Any, invocation: ToolInvocation) -> Any:
        await asyncio.sleep(spec.get("delay_ms", 0) / 1000)
        if "fail" in spec:
            raise RuntimeError(spec["fail"])
        if spec.get("hang"):
            await _forever()
        if spec.get("echo"):
            return json.dumps(invocation.arguments, separators=(",", ":"))
        answer = spec.get("answer")
        if isinstance(answer, dict) and "textResultForLlm" in answer:
            return ToolResult(
                answer["textResultForLlm"],
                answer.get("resultType", "success"),
                error=answer.get("error"),
                session_log=answer.get("sessionLog"),
                tool_telemetry=answer.get("toolTelemetry"),
            )
        return answer

    made = define_tool(spec["name"], description=spec.get("description"))(run)
    made.parameters = spec.get("parameters")
    return made


def permission(answer: Any) -> Any:
    async def decide(request: Any, invocation: Any) -> Any:
        if isinstance(answer, dict):
            return PermissionDecisionReject(**answer["reject"])
        match answer:
            case "approve":
                return PermissionDecisionApproveOnce()
            case "reject":
                return PermissionDecisionReject()
            case "user-not-available":
                return PermissionDecisionUserNotAvailable()
            case "no-result":
                return PermissionNoResult()
            case "throw":
                raise RuntimeError("the permission handler failed")
        return await _forever()

    return decide


class HandlerError(RuntimeError):
    """What a canned handler raises; a call that hands it on to its caller failed by its handler."""

    kind = "HandlerFailed"


def callback(behaviour: Any) -> Any:
    """A handler of whatever arguments that returns a value, throws a text or hangs."""

    async def answer(*_: Any) -> Any:
        if isinstance(behaviour, dict) and "throw" in behaviour:
            raise HandlerError(behaviour["throw"])
        if isinstance(behaviour, dict) and behaviour.get("hang"):
            await _forever()
        return behaviour

    return answer


def user_input(spec: dict[str, Any]) -> Any:
    if spec.get("context"):
        return lambda *_: {"answer": CONTEXT.get(), "wasFreeform": False}
    return callback({"wasFreeform": False, **spec} if "answer" in spec else spec)


def _token_provider(provider: dict[str, Any], behaviour: Any) -> dict[str, Any]:
    """The provider with its callback."""
    return provider if behaviour is None else {**provider, "bearer_token_provider": callback(behaviour)}


def _place_tokens(options: dict[str, Any], tokens: dict[str, Any]) -> None:
    if "provider" in options:
        options["provider"] = _token_provider(options["provider"], tokens.get("default"))
    if "providers" in options:
        options["providers"] = [_token_provider(each, tokens.get(each.get("name"))) for each in options["providers"]]


def _place_transforms(options: dict[str, Any], transforms: dict[str, Any]) -> None:
    message = options["system_message"]
    served = {name: {"action": callback(behaviour)} for name, behaviour in transforms.items()}
    options["system_message"] = {**message, "sections": {**message.get("sections", {}), **served}}


class _Canvas(CanvasHandler):
    def __init__(self, behaviour: Any) -> None:
        self.answer = callback(behaviour)

    async def on_open(self, ctx: Any) -> CanvasProviderOpenResult:
        return CanvasProviderOpenResult.from_dict(await self.answer())


def _declaration(given: dict[str, Any]) -> CanvasDeclaration:
    return CanvasDeclaration(given["id"], given["displayName"], given["description"])


def _files(behaviour: Any) -> Any:
    async def read_file(self: Any, path: str) -> str:
        return str(await callback(behaviour)())

    # The other operations are not asked for.
    others = dict.fromkeys(SessionFsProvider.__abstractmethods__)
    files = type("Files", (SessionFsProvider,), {**others, "read_file": read_file})
    return lambda session: files()


class _Skills:
    def __init__(self, behaviour: Any) -> None:
        self.list_skills = self.read_skill = callback(behaviour)


class _Requests(CopilotRequestHandler):
    def __init__(self, behaviour: Any) -> None:
        self.answer = callback(behaviour)

    async def send_request(self, request: httpx.Request, ctx: Any) -> httpx.Response:
        return httpx.Response((await self.answer())["status"])


def client_handlers(args: dict[str, Any]) -> dict[str, Any]:
    """The handlers of a client that a ``client`` or ``start`` names."""
    options: dict[str, Any] = {}
    if "list_models" in args:
        models = callback(args["list_models"])

        async def list_models() -> list[ModelInfo]:
            return [ModelInfo.from_dict(model) for model in await models()]

        options["on_list_models"] = list_models
    if "request_handler" in args:
        options["request_handler"] = _Requests(args["request_handler"])
    if "installation_confirmation" in args:
        options["installation_confirmation_handler"] = callback(args["installation_confirmation"])
    if "ui_thread" in args:
        options["connection"] = RuntimeConnection.for_inprocess(run_on_ui_thread=_on_ui_thread(args["ui_thread"]))
    if "extension_launch" in args:
        options["extension_launch_provider"] = _Launcher(args["extension_launch"])
    return options


def _on_ui_thread(behaviour: Any) -> Callable[[Callable[[], None]], Awaitable[None]]:
    allowed = callback(behaviour)

    async def run(action: Callable[[], None]) -> None:
        await allowed()
        action()

    return run


def ahp_host(options: dict[str, Any], behaviour: Any, sessions: Callable[[str], CopilotSession]) -> AhpHostOptions:
    """The options of a host, served as the case says; sessions are those that the case made."""
    answer = callback(behaviour)

    async def create_session(request: AhpSessionCreateRequest) -> CopilotSession:
        return sessions((await answer())["sessionId"])

    async def authenticate(request: AhpAuthenticationRequest) -> AhpAuthenticationResult:
        found = await answer()
        return AhpAuthenticationResult(found["identity"], found["expiresAt"])

    given = options["authentication"]
    return AhpHostOptions(
        local_server=HostLocalServerOptions.from_dict(options["localServer"]),
        authentication=AhpHostAuthentication(given["mode"], given["requireIdentity"], authenticate),
        create_session=create_session,
    )


class _Launcher:
    def __init__(self, behaviour: Any) -> None:
        self.answer = callback(behaviour)

    async def resolve(self, params: Any) -> ExtensionLaunchProviderResolveResult:
        return ExtensionLaunchProviderResolveResult(launch=ExtensionLaunchProfile.from_dict(await self.answer()))


def session_fs_config(given: dict[str, Any]) -> SessionFsConfig:
    config: SessionFsConfig = {
        "initial_working_directory": given["initialCwd"],
        "session_state_path": given["sessionStatePath"],
        "conventions": given["conventions"],
    }
    if "store" in given:
        config["store"] = given["store"]
    if "lease" in given:
        config["lease"] = {"owner": given["lease"]["owner"]}
    return config


def _factory(name: str, behaviour: Any) -> Factory:
    return Factory(name, "", callback(behaviour))


_CALLBACKS = {
    "elicitation": "on_elicitation_request",
    "exit_plan_mode": "on_exit_plan_mode_request",
    "auto_mode_switch": "on_auto_mode_switch_request",
    "mcp_auth": "on_mcp_auth_request",
}


def handlers(args: dict[str, Any], options: dict[str, Any]) -> None:
    """Adds every handler that a ``create`` or ``resume`` names to the options."""
    if args.get("tools"):
        options["tools"] = [tool(spec) for spec in args["tools"]]
    if "permission" in args:
        options["on_permission_request"] = permission(args["permission"])
    if "user_input" in args:
        options["on_user_input_request"] = user_input(args["user_input"])
    for name, option in _CALLBACKS.items():
        if name in args:
            options[option] = callback(args[name])
    if "hooks" in args:
        options["hooks"] = {"on_" + _snake(kind): callback(output) for kind, output in args["hooks"].items()}
    if "commands" in args:
        options["commands"] = [CommandDefinition(name, callback(value)) for name, value in args["commands"].items()]
    if "canvas" in args:
        options["canvas_handler"] = _Canvas(args["canvas"])
        options["canvases"] = [_declaration(each) for each in options["canvases"]]
    if "session_fs" in args:
        options["create_session_fs_handler"] = _files(args["session_fs"])
    if "skill_provider" in args:
        options["skill_provider"] = _Skills(args["skill_provider"])
    if "git_hub_token" in args:
        options["github_token_provider"] = callback(args["git_hub_token"])
    if "factories" in args:
        options["factories"] = [_factory(name, value) for name, value in args["factories"].items()]
    if "provider_token" in args:
        _place_tokens(options, args["provider_token"])
    if "transforms" in args:
        _place_transforms(options, args["transforms"])


_NESTED = frozenset({"provider", "memory", "capi", "infiniteSessions", "largeOutput", "sessionLimits"})
_LISTED = frozenset({"providers"})


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name)


def options(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration in wire spelling as keyword arguments."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if key in _NESTED:
            value = {_snake(name): item for name, item in value.items()}
        elif key in _LISTED:
            value = [{_snake(name): item for name, item in each.items()} for each in value]
        found[_snake(key)] = value
    return found
