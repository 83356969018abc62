"""Other loops, threads, processes and interpreters; and the blocking twin."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

import copilot
from copilot import CopilotClient, sync
from copilot.rpc import PingRequest


def test_one_client_on_two_loops_in_turn(connect: Any) -> None:
    client = CopilotClient(connection=connect())
    asyncio.run(client.start())
    assert asyncio.run(client.ping("x")).message == "pong: x"
    asyncio.run(client.stop())


async def test_calls_from_another_loop(client: CopilotClient) -> None:
    def elsewhere() -> str:
        return asyncio.run(client.ping("thread")).message

    with concurrent.futures.ThreadPoolExecutor() as pool:
        loop = asyncio.get_running_loop()
        answers = await asyncio.gather(*(loop.run_in_executor(pool, elsewhere) for _ in range(8)))
    assert answers == ["pong: thread"] * 8


async def test_typed_calls(client: CopilotClient) -> None:
    result = await client.rpc.ping(PingRequest(message="m"))
    assert result.message == "pong: m"


async def test_rpc_before_start(connect: Any) -> None:
    client = CopilotClient(connection=connect())
    with pytest.raises(RuntimeError, match="not connected"):
        _ = client.rpc
    with pytest.raises(RuntimeError, match="not connected"):
        await client.ping()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
async def test_fork_is_refused(client: CopilotClient) -> None:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            client.ping().send(None)
        except RuntimeError as error:
            code = 0 if "fork" in str(error) else 2
        except BaseException:
            code = 3
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert (await client.ping("parent")).message == "pong: parent"


def test_sub_interpreter_gets_an_error() -> None:
    code = (
        "import _xxsubinterpreters as s, copilot._native\n"
        "i = s.create()\n"
        "s.run_string(i, 'try:\\n import copilot._native\\nexcept ImportError as e:\\n print(\"refused\", e)')\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(copilot.__file__).parents[1])}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert "No module named 'copilot'" not in run.stdout
    if "No module named '_xxsubinterpreters'" in run.stderr:
        pytest.skip("no sub-interpreters here")
    assert "refused" in run.stdout, run.stderr


SHUTDOWN = {
    "while a loop runs": """
        async def main():
            global client
            client = CopilotClient(connection=connection)
            await client.start()
            session = await client.create_session(on_event=lambda event: None)
            asyncio.create_task(session.send_and_wait("x"))
            await asyncio.sleep(0)
        asyncio.run(main())
    """,
    "after its loop": """
        client = CopilotClient(connection=connection)
        asyncio.run(client.start())
    """,
    "with the blocking twin": """
        client = sync.CopilotClient(connection=connection)
        client.start()
        client.create_session().send("x")
    """,
    "from another thread": """
        def run():
            global client
            client = sync.CopilotClient(connection=connection)
            client.start()
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    """,
}


@pytest.mark.parametrize("how", SHUTDOWN)
def test_interpreter_shutdown_with_a_live_client(how: str, fake_runtime: str, tmp_path: Path) -> None:
    record = tmp_path / "record"
    head = f"""
        import asyncio, threading
        from copilot import CopilotClient, RuntimeConnection, sync
        connection = RuntimeConnection.for_stdio(path={fake_runtime!r}, args=["--record", {str(record)!r}])
    """
    code = textwrap.dedent(head) + textwrap.dedent(SHUTDOWN[how]) + "print('done')\n"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr
    assert "Fatal" not in run.stderr
    pid = int(json.loads(record.read_text().splitlines()[0])["pid"])
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the runtime outlived the program"
        time.sleep(0.02)


def test_blocking_twin(connect: Any) -> None:
    with sync.CopilotClient(connection=connect()) as client:
        assert client.ping("x").message == "pong: x"
        with client.create_session() as session:
            stream = session.events("assistant.message")
            event = session.send_and_wait("hello")
            assert event is not None
            assert next(stream).id == event.id
            assert session.counters()["received"] == 8
        assert client.rpc.ping(PingRequest(message="y")).message == "pong: y"


def test_blocking_call_from_a_handler_is_refused(connect: Any) -> None:
    refused: list[BaseException] = []
    with sync.CopilotClient(connection=connect()) as client:
        session = client.create_session()

        def handler(event: Any) -> None:
            try:
                client.ping()
            except RuntimeError as error:
                refused.append(error)

        session.on(handler)
        session.send_and_wait("x")
    assert "wait for itself" in str(refused[0])


def test_import_is_light() -> None:
    code = "import sys, copilot; print(sorted({'asyncio', 'msgspec', 'pydantic', 'httpx'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
