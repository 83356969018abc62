"""Canned handlers of a case, written the way users write them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from copilot import PermissionNoResult, Tool, ToolInvocation, ToolResult, define_tool
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


def user_input(spec: dict[str, Any]) -> Any:
    async def answer(request: Any, invocation: Any) -> Any:
        if "throw" in spec:
            raise RuntimeError(spec["throw"])
        if spec.get("hang"):
            await _forever()
        return {"answer": spec["answer"], "wasFreeform": spec.get("wasFreeform", False)}

    return answer


_NESTED = frozenset({"provider", "memory", "capi", "infiniteSessions", "largeOutput", "sessionLimits"})


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name)


def options(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration in wire spelling as keyword arguments."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if key in _NESTED:
            value = {_snake(name): item for name, item in value.items()}
        found[_snake(key)] = value
    return found
