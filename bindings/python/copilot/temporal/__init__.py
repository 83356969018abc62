"""Conversations as Temporal workflows: placed, retried and drained by Temporal, kept in a store that workers share.

Needs the extra ``temporal``. A worker gets a :class:`CopilotPlugin`; a workflow opens a :class:`Conversation`::

    @workflow.defn
    class Support:
        @workflow.run
        async def run(self, question: str) -> str:
            async with Conversation() as chat:
                plan = await chat.turn(question, Plan)
                if await chat.approval(f"Do this? {plan.value.summary}"):
                    return (await chat.turn("Do it")).text
                return "left alone"
"""

from __future__ import annotations

from copilot.generated._temporal import ANSWER, QUESTIONS

from ._conversation import Conversation, Turn
from ._messages import ConversationState, Question
from ._plugin import CopilotPlugin, Happening

__all__ = [
    "ANSWER",
    "QUESTIONS",
    "Conversation",
    "ConversationState",
    "CopilotPlugin",
    "Happening",
    "Question",
    "Turn",
]
