"""What programs do with the real runtime, one behaviour after the other, in the words of their authors."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot import (
    CommandContext,
    CommandDefinition,
    CopilotClient,
    CopilotSession,
    PermissionHandler,
    RuntimeConnection,
    SessionEvent,
    SessionEventType,
    define_tool,
)
from copilot.rpc import PermissionDecisionReject
from copilot.session_events import AssistantMessageData, AssistantMessageDeltaData

from .conftest import program

Model = Callable[..., "ScriptedModel"]


class ScriptedModel:
    """The model behind the runtime: says what the test tells it and remembers what it was asked."""

    def __init__(self, *replies: dict[str, Any]) -> None:
        name = program("copilot-scripted-model", "COPILOT_SCRIPTED_MODEL")
        script = json.dumps({"replies": replies, "demo": False})
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([name, "--script-json", script], stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]

    @property
    def provider(self) -> dict[str, Any]:
        return {"type": "openai", "base_url": self.url, "api_key": "none"}

    def requests(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/_requests") as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def asked(self) -> str:
        """Everything the model was told, as one text."""
        return json.dumps([request["messages"] for request in self.requests()])

    def wait_until_asked(self) -> None:
        while not self.requests():
            time.sleep(0.02)

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def model() -> Iterator[Model]:
    made: list[ScriptedModel] = []

    def make(*replies: dict[str, Any]) -> ScriptedModel:
        made.append(ScriptedModel(*replies))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
async def real(real_runtime: str, tmp_path: Path) -> AsyncIterator[CopilotClient]:
    connection = RuntimeConnection.for_stdio(path=real_runtime)
    home = str(tmp_path / "home")
    async with CopilotClient(connection=connection, base_directory=home, use_logged_in_user=False) as client:
        yield client


async def opened(client: CopilotClient, scripted: ScriptedModel, **options: Any) -> CopilotSession:
    options.setdefault("on_permission_request", PermissionHandler.approve_all)
    return await client.create_session(model="scripted", provider=scripted.provider, **options)  # type: ignore[arg-type]


def text(event: SessionEvent | None) -> str:
    assert event is not None
    assert isinstance(event.data, AssistantMessageData)
    return event.data.content


def calling(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"when": {"lastRole": "user"}, "toolCalls": [{"name": name, "arguments": arguments}]}


async def test_streaming(real: CopilotClient, model: Model) -> None:
    session = await opened(real, model({"chunks": ["one ", "two ", "three"]}), streaming=True)
    seen: list[SessionEvent] = []
    session.on(seen.append)
    assert text(await session.send_and_wait("count")) == "one two three"
    deltas = [each.data.delta_content for each in seen if isinstance(each.data, AssistantMessageDeltaData)]
    assert "".join(deltas) == "one two three"
    assert len(deltas) > 1
    assert seen[-1].type == SessionEventType.SESSION_IDLE


async def test_tool_result_reaches_the_model(real: CopilotClient, model: Model) -> None:
    @define_tool(description="Encrypts")
    async def encrypt(plain: str) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"cipher": plain[::-1]}

    session = await opened(real, model(calling("encrypt", {"plain": "abc"})), tools=[encrypt])
    assert '{"cipher": "cba"}' in text(await session.send_and_wait("go"))


async def test_a_failing_tool_tells_the_model_nothing(real: CopilotClient, model: Model) -> None:
    @define_tool(description="Fails")
    def broken() -> str:
        raise RuntimeError("the password is swordfish")

    scripted = model(calling("broken", {}))
    session = await opened(real, scripted, tools=[broken])
    assert text(await session.send_and_wait("go"))
    assert "fail" in scripted.asked().lower()


async def test_permission_denied(real: CopilotClient, model: Model) -> None:
    called: list[Any] = []
    asked: list[str] = []

    @define_tool(description="Dangerous")
    def danger() -> str:
        called.append("danger")
        return "done"

    async def deny(request: Any, invocation: dict[str, Any]) -> PermissionDecisionReject:
        asked.append(f"{request.kind} {invocation['session_id']}")
        return PermissionDecisionReject(feedback="not today")

    scripted = model(calling("danger", {}))
    session = await opened(real, scripted, tools=[danger], on_permission_request=deny)
    await session.send_and_wait("go")
    assert called == []
    assert asked == [f"custom-tool {session.session_id}"]
    assert "not today" in scripted.asked()


async def test_hooks(real: CopilotClient, model: Model) -> None:
    order: list[str] = []

    @define_tool(description="Adds")
    def add(a: int, b: int) -> int:
        return a + b

    def before(hook: Any, invocation: dict[str, str]) -> dict[str, Any]:
        order.append(f"pre {hook['toolName']} {hook['toolArgs']}")
        assert hook["timestamp"].tzinfo is not None
        assert invocation["session_id"]
        return {"permissionDecision": "allow", "modifiedArgs": {"a": 20, "b": 22}}

    async def after(hook: Any, invocation: dict[str, str]) -> None:
        order.append(f"post {hook['toolName']}")

    def prompt(hook: Any, invocation: dict[str, str]) -> dict[str, Any]:
        order.append(f"prompt {hook['prompt']}")
        return {"modifiedPrompt": "the modified prompt"}

    scripted = model(calling("add", {"a": 1, "b": 2}))
    hooks = {"on_pre_tool_use": before, "on_post_tool_use": after, "on_user_prompt_submitted": prompt}
    session = await opened(real, scripted, tools=[add], hooks=hooks)
    assert "42" in text(await session.send_and_wait("go"))
    assert order == ["prompt go", "pre add {'a': 1, 'b': 2}", "post add"]
    assert "the modified prompt" in scripted.asked()


async def test_user_input(real: CopilotClient, model: Model) -> None:
    questions: list[Any] = []

    async def answer(request: Any, invocation: dict[str, str]) -> dict[str, Any]:
        questions.append(request)
        return {"answer": "blue", "wasFreeform": False}

    scripted = model(calling("ask_user", {"question": "Which colour?", "choices": ["red", "blue"]}))
    session = await opened(real, scripted, on_user_input_request=answer)
    assert "blue" in text(await session.send_and_wait("go"))
    assert questions[0]["question"] == "Which colour?"
    assert questions[0]["choices"] == ["red", "blue"]


async def test_abort_ends_the_turn(real: CopilotClient, model: Model) -> None:
    scripted = model({"hang": True}, {"text": "again"})
    session = await opened(real, scripted)
    turn = asyncio.create_task(session.send_and_wait("wait for ever", timeout=120))
    await asyncio.to_thread(scripted.wait_until_asked)
    await session.abort()
    assert await turn is None
    assert text(await session.send_and_wait("and now?", timeout=120)) == "again"


async def test_timeout_leaves_the_session_usable(real: CopilotClient, model: Model) -> None:
    scripted = model({"hang": True}, {"text": "later"})
    session = await opened(real, scripted)
    with pytest.raises(TimeoutError, match="Timeout after"):
        await session.send_and_wait("wait", timeout=0.1)
    await asyncio.to_thread(scripted.wait_until_asked)
    idle = asyncio.Event()
    session.on(lambda event: idle.set() if event.type == SessionEventType.SESSION_IDLE else None)
    await session.abort()
    await idle.wait()
    assert text(await session.send_and_wait("now", timeout=120)) == "later"


async def test_resume_keeps_the_history(real: CopilotClient, model: Model) -> None:
    scripted = model({"text": "first answer"}, {"text": "second answer"})
    session = await opened(real, scripted)
    await session.send_and_wait("remember the word heron")
    await session.disconnect()
    again = await real.resume_session(
        session.session_id,
        on_permission_request=PermissionHandler.approve_all,
        model="scripted",
        provider=scripted.provider,  # type: ignore[arg-type]
    )
    assert text(await again.send_and_wait("which word?")) == "second answer"
    assert "heron" in json.dumps(scripted.requests()[-1]["messages"])
    kinds = [event.type for event in await again.get_events()]
    assert kinds.count(SessionEventType.USER_MESSAGE) == 2
    with pytest.raises(Exception, match="Session not found"):
        await real.resume_session("00000000-0000-4000-8000-00000000dead")


async def test_sessions_on_disk(real: CopilotClient, model: Model) -> None:
    session = await opened(real, model({"text": "x"}))
    await session.send_and_wait("hello")
    await session.disconnect()
    listed = {each.session_id: each for each in await real.list_sessions()}
    assert listed[session.session_id].start_time.tzinfo is not None
    assert (await real.get_session_metadata(session.session_id)) is not None
    await real.delete_session(session.session_id)
    assert session.session_id not in {each.session_id for each in await real.list_sessions()}
    with pytest.raises(RuntimeError, match="Failed to delete session"):
        await real.delete_session(session.session_id)


async def test_system_message_section(real: CopilotClient, model: Model) -> None:
    scripted = model({"text": "ok"})
    seen: list[str] = []

    def tone(current: str) -> str:
        seen.append(current)
        return current + "\nTalk like a pirate."

    message = {"mode": "customize", "sections": {"tone": {"action": tone}}, "content": "And be brief."}
    session = await opened(real, scripted, system_message=message)
    await session.send_and_wait("hello")
    assert seen
    assert "Talk like a pirate." in scripted.asked()
    assert "And be brief." in scripted.asked()


async def test_two_clients_on_one_runtime(real_runtime: str, model: Model, tmp_path: Path) -> None:
    scripted = model({"text": "for all"})
    async with CopilotClient(
        connection=RuntimeConnection.for_tcp(path=real_runtime, connection_token="secret"),
        base_directory=str(tmp_path),
        use_logged_in_user=False,
    ) as owner:
        uri = RuntimeConnection.for_uri(f"localhost:{owner.runtime_port}", connection_token="secret")
        async with CopilotClient(connection=uri) as guest:
            mine = await opened(owner, scripted)
            theirs = await guest.resume_session(mine.session_id, on_permission_request=PermissionHandler.approve_all)
            heard: list[SessionEventType] = []
            idle = asyncio.Event()

            def listen(event: SessionEvent) -> None:
                heard.append(event.type)
                if event.type == SessionEventType.SESSION_IDLE:
                    idle.set()

            theirs.on(listen)
            await mine.send_and_wait("two")
            await asyncio.wait_for(idle.wait(), 60)
            assert SessionEventType.ASSISTANT_MESSAGE in heard


MCP_SERVER = textwrap.dedent(
    """
    import json, sys
    schema = {"type": "object", "properties": {"word": {"type": "string"}}}
    tool = {"name": "shout", "description": "Shouts", "inputSchema": schema}
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        match message["method"]:
            case "initialize":
                result = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}},
                          "serverInfo": {"name": "shouter", "version": "1"}}
            case "tools/list":
                result = {"tools": [tool]}
            case "tools/call":
                result = {"content": [{"type": "text", "text": message["params"]["arguments"]["word"].upper()}]}
            case _:
                result = {}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
    """
)


async def test_mcp_server(real: CopilotClient, model: Model, tmp_path: Path) -> None:
    server = tmp_path / "server.py"
    server.write_text(MCP_SERVER)
    config = {"type": "local", "command": sys.executable, "args": [str(server)], "tools": ["*"]}
    asked: list[str] = []

    def permit(request: Any, invocation: Any) -> Any:
        asked.append(request.kind)
        return PermissionHandler.approve_all(request, invocation)

    scripted = model(calling("shouter-shout", {"word": "hush"}))
    session = await opened(real, scripted, mcp_servers={"shouter": config}, on_permission_request=permit)
    assert "HUSH" in text(await session.send_and_wait("go", timeout=120))
    assert "mcp" in asked


async def test_typed_rpc(real: CopilotClient, model: Model, tmp_path: Path) -> None:
    from copilot.rpc import ModeSetRequest
    from copilot.session_events import SessionMode

    session = await opened(real, model({"text": "ok"}))
    await session.rpc.mode.set(ModeSetRequest(mode=SessionMode.PLAN))
    assert await session.rpc.mode.get() == SessionMode.PLAN
    await session.log("a line", level="warning")
    assert any(event.type.value == "session.warning" for event in await session.get_events())


async def test_model_error_is_a_session_error(real: CopilotClient, model: Model) -> None:
    body = {"error": {"message": "the model is on fire", "type": "invalid_request_error"}}
    session = await opened(real, model({"error": {"status": 400, "body": body}, "repeat": True}))
    with pytest.raises(Exception, match=r"Session error: .*on fire"):
        await session.send_and_wait("go", timeout=120)


async def test_elicitation_goes_round(real: CopilotClient, model: Model) -> None:
    asked: list[Any] = []

    async def answer(context: Any) -> Any:
        asked.append(context)
        return {"action": "accept", "content": {"confirmed": True}}

    session = await opened(real, model(), on_elicitation_request=answer)
    assert session.capabilities.get("ui", {}).get("elicitation") is True
    assert await session.ui.confirm("Really?") is True
    assert asked[0]["message"] == "Really?"
    assert asked[0]["session_id"] == session.session_id


async def test_ui_needs_a_host_that_can(real: CopilotClient, model: Model) -> None:
    session = await opened(real, model())
    with pytest.raises(RuntimeError, match="not supported"):
        await session.ui.confirm("Really?")


async def test_commands(real: CopilotClient, model: Model) -> None:
    from copilot.rpc import CommandsInvokeRequest, CommandsListRequest

    ran: list[CommandContext] = []
    done = asyncio.Event()

    def deploy(context: CommandContext) -> None:
        ran.append(context)
        done.set()

    session = await opened(real, model(), commands=[CommandDefinition("deploy", deploy, "Deploys")])
    listed = await session.rpc.commands.list(CommandsListRequest(include_client_commands=True))
    assert "deploy" in {command.name for command in listed.commands}
    await session.rpc.commands.invoke(CommandsInvokeRequest(name="deploy", input="to production"))
    await asyncio.wait_for(done.wait(), 60)
    assert (ran[0].command_name, ran[0].args) == ("deploy", "to production")


async def test_compaction(real: CopilotClient, model: Model) -> None:
    session = await opened(real, model({"text": "a long story", "repeat": True}))
    kinds: list[SessionEventType] = []
    session.on(lambda event: kinds.append(event.type))
    await session.send_and_wait("tell me")
    result = await session.rpc.history.compact()
    assert result.success
    assert SessionEventType.SESSION_COMPACTION_COMPLETE in kinds
    assert text(await session.send_and_wait("go on")) == "a long story"


async def test_set_model_is_told(real: CopilotClient, model: Model) -> None:
    session = await opened(real, model({"text": "x", "repeat": True}))
    await session.send_and_wait("one")
    await session.set_model("scripted-2")
    await session.send_and_wait("two")
    changes = [event for event in await session.get_events() if event.type == SessionEventType.SESSION_MODEL_CHANGE]
    assert changes


async def test_attachments_reach_the_model(real: CopilotClient, model: Model, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("the heron flies at dawn")
    scripted = model({"text": "seen"})
    session = await opened(real, scripted, working_directory=str(tmp_path))
    await session.send_and_wait("look", attachments=[{"type": "file", "path": str(note), "displayName": "note.txt"}])
    assert "note.txt" in scripted.asked()


async def test_custom_agent(real: CopilotClient, model: Model) -> None:
    agent = {"name": "poet", "description": "Writes verse", "prompt": "You answer in rhyme only."}
    scripted = model({"text": "a verse"})
    session = await opened(real, scripted, custom_agents=[agent], agent="poet")
    await session.send_and_wait("hello")
    assert "You answer in rhyme only." in scripted.asked()
