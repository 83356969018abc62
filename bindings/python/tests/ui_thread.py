"""A program that runs actions of the runtime's library on a thread that it chose; prints what it saw as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable

from copilot import CopilotClient, RuntimeConnection


async def main(home: str) -> None:
    threads: list[str] = []
    failures: list[str] = []

    async def run_on_ui_thread(action: Callable[[], None]) -> None:
        def work() -> None:
            threads.append(threading.current_thread().name)
            action()
            try:
                action()
            except RuntimeError as error:
                failures.append(str(error))

        thread = threading.Thread(target=work, name="main-window")
        thread.start()
        await asyncio.to_thread(thread.join)

    connection = RuntimeConnection.for_inprocess(run_on_ui_thread=run_on_ui_thread)
    async with CopilotClient(connection=connection, base_directory=home) as client:
        question = {"method": "uiThread.run", "params": {"actionId": 7}}
        answer = await client.request("fake.request", question)
        received = await client.request("fake.received", {"method": "fake.uiAction"})
    print(json.dumps({"answer": answer, "ran": received["messages"][0], "threads": threads, "failures": failures}))


asyncio.run(main(sys.argv[1]))
