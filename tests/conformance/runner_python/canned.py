"""Canned handlers of a case, written the way users write them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from copilot import CommandDefinition, PermissionNoResult, Tool, ToolInvocation, ToolResult, define_tool
from copilot.rpc import PermissionDecisionApproveOnce, PermissionDecisionReject, PermissionDecisionUserNotAvailable


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


def callback(behaviour: Any) -> Any:
    """A handler of whatever arguments that returns a value, throws a text or hangs."""

    async def answer(*_: Any) -> Any:
        if isinstance(behaviour, dict) and "throw" in behaviour:
            raise RuntimeError(behaviour["throw"])
        if isinstance(behaviour, dict) and behaviour.get("hang"):
            await _forever()
        return behaviour

    return answer


def user_input(spec: dict[str, Any]) -> Any:
    return callback({"wasFreeform": False, **spec} if "answer" in spec else spec)


def _token_provider(provider: dict[str, Any], behaviour: Any) -> dict[str, Any]:
    """The provider with its callback in place of the flag."""
    if not provider.get("has_bearer_token_provider"):
        return provider
    rest = {key: value for key, value in provider.items() if key != "has_bearer_token_provider"}
    return {**rest, "bearer_token_provider": callback(behaviour)}


def _place_tokens(options: dict[str, Any], tokens: dict[str, Any]) -> None:
    if "provider" in options:
        options["provider"] = _token_provider(options["provider"], tokens.get("default"))
    if "providers" in options:
        options["providers"] = [_token_provider(each, tokens.get(each.get("name"))) for each in options["providers"]]


def _place_transforms(options: dict[str, Any], transforms: dict[str, Any]) -> None:
    message = options["system_message"]
    sections = {
        name: {"action": callback(transforms[name])} if section.get("action") == "transform" else section
        for name, section in message["sections"].items()
    }
    options["system_message"] = {**message, "sections": sections}


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
