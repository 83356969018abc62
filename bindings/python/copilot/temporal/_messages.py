"""What workflows, activities and people say to each other. Temporal keeps it as JSON in its histories."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Question:
    """What somebody has to decide before a turn goes on."""

    #: The same when a turn is retried, so that nobody is asked twice.
    id: str
    #: ``permission``, ``user_input``, or ``approval``, which the workflow itself asks.
    kind: str
    #: What the runtime says of it, in the wire's spelling.
    request: dict[str, Any] = field(default_factory=dict)


@dataclass
class ConversationState:
    """What a conversation needs to go on in the next run of its workflow."""

    session_id: str
    #: Which series of turns it is: the keys of its messages begin with it.
    chain: str
    turns: int = 0
    #: The task queue of the worker that has the session open.
    queue: str | None = None
    approvals: int = 0


@dataclass
class TurnRequest:
    """One turn, for whoever is to run it."""

    session_id: str
    key: str
    prompt: str
    workflow_id: str
    schema: dict[str, Any] | None = None
    #: Options of the session, over those of the worker.
    session: dict[str, Any] = field(default_factory=dict)
    #: Options of the message.
    message: dict[str, Any] = field(default_factory=dict)


@dataclass
class TurnResult:
    """What came of a turn, and where."""

    text: str | None
    value: Any
    queue: str
    worker: str
