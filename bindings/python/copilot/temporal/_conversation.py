"""The side of the workflow: which turns there are, where they run, who answers what is asked in between."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Generic, TypeVar, cast, overload

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from ._messages import ConversationState, Question, TurnRequest, TurnResult

with workflow.unsafe.imports_passed_through():
    from copilot._structured import schema_for, validated
    from copilot.generated._temporal import (
        ANSWER,
        ASK,
        BEGIN_TIMEOUT,
        FIRST_RETRY,
        HEARTBEAT,
        LEAVE,
        LEAVE_TIMEOUT,
        LONGEST_RETRY,
        QUESTIONS,
        TRIES,
        TURN,
        TURN_TIMEOUT,
    )

T = TypeVar("T")

Answer = Callable[[Question], Awaitable[Any]]

#: A turn that failed is tried elsewhere soon, and less and less often.
RETRIES = RetryPolicy(initial_interval=FIRST_RETRY, maximum_interval=LONGEST_RETRY, maximum_attempts=TRIES)
_AT_ONCE = RetryPolicy(maximum_attempts=1)


@dataclass
class Turn(Generic[T]):
    """The answer to a message."""

    #: The text of the last answer; None when the agent ended without one.
    text: str | None
    #: What a schema makes of it; None without a schema.
    value: T
    #: Where the turn ran.
    worker: str


class Conversation:
    """A session whose turns are activities. For ``async with`` in a workflow; one workflow may have several.

    :param session_id: the session to open or resume; without it a new one.
    :param state: what :attr:`state` said in the run before, after ``continue_as_new``. In place of ``session_id``.
    :param session: options of the session over those of the worker, as JSON allows: ``{"model": ...}``.
    :param answer: answers what the agent asks (permissions, questions) in the workflow. Without it a person does, by
        the signal :data:`ANSWER` with the question's id and the answer; the query :data:`QUESTIONS` lists what is open.
    :param turn_timeout: the longest time of a turn, with all that people take to answer.
    :param heartbeat_timeout: how long a worker may say nothing before its turn goes on elsewhere.
    :param retry_policy: how often, and how soon again, a turn is tried that failed.
    """

    def __init__(
        self,
        session_id: str | None = None,
        *,
        state: ConversationState | None = None,
        session: dict[str, Any] | None = None,
        answer: Answer | None = None,
        turn_timeout: timedelta = TURN_TIMEOUT,
        heartbeat_timeout: timedelta = HEARTBEAT,
        retry_policy: RetryPolicy = RETRIES,
    ) -> None:
        if state is None:
            chain = f"{workflow.info().first_execution_run_id}/{_next_number()}"
            state = ConversationState(session_id or str(workflow.uuid4()), chain)
        elif session_id is not None:
            raise ValueError("session_id is in the state already")
        self._state = state
        self._session = session or {}
        self._answer = answer
        self._limits: dict[str, Any] = {"start_to_close_timeout": turn_timeout, "heartbeat_timeout": heartbeat_timeout}
        self._retry_policy = retry_policy
        self._desk = _desk()

    @property
    def session_id(self) -> str:
        """The session's id: any client with the same store can resume it."""
        return self._state.session_id

    @property
    def state(self) -> ConversationState:
        """For the next run: ``workflow.continue_as_new(chat.state)``, when Temporal suggests one."""
        return self._state

    async def __aenter__(self) -> Conversation:
        self._desk.open(self.session_id, self._answer)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._desk.close(self.session_id)
        # The next run goes on with the session, where it is open.
        if not isinstance(error, workflow.ContinueAsNewError):
            await self.leave()

    @overload
    async def turn(self, prompt: str, schema: type[T], **message: Any) -> Turn[T]: ...
    @overload
    async def turn(self, prompt: str, schema: dict[str, Any] | None = None, **message: Any) -> Turn[Any]: ...
    async def turn(self, prompt: str, schema: Any = None, **message: Any) -> Turn[Any]:
        """Sends a message and waits for the answer; a ``schema`` (model class or JSON Schema) asks for a checked value.

        The turn is done once: a worker that dies in it is replaced by another, which goes on from the session's
        history, and an answer that was there already is not asked for again. ``message`` are options of the message.

        :raises ActivityError: when the turn failed for good; its cause is an ``ApplicationError`` whose type is the
            reason or kind of the error (docs/errors.md).
        """
        self._state.turns += 1
        wanted = None if schema is None else schema_for(schema)
        key = f"{self._state.chain}:{self._state.turns}"
        about = workflow.info().workflow_id
        request = TurnRequest(self.session_id, key, prompt, about, wanted, self._session, message)
        try:
            result = await self._run(request)
        finally:
            self._desk.forget(key)
        self._state.queue = result.queue
        value = result.value
        if isinstance(schema, type):
            value = validated(json.dumps(value).encode(), schema, strict=False)
        return Turn(result.text, value, result.worker)

    async def _run(self, request: TurnRequest) -> TurnResult:
        if self._state.queue is not None:
            try:
                here = await self._on(self._state.queue, TURN, request, TurnResult, _AT_ONCE, **self._limits)
                return cast(TurnResult, here)
            except ActivityError as error:
                # Whoever had the session open may be gone; everything else is final.
                if is_cancelled_exception(error) or _is_final(error):
                    raise
                self._state.queue = None
        anywhere = await workflow.execute_activity(
            TURN, request, result_type=TurnResult, retry_policy=self._retry_policy, **self._limits
        )
        return cast(TurnResult, anywhere)

    @staticmethod
    async def _on(queue: str, name: str, given: Any, kind: Any, retries: RetryPolicy, **limits: Any) -> Any:
        return await workflow.execute_activity(
            name,
            given,
            result_type=kind,
            task_queue=queue,
            schedule_to_start_timeout=BEGIN_TIMEOUT,
            retry_policy=retries,
            **limits,
        )

    async def approval(self, text: str) -> Any:
        """Waits until somebody answers a question of the workflow's own; the answer, which is any JSON value."""
        self._state.approvals += 1
        name = f"{self._state.chain}:approval-{self._state.approvals}"
        request = {"sessionId": self.session_id, "text": text}
        return await self._desk.ask(Question(name, "approval", request))

    async def leave(self) -> None:
        """Lets the worker that has the session open give it up now. Without it that is when the worker needs room."""
        queue, self._state.queue = self._state.queue, None
        if queue is None:
            return
        try:
            limit = {"start_to_close_timeout": LEAVE_TIMEOUT}
            await self._on(queue, LEAVE, self.session_id, None, _AT_ONCE, **limit)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.info("session %s was not left: %s", self.session_id, error.cause)


