"""Factories: jobs that a program offers to the runtime, and ``session.factory``, which runs them.

Runtimes from 1.0.89-7 on call them workflows: there they are given as ``workflows`` and run by ``session.workflow``.
A factory steers agents step by step. The runtime runs its body in this program, counts what it uses, and can resume a
run later; see ``FactoryContext`` for what a body can do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from ._jsonrpc import JsonRpcError
from ._stream import EventStream
from ._wire import factory_limits

if TYPE_CHECKING:
    from ._factory_run import FactoryContext as FactoryContext
    from .generated.rpc import (
        FactoryListRunsResult,
        FactoryProgressPage,
        FactoryRunDetail,
        FactoryRunResult,
        FactoryRunStatus,
    )
    from .session import CopilotSession

__all__ = [
    "Factory",
    "FactoryContext",
    "FactoryLimits",
    "FactoryPhase",
    "FactoryResumeError",
    "SessionFactories",
    "define_factory",
    "is_factory_run_terminal",
]

_TERMINAL = frozenset({"completed", "halted", "paused", "cancelled", "error"})
# A run is read again this often (seconds), should word of a change get lost.
_READ_AGAIN = 5.0
# Behind the family's name.
_RESUME_CODES = (
    *("already_running", "limits_invalid", "run_not_resumable", "session_disposed", "storage_unavailable"),
    "storage_corrupt",
)

# What the runtime calls its jobs.
Family = Literal["factory", "workflow"]

# Set while code runs that began in the body of a factory: in the body itself, or in a branch of it.
inside: ContextVar[Literal["body", "branch"] | None] = ContextVar("copilot_factory", default=None)


class FactoryPhase(TypedDict, total=False):
    """One part of a job, as its progress is shown; ``title`` is required."""

    title: str
    detail: str


class FactoryLimits(TypedDict, total=False):
    """What a run may use. In ``run`` and ``resume``, ``None`` takes a declared limit away."""

    max_concurrent_subagents: int | None
    max_total_subagents: int | None
    max_ai_credits: float | None
    timeout_seconds: float | None


@dataclass(frozen=True)
class Factory:
    """A job under its name; given to a session as one of its ``factories`` or ``workflows``."""

    name: str
    description: str
    # The body; it may be a plain or an ``async`` function. Its result has to be JSON; None is no result.
    run: Callable[[FactoryContext], Any | Awaitable[Any]]
    # Titles, or titles with details.
    phases: Sequence[str | FactoryPhase] = ()
    # JSON Schema of the arguments.
    args_schema: dict[str, Any] | None = None
    limits: FactoryLimits | None = None

    def to_dict(self) -> dict[str, Any]:
        """The declaration in wire spelling."""
        phases = [{"title": each} if isinstance(each, str) else dict(each) for each in self.phases]
        wire: dict[str, Any] = {"name": self.name, "description": self.description, "phases": phases}
        if self.args_schema is not None:
            wire["argsSchema"] = self.args_schema
        if self.limits is not None:
            wire["limits"] = factory_limits(self.limits)
        return wire


def define_factory(
    name: str | None = None,
    *,
    description: str,
    phases: Sequence[str | FactoryPhase] = (),
    args_schema: dict[str, Any] | None = None,
    limits: FactoryLimits | None = None,
) -> Callable[[Callable[[FactoryContext], Any]], Factory]:
    """Makes a factory of the decorated function, called like the function unless a name is given."""

    def build(function: Callable[[FactoryContext], Any]) -> Factory:
        called = name or str(getattr(function, "__name__", "factory"))
        return Factory(called, description, function, phases, args_schema, limits)

    return build


class FactoryResumeError(RuntimeError):
    """A run could not be resumed; ``code`` says why, for example ``not_found`` or ``already_active``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, str(self))


def is_factory_run_terminal(status: FactoryRunStatus | str) -> bool:
    """Whether a run with this status has ended."""
    return getattr(status, "value", status) in _TERMINAL


