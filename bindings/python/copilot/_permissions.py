"""Answers to permission requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from ._given import shown

if TYPE_CHECKING:
    from .generated.rpc import PermissionDecision, PermissionDecisionContext
    from .generated.session_events import PermissionPromptRequest, PermissionRequest


@dataclass
class PermissionNoResult:
    """Leaves a request pending, for somebody else to answer."""

    kind: Literal["no-result"] = "no-result"


@dataclass
class AttributedPermissionResult:
    """A decision together with who made it."""

    result: PermissionRequestResult
    decision_context: PermissionDecisionContext


if TYPE_CHECKING:
    PermissionRequestResult = PermissionDecision | PermissionNoResult
    PermissionAnswer = PermissionDecision | PermissionNoResult | AttributedPermissionResult
    # A handler may declare less of the invocation than it gets.
    PermissionHandlerFn = Callable[[PermissionRequest, Any], PermissionAnswer | Awaitable[PermissionAnswer]]


def create_attributed_permission_result(
    result: PermissionRequestResult | AttributedPermissionResult,
    decision_context: PermissionDecisionContext,
) -> AttributedPermissionResult:
    """Says who made a decision; an earlier attribution is replaced."""
    inner = result.result if isinstance(result, AttributedPermissionResult) else result
    return AttributedPermissionResult(inner, decision_context)


class PermissionInvocation(TypedDict):
    """What a permission handler learns besides the request."""

    session_id: str
    managed_settings_enabled: NotRequired[bool]
    # Managed policy reserves the request for a person.
    needs_human: NotRequired[bool]
    prompt_request: NotRequired[PermissionPromptRequest]


class PermissionHandler:
    """Ready-made permission handlers."""

    @staticmethod
    def approve_all(request: PermissionRequest, invocation: PermissionInvocation) -> PermissionRequestResult:
        """Approves once whatever is asked, except what managed policy reserves for a person: that is left alone.

        In a session with managed settings it raises ``RuntimeError``, so that nothing is approved.
        """
        from .generated.rpc import PermissionDecisionApproveOnce

        if invocation.get("managed_settings_enabled"):
            raise RuntimeError("approve_all is not available in a session with managed settings")
        if invocation.get("needs_human") or _is_marked(request):
            return PermissionNoResult()
        return PermissionDecisionApproveOnce()


def _is_marked(request: Any) -> bool:
    """Whether a request carries the mark of managed policy, for programs that ask with a request of their own."""
    names = ("managed_approval_required", "managedApprovalRequired")
    members: Mapping[str, Any] = (
        request if isinstance(request, Mapping) else {name: getattr(request, name, None) for name in names}
    )
    return any(members.get(name) is not None and members.get(name) is not False for name in names)


def decision_to_wire(result: Any) -> dict[str, Any]:
    """The wire spelling of what a handler returned; anything that is no decision is a ``TypeError``."""
    if isinstance(result, AttributedPermissionResult):
        decision = decision_to_wire(result.result)
        if decision["kind"] == "no-result":
            return decision
        return {"decision": decision, "decisionContext": result.decision_context.to_dict()}
    if isinstance(result, PermissionNoResult):
        return {"kind": "no-result"}
    to_dict = getattr(result, "to_dict", None)
    if to_dict is None or not hasattr(result, "kind"):
        raise TypeError(f"a permission handler must return a decision, not {shown(result)}")
    wire: dict[str, Any] = to_dict()
    return wire
