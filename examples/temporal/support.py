"""A workflow: the agent says how it would solve a problem, a person decides, the agent does it."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from copilot.temporal import Conversation

QUEUE = "support"


@workflow.defn
class Support:
    """One problem of one customer."""

    @workflow.run
    async def run(self, problem: str) -> str | None:
        async with Conversation() as chat:
            plan = await chat.turn(f"How would you solve this? Only say how, do nothing yet. {problem}")
            if await chat.approval(f"Do this? {plan.text}"):
                return (await chat.turn("Do it")).text
        return None
