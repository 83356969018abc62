"""What the agent asks in a turn is asked in the workflow, where a person may answer it later."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import WorkflowHandle

from copilot._json import encode
from copilot.generated._temporal import ASK, FLEETING
from copilot.generated.rpc import PermissionDecisionApproveOnce, PermissionDecisionReject

from ._messages import Question, TurnRequest


@dataclass
class _Turn:
    key: str
    workflow: WorkflowHandle[Any, Any]
    #: How often the same was asked in this turn.
    asked: dict[str, int] = field(default_factory=dict)


@dataclass
class _Decision:
    """A decision as the wire spells it."""

    wire: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.wire["kind"])

    def to_dict(self) -> dict[str, Any]:
        return self.wire


class Asking:
    """Knows which turn a session is in, and whom to ask."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    @contextlib.contextmanager
    def about(self, request: TurnRequest, workflow: WorkflowHandle[Any, Any]) -> Generator[None, None, None]:
        """For the time of a turn."""
        self._turns[request.session_id] = _Turn(request.key, workflow)
        try:
            yield
        finally:
            self._turns.pop(request.session_id, None)

    def handlers(self, session_id: str) -> dict[str, Any]:
        """Options of a session, for what the worker has no handler of its own."""

        async def permission(request: Any, _invocation: Any) -> Any:
            return _decision(await self._ask(session_id, "permission", request.to_dict()))

        async def user_input(request: Any, _invocation: Any) -> Any:
            answer = await self._ask(session_id, "user_input", dict(request))
            return {"answer": answer, "wasFreeform": True} if isinstance(answer, str) else answer

        return {"on_permission_request": permission, "on_user_input_request": user_input}

    async def _ask(self, session_id: str, kind: str, request: dict[str, Any]) -> Any:
        turn = self._turns.get(session_id)
        if turn is None:
            raise RuntimeError("the agent asks outside of a turn, where nobody can be asked")
        lasting = {name: value for name, value in request.items() if name not in FLEETING}
        digest = hashlib.sha256(kind.encode() + encode(lasting)).hexdigest()[:16]
        turn.asked[digest] = number = turn.asked.get(digest, 0) + 1
        name = f"{turn.key}?{digest}-{number}"
        question = Question(name, kind, {**request, "sessionId": session_id})
        return await turn.workflow.execute_update(ASK, question, id=name)


def _decision(answer: Any) -> Any:
    """What was decided: yes or no, a decision of the wire, or a text, which is a no with a reason."""
    match answer:
        case True:
            return PermissionDecisionApproveOnce()
        case False:
            return PermissionDecisionReject()
        case str():
            return PermissionDecisionReject(feedback=answer)
        case {"kind": str()}:
            return _Decision(answer)
        case _:
            raise TypeError(f"a permission is answered by true, false, a reason or a decision, not by {answer!r}")
