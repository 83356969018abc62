"""The side of the worker: owns a client and its runtime, keeps sessions open, runs their turns."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import socket
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.plugin import SimplePlugin
from temporalio.worker import Worker, WorkerConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from copilot import CopilotClient
from copilot.generated._temporal import (
    BEATS,
    DRAIN_TIMEOUT,
    HEARTBEAT,
    LEASES,
    LEAVE,
    MAX_SESSIONS,
    SHORTEST_LEASE,
    STICKY_TIMEOUT,
    TURN,
)
from copilot.generated.session_events import SessionEvent

from ._asking import Asking
from ._failures import failure
from ._messages import TurnRequest, TurnResult
from ._sessions import Sessions

#: What workflows may import as it is: none of it does anything that would differ in a replay.
_PASSED_THROUGH = ("copilot", "msgspec", "pydantic", "pydantic_core", "annotated_types")

#: What Temporal has in place of ``STICKY_TIMEOUT`` unless told otherwise.
_STICKY_DEFAULT = timedelta(seconds=10)


@dataclass
class Happening:
    """An event of a session, and whose it is."""

    workflow_id: str
    session_id: str
    event: SessionEvent


class CopilotPlugin(SimplePlugin):
    """For one worker: ``Worker(client, task_queue=..., workflows=[...], plugins=[CopilotPlugin(store=...)])``.

    The worker starts one runtime, runs turns as activities ``copilot_turn``, and keeps sessions open on a task queue of
    its own, so that the next turn of a conversation finds it there. When it is shut down it finishes its turns, gives
    its sessions up, and stops the runtime.

    :param store: where sessions are kept, which all workers share: what ``session_fs["store"]`` takes.
    :param client: keywords of :class:`copilot.CopilotClient`.
    :param session: keywords of ``create_session`` for every session: model, tools, handlers. What it has no handler for
        (permissions, questions of the agent) is asked in the workflow.
    :param max_sessions: how many sessions are open at once, and how many turns run. Further turns wait.
    :param on_event: gets every event of every session, deltas among them when ``session`` says ``streaming``: for
        whoever watches. Called on the worker's loop; nothing waits for it, and Temporal's history has no events.
    :param heartbeat_timeout: as the conversations have it. A session's lease lasts half of it, so that it is free when
        Temporal begins the turn elsewhere.
    :param drain_timeout: how long a shutdown waits for turns, where the worker has no ``graceful_shutdown_timeout``.
    :param owner: this worker's name in leases, errors and results; unique. Host, process and a random part by default.
    """

    def __init__(
        self,
        *,
        store: Any,
        client: Mapping[str, Any] | None = None,
        session: Mapping[str, Any] | None = None,
        max_sessions: int = MAX_SESSIONS,
        on_event: Callable[[Happening], None] | None = None,
        heartbeat_timeout: timedelta = HEARTBEAT,
        drain_timeout: timedelta = DRAIN_TIMEOUT,
        owner: str | None = None,
    ) -> None:
        if max_sessions < 1:
            raise ValueError("max_sessions: must be 1 or more")
        self._owner = owner or f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self._queue = f"copilot/{self._owner}"
        self._max_sessions, self._drain_timeout, self._on_event = max_sessions, drain_timeout, on_event
        ttl = max(heartbeat_timeout / LEASES, SHORTEST_LEASE).total_seconds()
        files = {
            "initial_working_directory": "/",
            "session_state_path": "/state",
            "conventions": "posix",
            "store": store,
            "lease": {"owner": self._owner, "ttl": ttl, "wait": LEASES * ttl},
        }
        self._client_options: dict[str, Any] = {"session_fs": files, **(client or {})}
        self._session_options = dict(session or {})
        self._asking = Asking()
        self._sessions = Sessions(self._new_client, self._options_of, max_sessions)
        self._temporal: Client | None = None
        self._running = 0
        super().__init__("copilot-native", activities=self._activities(), workflow_runner=_with_passed_through)

    def _activities(self) -> list[Callable[..., Any]]:
        return [self._turn, self._leave]

    def _new_client(self) -> CopilotClient:
        return CopilotClient(**self._client_options)

    def _options_of(self, request: TurnRequest) -> dict[str, Any]:
        given = {**self._session_options, **request.session}
        workflow_id, session_id, told = request.workflow_id, request.session_id, self._on_event
        if told is not None:
            given["on_event"] = lambda event: told(Happening(workflow_id, session_id, event))
        return {**self._asking.handlers(session_id), **given}

    # -- worker -------------------------------------------------------------------------------------------------------

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        if config.get("task_queue") == self._queue:
            return config
        config = super().configure_worker(config)
        self._temporal = config.get("client")
        self._drain_timeout = config.get("graceful_shutdown_timeout") or self._drain_timeout
        config["graceful_shutdown_timeout"] = self._drain_timeout
        if config.get("sticky_queue_schedule_to_start_timeout") == _STICKY_DEFAULT:
            config["sticky_queue_schedule_to_start_timeout"] = STICKY_TIMEOUT
        if config.get("max_concurrent_activities") is None and config.get("tuner") is None:
            config["max_concurrent_activities"] = self._max_sessions
        return config

    async def run_worker(self, worker: Worker, next: Callable[[Worker], Awaitable[None]]) -> None:
        if worker.task_queue == self._queue:
            return await next(worker)
        if self._temporal is None or self._running:
            raise RuntimeError("a CopilotPlugin serves one worker: give each its own, to Worker(plugins=[...])")
        self._running = 1
        own = Worker(
            self._temporal,
            task_queue=self._queue,
            activities=self._activities(),
            graceful_shutdown_timeout=self._drain_timeout,
            max_concurrent_activities=self._max_sessions,
        )
        try:
            # Started before the first turn needs it. What is wrong with it is told where turns fail.
            await self._sessions.warm()
            async with own:
                await next(worker)
        finally:
            self._running = 0
            await self._sessions.stop()

    # -- activities ---------------------------------------------------------------------------------------------------

    @activity.defn(name=TURN)
    async def _turn(self, request: TurnRequest) -> TurnResult:
        async with _heartbeats():
            try:
                answer = await self._ask(request)
            except Exception as error:
                raise failure(error) from error
        return TurnResult(answer.text, answer.value, self._queue, self._owner)

    async def _ask(self, request: TurnRequest) -> Any:
        assert self._temporal is not None
        handle = self._temporal.get_workflow_handle(request.workflow_id)
        async with self._sessions.open(request) as session:
            with self._asking.about(request, handle):
                return await session.ask(request)

    @activity.defn(name=LEAVE)
    async def _leave(self, session_id: str) -> None:
        await self._sessions.leave(session_id)


@contextlib.asynccontextmanager
async def _heartbeats() -> AsyncGenerator[None, None]:
    """Tells Temporal that the turn is still going on, often enough for its limit."""
    limit = activity.info().heartbeat_timeout or HEARTBEAT

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(limit.total_seconds() / BEATS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


def _with_passed_through(runner: WorkflowRunner | None) -> WorkflowRunner:
    if isinstance(runner, SandboxedWorkflowRunner):
        restrictions = runner.restrictions.with_passthrough_modules(*_PASSED_THROUGH)
        return dataclasses.replace(runner, restrictions=restrictions)
    assert runner is not None
    return runner
