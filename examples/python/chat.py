"""A chat in the terminal: a custom tool, streamed answers, permission prompts and the usage at the end.

With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot; without, to an OpenAI-compatible model at
COPILOT_MODEL_URL.

    python chat.py "How is the weather in Paris?"
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, TypedDict

from copilot import CopilotClient, CopilotSession, PermissionHandler, SessionEvent, define_tool
from copilot.rpc import PermissionDecisionApproveOnce, PermissionDecisionReject
from copilot.session_events import AssistantMessageDeltaData, AssistantUsageData, PermissionRequest, SessionErrorData


class Place(TypedDict):
    """What the model has to name."""

    city: str


@define_tool(description="The weather of a city")
async def get_weather(place: Place) -> dict[str, Any]:
    return {"city": place["city"], "temperature": 21, "sky": "sunny"}


async def ask_permission(request: PermissionRequest, invocation: dict[str, str]) -> Any:
    """Asks the person in front of the terminal."""
    answer = await asyncio.to_thread(input, f"\nAllow {request.kind}: {request.to_dict()}? [y/N] ")
    return PermissionDecisionApproveOnce() if answer.lower().startswith("y") else PermissionDecisionReject()


class Printer:
    """Writes an answer as it comes and adds up what it cost."""

    def __init__(self) -> None:
        self.requests = 0
        self.tokens_in = 0
        self.tokens_out = 0

    def __call__(self, event: SessionEvent) -> None:
        match event.data:
            case AssistantMessageDeltaData(delta_content=text):
                print(text, end="", flush=True)
            case AssistantUsageData(input_tokens=tokens_in, output_tokens=tokens_out):
                self.requests += 1
                self.tokens_in += int(tokens_in or 0)
                self.tokens_out += int(tokens_out or 0)
            case SessionErrorData(message=message):
                print(f"\nerror: {message}", file=sys.stderr)
            case _:
                pass

    def summary(self) -> str:
        return f"{self.requests} model requests, {self.tokens_in} tokens in, {self.tokens_out} out"


def session_options() -> dict[str, Any]:
    """What depends on the surroundings: who answers, and who may allow something."""
    options: dict[str, Any] = {"on_permission_request": PermissionHandler.approve_all}
    if sys.stdin.isatty():
        options["on_permission_request"] = ask_permission
    if github_token() is None:
        url = os.environ.get("COPILOT_MODEL_URL")
        if not url:
            raise SystemExit("set COPILOT_GITHUB_TOKEN, or COPILOT_MODEL_URL for a model of your own")
        options["model"] = "scripted"
        options["provider"] = {"type": "openai", "base_url": url, "api_key": "none"}
    return options


def github_token() -> str | None:
    return os.environ.get("COPILOT_GITHUB_TOKEN") or os.environ.get("GITHUB_TOKEN") or None


async def chat(session: CopilotSession, question: str | None) -> None:
    while True:
        prompt = question or (await asyncio.to_thread(input, "> ") if sys.stdin.isatty() else "")
        if not prompt:
            return
        await session.send_and_wait(prompt, timeout=300)
        print()
        if question:
            return


async def main() -> None:
    printer = Printer()
    options = session_options()
    async with CopilotClient(github_token=github_token()) as client:
        session = await client.create_session(streaming=True, tools=[get_weather], on_event=printer, **options)
        async with session:
            await chat(session, " ".join(sys.argv[1:]) or None)
    print(printer.summary())


if __name__ == "__main__":
    asyncio.run(main())
