"""One program of a door at work, with the runtime that it meets and the means to disturb both."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from doors import Door, debug

#: Seconds that anything may take before it counts as hanging; a busy machine needs a part of it.
PATIENCE = 90.0
MARK = "FAULTS_CELL"


class Fault(Exception):
    """What went wrong, in a few words."""


def eventually(holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Fault(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)


def carriers(mark: str) -> dict[int, str]:
    """The processes that have the mark in their environment, with their command lines."""
    wanted = f"{MARK}={mark}".encode()
    seen = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    # One that ended and was not waited for has no environment, so it is not among these.
                    seen[int(folder.name)] = line.strip()
    return seen


def state_of(pid: int) -> tuple[int, int, int]:
    """Descriptors, threads and resident KiB of a process."""
    folder = Path(f"/proc/{pid}")
    status = (folder / "status").read_text()
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir())), memory


class Cell:
    """One fault through one door."""

    def __init__(self, door: Door) -> None:
        self.door, self.mark = door, uuid.uuid4().hex
        self.folder = tempfile.TemporaryDirectory(prefix="faults-")
        self.home = Path(self.folder.name)
        self.recording = self.home / "recording.jsonl"
        #: Options of the program's session.
        self.session: dict[str, Any] = {"streaming": True}
        self.model: subprocess.Popen[str] | None = None
        self.model_url = ""
        self.host: subprocess.Popen[str] | None = None
        self.lines: list[str] = []
        self.reader: threading.Thread | None = None
        self.wrapped = 0

    # -- what the program meets ------------------------------------------------------------------------------------

    def fake(self, script: Any = None, before: str = "", detached: bool = False, record: bool = True) -> Path:
        """A program that is the fake runtime with this script; `before` is shell that runs in front of it."""
        file = self.home / "script.json"
        file.write_text(json.dumps(script if script is not None else []))
        words = [os.environ.get("COPILOT_FAKE_RUNTIME", str(debug() / "copilot-fake-runtime"))]
        words += ["--detached"] if detached else []
        words += ["--script", str(file), *(["--record", str(self.recording)] if record else [])]
        (self.home / "fake-runtime").write_text("\n".join(words) + "\n")
        return self.wrapper(before, words)

    def wrapper(self, before: str, words: list[str]) -> Path:
        path = self.home / f"runtime-{self.wrapped}"
        self.wrapped += 1
        path.write_text(f'#!/bin/sh\n{before}\nexec {" ".join(words)} "$@"\n')
        path.chmod(0o755)
        return path

    def scripted_model(self, script: Any) -> None:
        file = self.home / "model.json"
        file.write_text(json.dumps(script))
        program = os.environ.get("COPILOT_SCRIPTED_MODEL", str(debug() / "copilot-scripted-model"))
        command = [program, "--script", str(file)]
        self.model = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.model.stdout is not None
        self.model_url = self.model.stdout.readline().split()[-1]

    def model_asked(self) -> bool:
        with urllib.request.urlopen(f"{self.model_url.removesuffix('/v1')}/_requests") as answer:
            return len(json.load(answer)) > 0

    # -- the program -----------------------------------------------------------------------------------------------

    def start(
        self,
        mode: str,
        runtime: Path,
        connection: str = "stdio",
        *,
        under: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        **plan: object,
    ) -> None:
        """Starts the program with this plan: below a command, and with these variables, if there are any."""
        (self.home / "copilot").mkdir(exist_ok=True)
        with open(self.home / "stderr", "wb") as stderr:
            self.host = subprocess.Popen(
                [*under, *self.door.command],
                env=self.environment(mode, runtime, connection, plan) | dict(env or {}),
                cwd=self.home,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def environment(self, mode: str, runtime: Path, connection: str, plan: Mapping[str, object]) -> dict[str, str]:
        session = dict(self.session)
        if self.model_url:
            session |= {
                "model": "scripted",
                "provider": {"type": "openai", "baseUrl": self.model_url, "apiKey": "none"},
            }
        env = {**os.environ, "COPILOT_HOME": str(self.home / "copilot"), MARK: self.mark, **self.door.env}
        env |= {"FAULTS_MODE": mode, "FAULTS_RUNTIME": str(runtime), "FAULTS_CONNECTION": connection}
        env |= {
            "FAULTS_SESSION": json.dumps(session),
            "FAULTS_HOME": str(self.home) if connection == "inprocess" else "",
        }
        return env | {f"FAULTS_{name}": str(value) for name, value in plan.items()}

    def _read(self) -> None:
        assert self.host is not None
        assert self.host.stdout is not None
        for line in self.host.stdout:
            self.lines.append(line.strip())

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self.host is not None
        return self.host

    def said(self, line: str, times: int = 1) -> None:
        """Waits until the program has written this line."""
        self.while_running(lambda: self.lines.count(line) >= times, f"the line {line!r}")

    def while_running(self, holds: Callable[[], bool], what: str) -> None:
        eventually(lambda: holds() or self.process.poll() is not None, what)
        if not holds():
            raise Fault(f"the program ended before {what}: {self.lines[-1:]} {self.stderr()}")

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        """Waits for the program's end."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Fault(f"hangs; it had said {self.lines[-2:]}, {self.stderr()}") from None
        if self.reader is not None:
            self.reader.join(5)
        return code

    def result(self) -> dict[str, str]:
        code = self.ended()
        if code != 0 or not self.lines or not self.lines[-1].startswith("{"):
            raise Fault(f"the program ended with {code}: {self.stderr()}")
        result: dict[str, str] = json.loads(self.lines[-1])
        if result["force"]:
            raise Fault(f"force_stop failed: {result['force']}")
        return result

    def stderr(self) -> str:
        return (self.home / "stderr").read_text(errors="replace").strip()[-400:]

    # -- the runtime -----------------------------------------------------------------------------------------------

    def recorded(self) -> list[dict[str, Any]]:
        if not self.recording.exists():
            return []
        text = self.recording.read_text(errors="replace")
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def runtime_pid(self) -> int:
        return int(next(line["pid"] for line in reversed(self.recorded()) if line["dir"] == "start"))

    def received(self, method: str) -> None:
        """Waits until the fake runtime has got such a message; `start`: until it runs."""

        def holds() -> bool:
            lines = self.recorded()
            if method == "start":
                return any(line["dir"] == "start" for line in lines)
            return any(line["dir"] == "in" and line["frame"].get("method") == method for line in lines)

        self.while_running(holds, f"{method} was seen")

    def others(self) -> dict[int, str]:
        """Every process of this cell but the program itself."""
        return {pid: line for pid, line in carriers(self.mark).items() if pid != self.process.pid}

    def guards(self) -> list[str]:
        """The guards of the fake runtimes of this cell: they carry no mark, but name the group that they watch."""
        groups = {str(line["pid"]).encode() for line in self.recorded() if line["dir"] == "start"}
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                    if b"copilot-guard" in words and groups & set(words):
                        found.append(f"guard {folder.name}")
        return found

    def left(self) -> list[str]:
        return [*self.others().values(), *self.guards()]

    def alone(self, what: str) -> None:
        """Waits until nothing that the program started is left."""
        try:
            eventually(lambda: not self.left(), what)
        except Fault:
            raise Fault(f"{what}: still there: {self.left()}") from None

    def close(self) -> None:
        """Ends what is left, by its id."""
        if self.host is not None:
            for pid in [*carriers(self.mark), *([self.host.pid] if self.host.poll() is None else [])]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.host.wait()
            for stream in (self.host.stdin, self.host.stdout):
                with contextlib.suppress(OSError, ValueError):
                    if stream is not None:
                        stream.close()
        if self.model is not None:
            self.model.kill()
            self.model.communicate()
        with contextlib.suppress(OSError):
            self.folder.cleanup()
