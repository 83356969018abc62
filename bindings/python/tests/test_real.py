"""A whole conversation with the real runtime and a scripted model."""

from __future__ import annotations

from pathlib import Path

from copilot import CopilotClient, PermissionHandler, RuntimeConnection, SessionEvent, ToolInvocation, define_tool


async def test_conversation_with_a_tool(real_runtime: str, model_url: str, tmp_path: Path) -> None:
    calls: list[ToolInvocation] = []

    @define_tool("get_weather", description="The weather of a city")
    def weather(invocation: ToolInvocation) -> str:
        calls.append(invocation)
        return "sunny"

    connection = RuntimeConnection.for_stdio(path=real_runtime)
    seen: list[SessionEvent] = []
    async with CopilotClient(connection=connection, base_directory=str(tmp_path), use_logged_in_user=False) as client:
        session = await client.create_session(
            model="scripted",
            streaming=True,
            tools=[weather],
            on_permission_request=PermissionHandler.approve_all,
            provider={"type": "openai", "base_url": model_url, "api_key": "none"},
            on_event=seen.append,
        )
        event = await session.send_and_wait("How is the weather?")
        assert event is not None
        assert "sunny" in event.data.content  # type: ignore[union-attr]
        assert calls[0].arguments == {"city": "Paris"}
        assert session.workspace_path is not None
        usage = [each for each in seen if each.type.value == "assistant.usage"]
        assert usage
        history = await session.get_events()
        assert history[0].type.value == "session.start"
        await session.disconnect()