class SessionFactories:
    """``session.factory`` or ``session.workflow``: runs, seen from outside. Errors are those of any call."""

    def __init__(self, session: CopilotSession, family: Family = "factory") -> None:
        self._session = session
        self._family: Family = family

    async def run(
        self,
        factory: str | Factory,
        args: Any = None,
        *,
        limits: FactoryLimits | None = None,
        notify_on_complete: bool | None = None,
        log_phase_names: bool | None = None,
    ) -> FactoryRunResult:
        """Runs a factory and waits until the run has ended. ``args`` is JSON; an empty object when it is left out."""
        self._refuse_inside("run")
        name = factory if isinstance(factory, str) else factory.name
        options = _options(limits, notify_on_complete, log_phase_names)
        given = {"name": name, "args": {} if args is None else args, "options": options}
        return await self._settled(await self._call("run", given))

    async def resume(
        self,
        run_id: str,
        *,
        limits: FactoryLimits | None = None,
        notify_on_complete: bool | None = None,
        log_phase_names: bool | None = None,
    ) -> FactoryRunResult:
        """Goes on with a run that was paused or cut short; waits until it has ended. Raises ``FactoryResumeError``."""
        self._refuse_inside("resume")
        options = _options(limits, notify_on_complete, log_phase_names)
        try:
            return await self._settled(await self._call("resume", {"runId": run_id, **options}), run_id)
        except JsonRpcError as error:
            code = error.data.get("code") if isinstance(error.data, dict) else None
            known = {f"{self._family}_{each}" for each in _RESUME_CODES}
            if code not in {"not_found", "non_resumable", "already_active", *known}:
                raise
            raise FactoryResumeError(str(code), error.message) from error

    async def get_run(self, run_id: str) -> FactoryRunResult:
        """Where a run stands, and its result when it has ended."""
        return _run(await self._call("getRun", {"runId": run_id}), run_id)

    async def wait_for_run(self, run_id: str) -> FactoryRunResult:
        """Waits until a run has ended. The wait ends with the error of the loss when the session is lost."""
        async with EventStream(self._session, (f"{self._family}.run_updated",)) as updates:
            while True:
                updates.clear()
                run = await self.get_run(run_id)
                if is_factory_run_terminal(run.status):
                    return run
                # When the session is disconnected meanwhile, the next reading says so.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(_next_of(updates, run_id), _READ_AGAIN)

    async def list_runs(
        self, *, after_seq: int | None = None, before_seq: int | None = None, limit: int | None = None
    ) -> FactoryListRunsResult:
        """A page of the session's runs."""
        from .generated.rpc import FactoryListRunsResult

        page = _given(afterSeq=after_seq, beforeSeq=before_seq, limit=limit)
        return FactoryListRunsResult.from_dict(await self._call("listRuns", page))

    async def get_run_detail(self, run_id: str) -> FactoryRunDetail:
        """A run with its phases and agents."""
        from .generated.rpc import FactoryRunDetail

        return FactoryRunDetail.from_dict(await self._call("getRunDetail", {"runId": run_id}))

    async def get_run_progress(
        self,
        run_id: str,
        *,
        phase_id: str | None = None,
        after_seq: int | None = None,
        before_seq: int | None = None,
        limit: int | None = None,
    ) -> FactoryProgressPage:
        """A page of what a run has logged."""
        from .generated.rpc import FactoryProgressPage

        page = _given(phaseId=phase_id, afterSeq=after_seq, beforeSeq=before_seq, limit=limit)
        return FactoryProgressPage.from_dict(await self._call("getRunProgress", {"runId": run_id, **page}))

    async def pause(self, run_id: str) -> FactoryRunResult:
        """Asks a run to pause."""
        self._refuse_inside("pause")
        return _run(await self._call("pause", {"runId": run_id}), run_id)

    async def cancel(self, run_id: str) -> FactoryRunResult:
        """Ends a run for good."""
        return _run(await self._call("cancel", {"runId": run_id}), run_id)

    async def _settled(self, answer: Mapping[str, Any], run_id: str | None = None) -> FactoryRunResult:
        run = _run(answer, run_id)
        return run if is_factory_run_terminal(run.status) else await self.wait_for_run(run.run_id)

    async def _call(self, method: str, params: Mapping[str, Any]) -> Any:
        return await call(self._session, self._family, method, params)

    def _refuse_inside(self, what: str) -> None:
        """A run that waits for another one could never be resumed."""
        if inside.get() is not None:
            family = self._family
            raise RuntimeError(f"session.{family}.{what} cannot be called from inside a {family}'s body")


async def call(session: CopilotSession, family: Family, method: str, params: Mapping[str, Any]) -> Any:
    """A method below ``session.factory.`` or ``session.workflow.``."""
    return await session._call("session.call", method=f"session.{family}.{method}", params=params)


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


async def _next_of(updates: EventStream, run_id: str) -> None:
    """Waits for word of a run; word that cannot be read may concern any."""
    async for event in updates:
        try:
            concerned = getattr(event.data, "run_id", run_id)
        except Exception:
            concerned = run_id
        if concerned == run_id:
            return


def _run(answer: Mapping[str, Any], run_id: str | None = None) -> FactoryRunResult:
    """The run of an answer, which need not repeat the id it was asked with."""
    from .generated.rpc import FactoryRunResult

    # The answer to a resumption wraps its run.
    run = answer.get("run", answer)
    return FactoryRunResult.from_dict(run if run_id is None else {"runId": run_id, **run})


def _options(limits: Any, notify_on_complete: bool | None, log_phase_names: bool | None) -> dict[str, Any]:
    wanted = None if limits is None else factory_limits(limits)
    return _given(limits=wanted, notifyOnComplete=notify_on_complete, logPhaseNames=log_phase_names)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "FactoryContext":
            from ._factory_run import FactoryContext

            return FactoryContext
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
