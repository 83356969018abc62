"""How long stopping takes, with nothing but what the official package has too. The plan is in the environment."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

from copilot import CopilotClient, RuntimeConnection
from copilot.session import PermissionHandler

PROVIDER = {"type": "openai", "base_url": os.environ["STOPS_MODEL"], "api_key": "none"}


async def one(force: bool, with_session: bool) -> float:
    """Milliseconds that one stop takes."""
    client = CopilotClient(connection=RuntimeConnection.for_stdio(path=os.environ["STOPS_RUNTIME"]))
    await client.start()
    if with_session:
        options: dict[str, Any] = {"model": "scripted", "provider": PROVIDER, "streaming": True}
        session = await client.create_session(on_permission_request=PermissionHandler.approve_all, **options)
        await session.send_and_wait("hello")
    start = time.perf_counter()
    await (client.force_stop() if force else client.stop())
    return (time.perf_counter() - start) * 1000


async def main() -> None:
    report: dict[str, list[float]] = {}
    for _ in range(int(os.environ["STOPS_ROUNDS"])):
        for name, force, with_session in (("stop", False, False), ("session", False, True), ("force", True, True)):
            report.setdefault(name, []).append(await one(force, with_session))
    print(json.dumps(report))


asyncio.run(main())
