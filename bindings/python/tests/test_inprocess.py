"""The runtime as a library of this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot import CopilotClient, RuntimeConnection, ToolInvocation, define_tool


async def test_a_turn_in_process(real_runtime: str, model_url: str, tmp_path: Path) -> None:
    @define_tool("get_weather", description="The weather of a city", skip_permission=True)
    def weather(invocation: ToolInvocation) -> str:
        return "sunny"

    for _ in range(2):
        connection = RuntimeConnection.for_inprocess()
        async with CopilotClient(
            connection=connection, base_directory=str(tmp_path), use_logged_in_user=False
        ) as client:
            assert client.runtime_port is None
            session = await client.create_session(
                model="scripted",
                tools=[weather],
                provider={"type": "openai", "base_url": model_url, "api_key": "none"},
            )
            event = await session.send_and_wait("How is the weather?")
            assert event is not None
            assert "sunny" in event.data.content  # type: ignore[union-attr]


def test_what_a_shared_process_cannot_have() -> None:
    with pytest.raises(ValueError, match=r"not supported with RuntimeConnection\.for_inprocess"):
        CopilotClient(connection=RuntimeConnection.for_inprocess(), working_directory="/tmp")
