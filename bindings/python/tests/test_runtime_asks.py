"""What the runtime asks of the program beside a conversation, and what it is told about the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot import (
    CanvasDeclaration,
    CanvasHandler,
    CopilotClient,
    CopilotSession,
    GitHubTokenProviderArgs,
    GitHubTokenProviderResult,
    RuntimeConnection,
)
from copilot.installation_confirmation import InstallationConfirmationContext, InstallationConfirmationDecision
from copilot.rpc import (
    CanvasProviderOpenRequest,
    CanvasProviderOpenResult,
    ExtensionLaunchProfile,
    ExtensionLaunchProviderResolveRequest,
    ExtensionLaunchProviderResolveResult,
    SkillProviderDescriptor,
)

Connect = Callable[..., RuntimeConnection]


async def ask(client: CopilotClient, method: str, params: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await client.request("fake.request", {"method": method, "params": params})
    return answer


async def first_create(client: CopilotClient) -> dict[str, Any]:
    received = await client.request("fake.received", {"method": "session.create"})
    params: dict[str, Any] = received["messages"][0]["params"]
    return params


class Skills:
    async def list_skills(self) -> list[SkillProviderDescriptor]:
        return [SkillProviderDescriptor(name="brew", description="Brews tea")]

    def read_skill(self, name: str) -> str | None:
        return "# Brew" if name == "brew" else None


async def test_skills(client: CopilotClient) -> None:
    session = await client.create_session(skill_provider=Skills())
    assert (await first_create(client))["hasSkillProvider"] is True
    answer = await ask(client, "skillProvider.list", {"sessionId": session.session_id})
    assert answer["result"] == {"skills": [{"name": "brew", "description": "Brews tea"}]}
    for name, markdown in (("brew", "# Brew"), ("other", None)):
        answer = await ask(client, "skillProvider.read", {"sessionId": session.session_id, "name": name})
        assert answer["result"] == {"markdown": markdown}


async def test_github_tokens(client: CopilotClient) -> None:
    asked: list[GitHubTokenProviderArgs] = []

    async def token(args: GitHubTokenProviderArgs) -> GitHubTokenProviderResult:
        asked.append(args)
        return {"kind": "token", "accessToken": "t", "expiresIn": 3600}

    await client.create_session(github_token_provider=token)
    registration = (await first_create(client))["gitHubTokenProviderRegistrationId"]
    wanted = {"registrationId": registration, "host": "github.com", "reason": "initial"}
    answer = await ask(client, "gitHubToken.getToken", wanted)
    assert answer["result"] == {"kind": "token", "accessToken": "t", "expiresIn": 3600}
    assert asked[0]["session_id"] is None
    assert asked[0]["reason"].value == "initial"
    with pytest.raises(ValueError, match="mutually exclusive"):
        await client.create_session(github_token="t", github_token_provider=token)


class Launcher:
    async def resolve(self, params: ExtensionLaunchProviderResolveRequest) -> ExtensionLaunchProviderResolveResult:
        profile = ExtensionLaunchProfile(executable="node", args=[params.module_path], env={})
        return ExtensionLaunchProviderResolveResult(launch=profile)


async def test_extension_launch_and_client_info(connect: Connect, tmp_path: Path) -> None:
    script = [{"on": {"method": "registerExtensionLaunchProvider"}, "do": [{"reply": {"result": None}}]}]
    info = {"application_name": "Editor", "application_version": "1", "integration_name": "ext"}
    client = CopilotClient(
        connection=connect(script),
        extension_launch_provider=Launcher(),
        client_info=info,  # type: ignore[arg-type]
    )
    async with client:
        hello = await client.request("fake.received", {"method": "connect"})
        expected = {"editorName": "Editor", "editorVersion": "1", "extensionName": "ext"}
        assert hello["messages"][0]["params"]["clientInfo"] == expected
        wanted = {"id": "e", "name": "E", "modulePath": "/e.js", "source": "user"}
        answer = await ask(client, "extensionLaunchProvider.resolve", wanted)
        assert answer["result"] == {"launch": {"executable": "node", "args": ["/e.js"], "env": {}}}


class Board(CanvasHandler):
    def __init__(self) -> None:
        self.opened: list[CanvasProviderOpenRequest] = []

    async def on_open(self, ctx: CanvasProviderOpenRequest) -> CanvasProviderOpenResult:
        self.opened.append(ctx)
        return CanvasProviderOpenResult(url="http://board")


async def test_canvases(client: CopilotClient) -> None:
    board = Board()
    session: CopilotSession = await client.create_session(
        canvases=[CanvasDeclaration("board", "Board", "A board")], canvas_handler=board
    )
    where = {"sessionId": session.session_id, "canvasId": "board", "instanceId": "i", "extensionId": "e"}
    answer = await ask(client, "canvas.open", {**where, "input": {"size": 2}})
    assert answer["result"] == {"url": "http://board"}
    assert (board.opened[0].session_id, board.opened[0].input) == (session.session_id, {"size": 2})
    answer = await ask(client, "canvas.action.invoke", {**where, "actionName": "clear"})
    assert answer["error"]["data"]["code"] == "canvas_action_no_handler"
    assert (await ask(client, "canvas.close", where))["result"] is None


async def test_installations_are_confirmed(connect: Connect) -> None:
    asked: list[Any] = []

    def confirm(request: Any, context: InstallationConfirmationContext) -> InstallationConfirmationDecision:
        asked.append((request["review"]["resource"], context.cancelled.is_set()))
        return "decline"

    async with CopilotClient(connection=connect(), installation_confirmation_handler=confirm) as client:
        review = {"confirmationId": "c", "reviewFingerprint": "f", "review": {"resource": "mcp", "review": {}}}
        answer = await ask(client, "installations.confirm", review)
    assert answer["result"] == {"confirmationId": "c", "reviewFingerprint": "f", "decision": "decline"}
    assert asked == [("mcp", False)]
