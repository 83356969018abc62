"""Hosts for the Agent Host Protocol, and actions on the main thread."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot import CopilotClient, CopilotSession, RuntimeConnection, sync
from copilot.client import JsonRpcError
from copilot.host import (
    AhpAuthenticationRequest,
    AhpAuthenticationResult,
    AhpHost,
    AhpHostAuthentication,
    AhpHostExit,
    AhpHostOptions,
    AhpSessionAuthentication,
    AhpSessionCreateRequest,
    AhpSessionResumeRequest,
)
from copilot.rpc import HostExitReason, HostLocalServerOptions

Connect = Callable[..., RuntimeConnection]


def _tells(method: str, name: str) -> dict[str, Any]:
    return {
        "on": {"method": name},
        "do": [{"notify": {"method": method, "params": "$params"}}, {"reply": {"result": {}}}],
    }


SCRIPT = [
    {"on": {"method": "host.start"}, "do": [{"reply": {"result": {"hostId": "$params.hostId", "url": "ws://x"}}}]},
    {"on": {"method": "host.listSessions"}, "do": [{"reply": {"result": {"sessions": []}}}]},
    {"on": {"method": "host.dispose"}, "do": [{"reply": {"result": {}}}]},
    _tells("host.sessionReleased", "fake.release"),
    _tells("host.exited", "fake.end"),
    _tells("host.authenticationCancelled", "fake.cancelAuthentication"),
]
CONFIG = {
    "sessionId": "s1",
    "workingDirectory": "/w",
    "provider": {"type": "openai", "baseUrl": "http://127.0.0.1:9"},
    "ofTomorrow": True,
}


async def ask(client: CopilotClient, method: str, **params: Any) -> Any:
    return await client.request("fake.request", {"method": method, "params": params})


async def received(client: CopilotClient, method: str) -> Any:
    return (await client.request("fake.received", {"method": method}))["messages"][0]["params"]


async def test_sessions_are_handed_over(connect: Connect) -> None:
    asked: list[Any] = []
    released: list[CopilotSession] = []
    exits: list[AhpHostExit] = []
    over = asyncio.Event()

    async def create(request: AhpSessionCreateRequest) -> CopilotSession:
        asked.append(request)
        return await client.create_session(**request.config)

    async def resume(request: AhpSessionResumeRequest) -> CopilotSession:
        asked.append(request)
        return await client.resume_session(request.session_id, **request.config)

    def exited(exit: AhpHostExit) -> None:
        exits.append(exit)
        over.set()

    options = AhpHostOptions(
        local_server=HostLocalServerOptions(hostname="127.0.0.1", port=0),
        create_session=create,
        resume_session=resume,
        on_session_released=released.append,
        on_exit=exited,
        workspace="w",
    )
    async with CopilotClient(connection=connect(SCRIPT)) as client:
        async with await client.start_ahp_host(options) as host:
            assert isinstance(host, AhpHost)
            assert (host.url, host.token) == ("ws://x", None)
            assert (await host.list_sessions()).sessions == []
            assert await received(client, "host.start") == {
                "hostId": host.host_id,
                "localServer": {"hostname": "127.0.0.1", "port": 0},
                "workspace": "w",
                "sessionFactory": True,
                "resumeFactory": True,
            }
            at = {"hostId": host.host_id, "config": CONFIG}
            who = {"mode": "github", "identity": "ada"}
            answer = await ask(client, "host.materializeSession", handoffId="h1", authentication=who, **at)
            assert answer == {"result": {"sessionId": "s1"}}
            created = await received(client, "session.create")
            assert {name: created[name] for name in CONFIG} == CONFIG
            assert asked[0].authentication == AhpSessionAuthentication("github", "ada")
            assert not asked[0].cancellation_event.is_set()
            answer = await ask(client, "host.materializeSession", handoffId="h2", resume=True, **at)
            assert answer == {"result": {"sessionId": "s1"}}
            resumed = await received(client, "session.resume")
            assert {name: resumed[name] for name in CONFIG} == CONFIG
            assert (asked[1].session_id, asked[1].authentication.mode) == ("s1", "none")
            await client.request("fake.release", {"hostId": host.host_id, "handoffId": "h2"})
        await client.request("fake.end", {"hostId": host.host_id, "reason": "disposed"})
        await asyncio.wait_for(over.wait(), 10)
        assert [session.session_id for session in released] == ["s1"]
        assert exits[0].reason is HostExitReason.DISPOSED
    assert len(exits) == 1


async def test_tokens(connect: Connect) -> None:
    cancelled: list[asyncio.Event] = []
    begun = asyncio.Event()

    async def authenticate(request: AhpAuthenticationRequest) -> AhpAuthenticationResult | None:
        assert request.token not in repr(request)
        if request.token == "slow":
            cancelled.append(request.cancellation_event)
            begun.set()
            await asyncio.Event().wait()
        return AhpAuthenticationResult("ada", "2999-01-01T00:00:00Z") if request.token == "good" else None

    options = AhpHostOptions(
        local_server=HostLocalServerOptions(), authentication=AhpHostAuthentication("custom", "ada", authenticate)
    )
    async with CopilotClient(connection=connect(SCRIPT)) as client:
        host = await client.start_ahp_host(options)
        at = {"hostId": host.host_id}
        answer = await ask(client, "host.validateAuthentication", requestId="1", token="good", **at)
        assert answer == {"result": {"identity": "ada", "expiresAt": "2999-01-01T00:00:00Z"}}
        assert await ask(client, "host.validateAuthentication", requestId="2", token="bad", **at) == {"result": None}
        slow = asyncio.create_task(ask(client, "host.validateAuthentication", requestId="3", token="slow", **at))
        await asyncio.wait_for(begun.wait(), 10)
        await client.request("fake.cancelAuthentication", {"requestId": "3", **at})
        assert await slow == {"result": None}
        await asyncio.wait_for(cancelled[0].wait(), 10)


async def test_a_host_that_does_not_start(connect: Connect) -> None:
    with pytest.raises(ValueError, match="local_server"):
        await CopilotClient(connection=connect()).start_ahp_host(AhpHostOptions())
    refuse = [{"on": {"method": "host.start"}, "do": [{"reply": {"error": {"code": -32603, "message": "no port"}}}]}]
    async with CopilotClient(connection=connect(refuse)) as client:
        with pytest.raises(JsonRpcError, match="no port"):
            await client.start_ahp_host(AhpHostOptions(local_server=HostLocalServerOptions()))


def test_actions_run_where_the_program_says(fake_runtime: str, tmp_path: Path) -> None:
    # In a process of its own: each can load one runtime's library only.
    (tmp_path / "fake-runtime").write_text(fake_runtime)
    env = {**os.environ, "COPILOT_CLI_PATH": os.environ["COPILOT_FAKE_LIBRARY"]}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("ui_thread.py")), str(tmp_path)],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["answer"] == {"result": None}
    assert seen["ran"]["params"] == {"actionId": 7}
    assert seen["threads"] == ["main-window"]
    assert "UI action 7" in seen["failures"][0]


def test_the_blocking_twin(connect: Connect) -> None:
    over = threading.Event()
    released: list[Any] = []

    def create(request: AhpSessionCreateRequest) -> Any:
        return client.create_session(**request.config)

    options = AhpHostOptions(
        local_server=HostLocalServerOptions(),
        create_session=create,
        on_session_released=released.append,
        on_exit=lambda _: over.set(),
    )
    with sync.CopilotClient(connection=connect(SCRIPT)) as client:
        with client.start_ahp_host(options) as host:
            at = {"hostId": host.host_id, "handoffId": "h", "config": {"sessionId": "s1"}}
            answer = client.request("fake.request", {"method": "host.materializeSession", "params": at})
            assert answer == {"result": {"sessionId": "s1"}}
            assert host.list_sessions().sessions == []
            client.request("fake.release", at)
        client.request("fake.end", {"hostId": host.host_id, "reason": "disposed"})
        assert over.wait(10)
        assert [type(session) for session in released] == [sync.CopilotSession]
