"""A worker of Temporal as a program of its own, which tests kill and drain. Its one argument is JSON: see ``Place``."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from copilot import RuntimeConnection, define_tool
    from copilot.temporal import Conversation, ConversationState, CopilotPlugin, Happening, Question

QUEUE = "conversations"
#: Short, so that what is waited for in tests is.
HEARTBEAT = timedelta(seconds=3)


@dataclass
class Place:
    """Where a conversation takes place."""

    city: str
    degrees: int


@workflow.defn
class Chat:
    """Says what it is told to say; the answers, and who gave them."""

    @workflow.run
    async def run(self, prompts: list[str]) -> list[list[str]]:
        async with Conversation(heartbeat_timeout=HEARTBEAT) as chat:
            turns = [await chat.turn(prompt) for prompt in prompts]
        return [[turn.text or "", turn.worker] for turn in turns]


@workflow.defn
class Weather:
    """A typed answer, then a decision of a person."""

    @workflow.run
    async def run(self, prompt: str) -> list[Any]:
        async with Conversation(heartbeat_timeout=HEARTBEAT) as chat:
            turn = await chat.turn(prompt, Place)
            place: Place = turn.value
            return [place.city, place.degrees, await chat.approval(f"Go to {place.city}?")]


@workflow.defn
class Decided:
    """The workflow answers what the agent asks."""

    @workflow.run
    async def run(self, prompt: str) -> str | None:
        async def answer(question: Question) -> Any:
            return "not from here" if question.kind == "permission" else "nothing"

        async with Conversation(heartbeat_timeout=HEARTBEAT, answer=answer) as chat:
            return (await chat.turn(prompt)).text


@workflow.defn
class Long:
    """As many runs as turns: each goes on with the session of the one before."""

    @workflow.run
    async def run(self, left: int, state: ConversationState | None = None) -> list[Any]:
        async with Conversation(state=state, heartbeat_timeout=HEARTBEAT) as chat:
            turn = await chat.turn(f"turn {left}")
            if left > 1:
                workflow.continue_as_new(args=[left - 1, chat.state])
            return [chat.session_id, chat.state.turns, turn.text]


@workflow.defn
class Talk:
    """A few turns, and in which session they were."""

    @workflow.run
    async def run(self, turns: int) -> list[Any]:
        async with Conversation(heartbeat_timeout=HEARTBEAT) as chat:
            texts = [(await chat.turn(f"turn {number}")).text for number in range(turns)]
        return [chat.session_id, texts]


WORKFLOWS = [Chat, Weather, Decided, Long, Talk]


@define_tool("send_mail", description="Sends a mail")
def send_mail(to: str) -> str:
    print(f"mail {to}", flush=True)
    return "sent"


def told(happening: Happening) -> None:
    if happening.event.type.value == "assistant.message_delta":
        print(f"delta {happening.workflow_id}", flush=True)


async def main() -> None:
    place = json.loads(sys.argv[1])
    client = await Client.connect(place["address"])
    plugin = CopilotPlugin(
        store=place["store"],
        owner=place["owner"],
        heartbeat_timeout=HEARTBEAT,
        max_sessions=place.get("max_sessions", 50),
        on_event=told,
        client={
            "connection": RuntimeConnection.for_stdio(path=place["runtime"]),
            "base_directory": place["home"],
            "use_logged_in_user": False,
        },
        session={
            "model": "scripted",
            "streaming": True,
            "tools": [send_mail],
            "provider": {"type": "openai", "base_url": place["model"], "api_key": "none"},
        },
    )
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    async with Worker(client, task_queue=QUEUE, workflows=WORKFLOWS, plugins=[plugin]):
        print("ready", flush=True)
        await over.wait()
    print("gone", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
