"""Secrets do not show in Python: not in a repr, an error, a log, a warning, an output, or a command line.

What the engine itself leaves out is held by ``core/tests/canaries.rs``; both take their secrets from one file.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import re
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot import CopilotClient, CopilotSession, RuntimeConnection, sync

from .conftest import ROOT

GIVEN: dict[str, Any] = json.loads((ROOT / "tests" / "canaries.json").read_text())
MARK: str = GIVEN["mark"]


def snake(value: Any) -> Any:
    """Options as Python writes them. Headers and environments keep the names they have."""
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = ("env", "headers", "mcpServers")
    return {
        re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name): member if name in plain else snake(member)
        for name, member in value.items()
    }


def session_options() -> dict[str, Any]:
    options = snake(GIVEN["session"])
    options["github_token"] = options.pop("git_hub_token")
    return options  # type: ignore[no-any-return]


def client_options(runtime: str, kind: str) -> dict[str, Any]:
    env = {**GIVEN["env"], "PATH": os.environ["PATH"]}
    connection: RuntimeConnection
    if kind == "tcp":
        connection = RuntimeConnection.for_tcp(path=runtime, connection_token=GIVEN["connectionToken"])
        connection.env = env
        given: dict[str, Any] = {"connection": connection}
    else:
        given = {"connection": RuntimeConnection.for_stdio(path=runtime), "env": env}
    token, telemetry = GIVEN["client"]["gitHubToken"], snake(GIVEN["client"]["telemetry"])
    return {**given, "github_token": token, "telemetry": telemetry}


class Said:
    """Everything that anybody could read."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def shows(self, *things: object) -> None:
        for thing in things:
            self.texts += [repr(thing), str(thing), f"{thing}"]

    def fails(self, error: BaseException) -> None:
        self.shows(error, error.args)
        for name in ("data", "reason", "message", "__notes__"):
            self.shows(getattr(error, name, None))
        # Without the source lines, which are this file's.
        stack = traceback.TracebackException.from_exception(error, lookup_lines=False)
        self.texts += list(stack.format_exception_only())

    def none_holds_a_canary(self) -> None:
        assert self.texts
        leaks = [text for text in self.texts if MARK in text]
        assert not leaks, f"{len(leaks)} leaks: \n" + "\n".join(sorted({leak[:300] for leak in leaks}))


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Said]:
    caplog.set_level("DEBUG")
    found = Said()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield found
    found.texts += [record.getMessage() + (record.exc_text or "") for record in caplog.records]
    found.texts += [caplog.text, *capfd.readouterr(), *(str(each.message) for each in warned)]
    found.none_holds_a_canary()


def command_lines(runtime: int) -> Iterator[str]:
    """What anybody on this machine can read of this process and its children."""
    if not Path("/proc/self/cmdline").exists():
        return
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            pid = int(entry.name)
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if os.getpid() in (pid, parent) or pid == runtime:
                yield (entry / "cmdline").read_text()


@pytest.mark.parametrize("kind", ["stdio", "tcp"])
async def test_a_runtime_that_repeats_what_it_is_told(fake_runtime: str, kind: str, said: Said) -> None:
    options = client_options(fake_runtime, kind)
    said.shows(options["connection"])
    client = CopilotClient(**options)
    said.shows(client, client._options, client._inbox, client._inbox.native)
    await client.start()
    await client.request("fake.script", {"script": GIVEN["script"]})
    with pytest.raises(Exception, match="no:") as refused:
        await client.create_session(**session_options())
    said.fails(refused.value)
    session = await client.create_session(**session_options())
    said.shows(session, session.__dict__.get("_options"))
    with pytest.raises(Exception, match="bad header") as refused:
        await session.send("hello", request_headers=GIVEN["requestHeaders"])
    said.fails(refused.value)
    for call in GIVEN["calls"]:
        with pytest.raises(Exception, match="bad") as refused:
            await client.request(call["method"], call["params"])
        said.fails(refused.value)
    diagnostics = await client.diagnostics()
    said.shows(diagnostics)
    lines = list(command_lines(diagnostics["runtimePid"]))
    assert any("copilot-fake-runtime" in line for line in lines) or not lines
    said.texts += lines
    with pytest.raises(Exception, match="JSON") as refused:
        await client.request("test.broken", {"secret": GIVEN["session"]["provider"]["apiKey"]})
    said.fails(refused.value)
    with contextlib.suppress(Exception):
        await session.disconnect()
    await client.force_stop()


def keywords(function: Any) -> list[str]:
    names = inspect.signature(function).parameters
    return [name for name in names if name not in ("self", "connection", "extra")]


CANARY = f"{MARK}-wrong-type-0815"
# A text alone may be right, and where one of several words is expected, the error repeats it.
SHAPES: list[Any] = [[[CANARY]], {"token": CANARY}, [{"api_key": CANARY}], {"a": {"headers": CANARY}}, ({"a": CANARY},)]


@pytest.mark.parametrize("value", SHAPES, ids=lambda value: type(value).__name__)
async def test_values_of_the_wrong_type(fake_runtime: str, value: Any, said: Said) -> None:
    for name in keywords(CopilotClient.__init__):
        try:
            made = CopilotClient(connection=RuntimeConnection.for_stdio(path=fake_runtime), **{name: value})
            said.shows(made)
        except Exception as error:
            said.fails(error)
    assert len(said.texts) > 100
    async with CopilotClient(connection=RuntimeConnection.for_stdio(path=fake_runtime)) as client:
        for name in keywords(CopilotClient.create_session):
            try:
                said.shows(await client.create_session(**{name: value}))
            except Exception as error:
                said.fails(error)
        session: CopilotSession = await client.create_session()
        for name in keywords(CopilotSession.send):
            given = {"prompt": "hello", name: value}
            try:
                said.shows(await session.send(**given))
            except Exception as error:
                said.fails(error)
    for make in (RuntimeConnection.for_tcp, RuntimeConnection.for_uri):
        try:
            connection = make(
                **{"url": "1", "connection_token": value}
                if make is RuntimeConnection.for_uri
                else {"connection_token": value}
            )
            said.shows(connection, CopilotClient(connection=connection))
        except Exception as error:
            said.fails(error)


def test_secrets_of_the_wrong_type_in_the_blocking_twin(fake_runtime: str, said: Said) -> None:
    with sync.CopilotClient(connection=RuntimeConnection.for_stdio(path=fake_runtime)) as client:
        said.shows(client)
        for options in ({"github_token": [CANARY]}, {"provider": CANARY}, {"mcp_servers": CANARY}):
            with pytest.raises(TypeError) as refused:
                client.create_session(**options)
            said.fails(refused.value)


async def test_handlers_that_fail_or_answer_in_the_wrong_shape(fake_runtime: str, said: Said) -> None:
    """The token itself is in the wrong place; what a handler raises is its own text, and not tested here."""

    async def token(args: Any) -> Any:
        return {"kind": "token", "accessToken": [CANARY], "expiresIn": CANARY}

    async with CopilotClient(connection=RuntimeConnection.for_stdio(path=fake_runtime)) as client:
        session = await client.create_session(github_token_provider=token)
        sent = await client.request("fake.received", {"method": "session.create"})
        registration = sent["messages"][0]["params"]["gitHubTokenProviderRegistrationId"]
        params = {"registrationId": registration, "host": "h", "reason": "initial"}
        answer = await client.request("fake.request", {"method": "gitHubToken.getToken", "params": params})
        assert "error" in answer
        said.shows(answer, session)
