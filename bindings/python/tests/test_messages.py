"""What a program is told that gives something wrong: the option as it wrote it, what was expected, what it gave."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot import CopilotClient, RuntimeConnection, Tool
from copilot._errors import CopilotError


def stdio(path: Path) -> RuntimeConnection:
    return RuntimeConnection.for_stdio(path=path)


HERE = stdio(Path(os.environ["COPILOT_FAKE_RUNTIME"]))


def shown(value: object) -> str:
    """The message stands for the case."""
    return value if isinstance(value, str) else ""


def plain(city: str) -> str:
    return city


SESSION: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"model": 5}, TypeError, "model: expected a string, got 5"),
    ({"streaming": [1]}, TypeError, "streaming: expected true or false, got a list"),
    ({"system_message": "text"}, TypeError, "system_message: expected an object, got a string"),
    ({"provider": "openai"}, TypeError, "provider: expected an object, got a string"),
    ({"mcp_servers": [1]}, TypeError, "mcp_servers: expected an object, got a list"),
    ({"skill_directories": "x"}, TypeError, "skill_directories: expected a list, got a string"),
    ({"github_token": 12345678}, TypeError, "github_token: expected a string, got a number"),
    ({"tools": [plain]}, TypeError, "tools[0]: expected a Tool, got <function plain"),
    ({"tools": plain}, TypeError, "tools: expected a list of Tool, got <function plain"),
    ({"tools": [Tool("a", ""), Tool(5, "")]}, TypeError, "tools[1].name: expected a string, got 5"),  # type: ignore[arg-type]
    (
        {"tools": [Tool("a", "", parameters={"type": "string"})]},
        TypeError,
        'tool "a": parameters must be a JSON Schema of an object ("type": "object"), got "type": "string"',
    ),
    ({"hooks": [plain]}, TypeError, "hooks: expected a mapping of functions, got a list"),
    ({"hooks": {"on_pre_tool_use": 5}}, TypeError, "hooks['on_pre_tool_use']: expected a function, got 5"),
    ({"on_permission_request": 5}, ValueError, "on_permission_request must be callable"),
    ({"available_tools": "bash"}, TypeError, "a tool filter must be a list of names or a ToolSet, not str"),
]


@pytest.mark.parametrize(("options", "kind", "said"), SESSION, ids=shown)
async def test_sessions(client: CopilotClient, options: dict[str, Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as refused:
        await client.create_session(**options)
    assert str(refused.value).startswith(said)
    # Nothing was begun that would stay.
    assert (await client.diagnostics())["openSessions"] == 0


CLIENT: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: CopilotClient(connection="localhost:1"),  # type: ignore[arg-type]
        TypeError,
        "connection: expected a RuntimeConnection, got a string; RuntimeConnection.for_uri() makes one of an address",
    ),
    (lambda: CopilotClient(connection=HERE, env=["a"]), TypeError, "env: expected a mapping of strings, got a list"),  # type: ignore[arg-type]
    (lambda: CopilotClient(connection=HERE, env={"MyKey": 1}), TypeError, "env.MyKey: expected a string, got a number"),  # type: ignore[dict-item]
    (
        lambda: CopilotClient(connection=HERE, github_token=5),
        TypeError,
        "github_token: expected a string, got a number",
    ),  # type: ignore[arg-type]
    (
        lambda: CopilotClient(connection=HERE, mode="wild"),
        ValueError,
        'mode is "wild"; expected one of copilot-cli, empty',
    ),  # type: ignore[arg-type]
    (
        lambda: RuntimeConnection.for_uri(None),  # type: ignore[arg-type]
        TypeError,
        "url: expected an address such as 'localhost:3000', got None",
    ),
    (
        lambda: RuntimeConnection.for_stdio(args="--flag"),
        TypeError,
        "args: expected a list of strings, got a string",
    ),
]


@pytest.mark.parametrize(("make", "kind", "said"), CLIENT, ids=shown)
def test_clients(make: Callable[[], Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as refused:
        make()
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"timeout": "2"}, TypeError, "timeout: expected a number of seconds, got a string"),
        ({"timeout": -1}, ValueError, "timeout: must be a number, 0 or more"),
        ({"inactivity_timeout": "2"}, TypeError, "inactivity_timeout: expected a number of seconds, got a string"),
        ({"attachments": "x"}, TypeError, "attachments: expected a list, got a string"),
        ({"until": "never"}, ValueError, 'until is "never"; expected one of idle, foreground'),
        ({"prompt": 5}, TypeError, "prompt: expected a string, got 5"),
        ({"prompt": None}, TypeError, "prompt: expected a string, got None"),
    ],
)
async def test_messages(client: CopilotClient, options: dict[str, Any], kind: type[Exception], said: str) -> None:
    session = await client.create_session()
    with pytest.raises(kind) as refused:
        await session.send_and_wait(**{"prompt": "x", **options})
    assert str(refused.value) == said


async def test_flags_are_taken_as_programs_write_them(client: CopilotClient) -> None:
    await client.create_session(streaming="yes")  # type: ignore[arg-type]
    sent = await client.request("fake.received", {"method": "session.create"})
    assert sent["messages"][-1]["params"]["streaming"] is True


async def test_an_unknown_hook_is_warned_of(client: CopilotClient) -> None:
    with pytest.warns(UserWarning, match="'on_pre_tol_use' is not the name of a hook; did you mean 'on_pre_tool_use'?"):
        await client.create_session(hooks={"on_pre_tol_use": plain})  # type: ignore[typeddict-unknown-key]


@pytest.mark.parametrize(
    ("options", "kind", "number"),
    [
        (
            lambda folder: {"connection": RuntimeConnection.for_stdio(path=folder / "nope")},
            FileNotFoundError,
            errno.ENOENT,
        ),
        (
            lambda folder: {"connection": RuntimeConnection.for_stdio(path=folder / "text")},
            PermissionError,
            errno.EACCES,
        ),
        (lambda folder: {"working_directory": folder / "nope"}, FileNotFoundError, errno.ENOENT),
        (lambda folder: {"working_directory": folder / "text"}, NotADirectoryError, errno.ENOTDIR),
    ],
)
async def test_what_cannot_be_started_is_an_os_error(
    tmp_path: Path, options: Callable[[Path], dict[str, Any]], kind: type[OSError], number: int
) -> None:
    (tmp_path / "text").write_text("no program")
    given = options(tmp_path)
    fake = RuntimeConnection.for_stdio(path=os.environ["COPILOT_FAKE_RUNTIME"])
    client = CopilotClient(**{"connection": fake, **given})
    with pytest.raises(kind) as refused:
        await client.start()
    error = refused.value
    assert isinstance(error, CopilotError)
    assert isinstance(error, RuntimeError)
    assert (error.errno, str(tmp_path) in str(error.filename)) == (number, True)
    assert str(tmp_path) in str(error)
    assert error.kind in ("RuntimeNotFound", "SpawnFailed")


async def test_paths_are_taken_wherever_there_is_one(tmp_path: Path) -> None:
    connection = RuntimeConnection.for_stdio(path=Path(os.environ["COPILOT_FAKE_RUNTIME"]))
    async with CopilotClient(connection=connection, working_directory=tmp_path, base_directory=tmp_path) as client:
        session = await client.create_session(working_directory=tmp_path, skill_directories=[tmp_path])
        attachment: Any = {"type": "file", "path": tmp_path / "a"}
        await session.send("x", attachments=[attachment])
        sent = await client.request("fake.received", {})
    params = {message["method"]: message.get("params") for message in sent["messages"]}
    assert params["session.create"]["workingDirectory"] == str(tmp_path)
    assert params["session.create"]["skillDirectories"] == [str(tmp_path)]
    assert params["session.send"]["attachments"][0]["path"] == str(tmp_path / "a")


async def test_white_space_behind_an_address_is_no_part_of_it() -> None:
    client = CopilotClient(connection=RuntimeConnection.for_uri("localhost:1 \n"))
    with pytest.raises(Exception, match="Failed to connect to CLI server at localhost:1:"):
        await client.start()


@pytest.mark.parametrize("handler", [None, 5, "text"])
async def test_listeners_are_functions(client: CopilotClient, handler: Any) -> None:
    session = await client.create_session()
    with pytest.raises(TypeError, match="takes a function of one event"):
        session.on(handler)


SECRET = "canary-0123456789"


@pytest.mark.parametrize(
    "give",
    [
        lambda: CopilotClient(connection=HERE, env=[f"TOKEN={SECRET}"]),  # type: ignore[arg-type]
        lambda: CopilotClient(connection=SECRET),  # type: ignore[arg-type]
        lambda: CopilotClient(connection=HERE, telemetry=SECRET),  # type: ignore[arg-type]
        lambda: RuntimeConnection.for_stdio(args=f"--token={SECRET}"),
        lambda: RuntimeConnection.for_uri([SECRET]),  # type: ignore[arg-type]
    ],
)
def test_a_secret_in_the_wrong_place_does_not_show(give: Callable[[], Any]) -> None:
    with pytest.raises(TypeError) as refused:
        give()
    assert SECRET not in str(refused.value)
    assert SECRET not in str(getattr(refused.value, "__notes__", ""))


@pytest.mark.parametrize("option", ["provider", "mcp_servers", "hooks", "tools", "system_message"])
@pytest.mark.parametrize("value", [SECRET, [SECRET], [{"headers": SECRET}]])
async def test_nor_in_an_option_of_a_session(client: CopilotClient, option: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        await client.create_session(**{option: value})
    assert SECRET not in str(refused.value)
