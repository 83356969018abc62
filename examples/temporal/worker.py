"""A worker: runs the turns of conversations until it is told to end, then finishes what it has begun.

Told by the environment: TEMPORAL_ADDRESS; COPILOT_STORE, a URL that all workers share; COPILOT_SESSIONS, how many
sessions are open at once; COPILOT_MODEL_URL, an OpenAI-compatible server in place of Copilot's models.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from support import QUEUE, Support
from temporalio.client import Client
from temporalio.worker import Worker

from copilot.temporal import CopilotPlugin


async def main() -> None:
    session: dict[str, Any] = {"streaming": False}
    if url := os.environ.get("COPILOT_MODEL_URL"):
        session |= {
            "model": "scripted",
            "provider": {"type": "openai", "base_url": url, "api_key": "none"},
        }
    plugin = CopilotPlugin(
        store=os.environ["COPILOT_STORE"],
        session=session,
        max_sessions=int(os.environ.get("COPILOT_SESSIONS", "200")),
    )
    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "127.0.0.1:7233"))
    told_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
    async with Worker(client, task_queue=QUEUE, workflows=[Support], plugins=[plugin]):
        print("ready", flush=True)
        await told_to_end.wait()
    print("gone", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