def _is_final(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


class _Desk:
    """The questions of one workflow."""

    def __init__(self) -> None:
        self._answer: dict[str, Answer | None] = {}
        self._open: dict[str, Question] = {}
        self._answers: dict[str, Any] = {}
        self.conversations = 0
        workflow.set_update_handler(ASK, self.ask)
        workflow.set_signal_handler(ANSWER, self.answer)
        workflow.set_query_handler(QUESTIONS, self.questions)

    def open(self, session_id: str, answer: Answer | None) -> None:
        self._answer[session_id] = answer

    def close(self, session_id: str) -> None:
        self._answer.pop(session_id, None)

    async def ask(self, question: Question) -> Any:
        """Waits for the answer; the same question again gets the same answer."""
        answer = self._answer.get(str(question.request.get("sessionId")))
        if answer is not None and question.kind != "approval":
            return await answer(question)
        if question.id not in self._answers:
            self._open[question.id] = question
            await workflow.wait_condition(lambda: question.id in self._answers)
        return self._answers[question.id]

    def answer(self, question_id: str, answer: Any) -> None:
        self._answers[question_id] = answer
        self._open.pop(question_id, None)

    def questions(self) -> list[Question]:
        return list(self._open.values())

    def forget(self, key: str) -> None:
        """The turn is over: what it asked is not asked any more."""
        for held in (self._open, self._answers):
            for name in [name for name in held if name.startswith(f"{key}?")]:
                del held[name]


def _desk() -> _Desk:
    """One for all conversations of a workflow, which has each signal, update and query once."""
    instance: Any = workflow.instance()
    desk = getattr(instance, "_copilot_desk", None)
    if desk is None:
        desk = instance._copilot_desk = _Desk()
    return desk


def _next_number() -> int:
    desk = _desk()
    desk.conversations += 1
    return desk.conversations
