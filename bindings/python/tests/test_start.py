"""Starting a runtime, and every way in which that goes wrong: a typed error in bounded time, nothing left running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from copilot import CopilotClient, RuntimeConnection
from copilot._jsonrpc import JsonRpcError, ProcessExitedError

stdio = RuntimeConnection.for_stdio


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


def recorded_pid(path: Path) -> int:
    return int(json.loads(path.read_text().splitlines()[0])["pid"])


async def failure(connection: RuntimeConnection, **options: Any) -> BaseException:
    client = CopilotClient(connection=connection, **options)
    started = time.monotonic()
    with pytest.raises(Exception) as caught:  # noqa: PT011
        await client.start()
    assert time.monotonic() - started < 8
    await client.force_stop()
    return caught.value


async def test_diagnostics_tell_the_phases_of_a_start(connect: Any) -> None:
    client = CopilotClient(connection=connect())
    before = await client.diagnostics()
    assert (before["state"], before["start"], before["counters"]["calls"]) == ("disconnected", None, 0)
    await client.start()
    await client.ping()
    seen = await client.diagnostics()
    assert (seen["state"], seen["start"]["outcome"], seen["protocolVersion"]) == ("connected", "ok", 3)
    timings = seen["start"]["timings"]
    assert 0 < timings["handshake"] <= timings["total"]
    assert seen["counters"]["calls"] == 2
    await client.stop()
    lost = CopilotClient(connection=stdio(path="/nowhere/copilot"))
    with pytest.raises(RuntimeError):
        await lost.start()
    assert (await lost.diagnostics())["start"]["phase"] == "locate"


async def test_context_manager(connect: Any, tmp_path: Path) -> None:
    record = tmp_path / "r.jsonl"
    async with CopilotClient(connection=connect(record=record)) as client:
        assert (await client.ping("hi")).message == "pong: hi"
        assert (await client.get_status()).protocol_version == 3
    assert await gone(recorded_pid(record))


async def test_wrong_path() -> None:
    error = await failure(stdio(path="/no/such/runtime"))
    assert isinstance(error, RuntimeError)
    assert "Copilot CLI not found" in str(error)


async def test_exits_at_once(connect: Any) -> None:
    error = await failure(connect({"onStart": [{"stderr": "no licence\n"}], "exitAtStart": 3}))
    assert isinstance(error, RuntimeError)
    assert "stderr" in str(error)
    assert "no licence" in str(error)


async def test_port_never_announced(fake_runtime: str, tmp_path: Path) -> None:
    args = ["--script-json", '{"announce": false}', "--record", str(tmp_path / "r")]
    connection = RuntimeConnection.for_tcp(path=fake_runtime, args=args)
    error = await failure(connection, start_timeout=0.5)
    assert isinstance(error, RuntimeError)
    assert await gone(recorded_pid(tmp_path / "r"))


async def test_wrong_token(fake_runtime: str) -> None:
    env = {**os.environ, "COPILOT_CONNECTION_TOKEN": "right"}
    server = subprocess.Popen([fake_runtime], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = server.stdout.readline().split()[-1]
    try:
        error = await failure(RuntimeConnection.for_uri(f"localhost:{port}", connection_token="wrong"))
        assert isinstance(error, JsonRpcError)
        assert "AUTHENTICATION_FAILED" in str(error)
    finally:
        server.kill()
        server.communicate()


async def test_unsupported_version(connect: Any) -> None:
    answer = {"reply": {"result": {"protocolVersion": 99, "version": "x"}}}
    rules = [{"on": {"method": name}, "do": [answer]} for name in ("connect", "ping")]
    error = await failure(connect(rules))
    assert "SDK protocol version mismatch" in str(error)


async def test_not_a_runtime() -> None:
    error = await failure(stdio(path="/bin/echo"))
    assert isinstance(error, RuntimeError)


async def test_frame_that_is_not_json(connect: Any) -> None:
    error = await failure(connect({"onConnect": [{"raw": {"body": "this is not JSON"}}]}))
    assert isinstance(error, RuntimeError)
    assert "not JSON" in str(error)


@pytest.mark.parametrize("url", ["nonsense", "a:b:c", "host:0", "host:70000", "host:x"])
async def test_bad_url(url: str) -> None:
    with pytest.raises(ValueError, match=r"cli_url"):
        CopilotClient(connection=RuntimeConnection.for_uri(url))


async def test_killed_while_waiting(connect: Any, tmp_path: Path) -> None:
    record = tmp_path / "r"
    client = CopilotClient(connection=connect([{"on": {"method": "x"}, "do": [{"noReply": True}]}], record))
    await client.start()
    waiting = asyncio.ensure_future(client.request("x"))
    await asyncio.sleep(0.05)
    os.kill(recorded_pid(record), signal.SIGKILL)
    with pytest.raises(ProcessExitedError):
        await asyncio.wait_for(waiting, 5)
    with pytest.raises(Exception):  # noqa: B017, PT011
        await client.ping()
    await client.force_stop()


HOST = """
import asyncio, sys, time, gc
from copilot import CopilotClient, RuntimeConnection

async def main():
    client = CopilotClient(connection=RuntimeConnection.for_stdio(path=sys.argv[1], args=["--record", sys.argv[2]]))
    await client.start()
    session = await client.create_session()
    print("ready", flush=True)
    if sys.argv[3] == "wait":
        time.sleep(60)
    if sys.argv[3] == "drop":
        del client, session
        gc.collect()
        await asyncio.sleep(1)
        print("dropped", flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


def host(fake_runtime: str, record: Path, how: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(HOST), fake_runtime, str(record), how]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


async def test_killed_host_leaves_nothing(fake_runtime: str, tmp_path: Path) -> None:
    process = host(fake_runtime, tmp_path / "r", "wait")
    pid = recorded_pid(tmp_path / "r")
    assert alive(pid)
    process.kill()
    process.communicate()
    assert await gone(pid)


async def test_dropped_client_leaves_nothing(fake_runtime: str, tmp_path: Path) -> None:
    process = host(fake_runtime, tmp_path / "r", "drop")
    pid = recorded_pid(tmp_path / "r")
    assert process.stdout is not None
    assert process.stdout.readline() == "dropped\n"
    assert await gone(pid)
    process.communicate("\n")
    assert process.returncode == 0


async def test_exit_with_a_live_client(fake_runtime: str, tmp_path: Path) -> None:
    process = host(fake_runtime, tmp_path / "r", "exit")
    pid = recorded_pid(tmp_path / "r")
    process.communicate(timeout=10)
    assert process.returncode == 0
    assert await gone(pid)


async def test_the_environment_is_read_when_the_runtime_starts(connect: Any) -> None:
    env = dict(os.environ)
    client = CopilotClient(connection=connect(), env=env)
    env["ADDED_LATER"] = "yes"
    client._options.env["ADDED_THERE"] = "too"
    await client.create_session()
    seen = (await client.request("fake.info"))["env"]
    assert (seen["ADDED_LATER"], seen["ADDED_THERE"]) == ("yes", "too")
    await client.stop()
    assert "ADDED" not in repr(client._options)
