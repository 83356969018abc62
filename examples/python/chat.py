"""One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.

With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot. Without, it talks to the OpenAI-compatible server at
COPILOT_MODEL_URL. The runtime is found by COPILOT_CLI_PATH.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, TypedDict

from copilot import CopilotClient, SessionEvent, define_tool
from copilot.rpc import PermissionDecisionApproveOnce, PermissionDecisionReject
from copilot.session_events import (
    AssistantMessageDeltaData,
    AssistantUsageData,
    PermissionRequest,
)


class Place(TypedDict):
    """What the model has to name."""

    city: str


@define_tool(description="Tells the weather of a city")
def get_weather(place: Place) -> str:
    print(f"[tool] get_weather({place['city']})")
    return f"Sunny, 21 degrees in {place['city']}"


async def ask_permission(request: PermissionRequest, invocation: dict[str, str]) -> Any:
    """Asks the person in front of the terminal; without a terminal the answer is yes."""
    prompt = f"[permission] {request.kind}: allow? [Y/n] "
    if not sys.stdin.isatty():
        print(f"{prompt}yes (no terminal)")
        return PermissionDecisionApproveOnce()
    answer = await asyncio.to_thread(input, prompt)
    if answer.strip().lower() == "n":
        return PermissionDecisionReject(feedback="the user said no")
    return PermissionDecisionApproveOnce()


class Printer:
    """Writes an answer as it comes and adds up what it cost."""

    def __init__(self) -> None:
        self.tokens_in = 0
        self.tokens_out = 0

    def __call__(self, event: SessionEvent) -> None:
        match event.data:
            case AssistantMessageDeltaData(delta_content=text):
                print(text, end="", flush=True)
            case AssistantUsageData(input_tokens=tokens_in, output_tokens=tokens_out):
                self.tokens_in += int(tokens_in or 0)
                self.tokens_out += int(tokens_out or 0)
            case _:
                pass


def model_options() -> dict[str, Any]:
    url = os.environ.get("COPILOT_MODEL_URL")
    if not url:
        return {}
    return {
        "model": "scripted",
        "provider": {"type": "openai", "base_url": url, "api_key": "none"},
    }


async def main() -> None:
    token = os.environ.get("COPILOT_GITHUB_TOKEN") or os.environ.get("GITHUB_TOKEN")
    async with CopilotClient(github_token=token) as client:
        print(f"[runtime] {(await client.get_status()).version}")
        session = await client.create_session(
            tools=[get_weather],
            on_permission_request=ask_permission,
            streaming=True,
            **model_options(),
        )
        printer = Printer()
        session.on(printer)
        await session.send_and_wait("What is the weather in Paris?")
        print(f"\n[usage] {printer.tokens_in} tokens in, {printer.tokens_out} tokens out")
        await session.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
