"""One case: its peers, its names, its steps. Uses nothing but the public API of the package."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any
from unittest import mock

from copilot import CopilotClient, CopilotSession, RuntimeConnection

from . import canned
from .matching import in_order, matches, resolve

OPTIONS = {
    "logLevel": "log_level",
    "useLoggedInUser": "use_logged_in_user",
    "sessionIdleTimeoutSeconds": "session_idle_timeout_seconds",
}


class StepFailed(AssertionError):
    """What a case demands does not hold."""


def kind_of(error: BaseException) -> str:
    """The engine's name for an error."""
    if isinstance(error, BaseExceptionGroup):
        return "StopFailed"
    if isinstance(error, asyncio.CancelledError):
        return "Cancelled"
    if isinstance(error, TimeoutError):
        return "Timeout"
    return str(getattr(error, "kind", type(error).__name__))


def text_of(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(str(each) for each in error.exceptions)
    return str(error)


class Run:
    def __init__(self, case: dict[str, Any], runtime: str, paths: dict[str, str]) -> None:
        self.case, self.runtime, self.paths = case, runtime, paths
        self.folder = tempfile.TemporaryDirectory(prefix="conformance-")
        self.home = Path(self.folder.name)
        self.names: dict[str, Any] = {"home": str(self.home)}
        self.clients: dict[str, CopilotClient] = {}
        self.hosts: dict[str, Any] = {}
        self.sessions: dict[str, CopilotSession] = {}
        self.kept: dict[str, list[dict[str, Any]]] = {}
        self.leave: dict[str, Callable[[], None]] = {}
        self.tasks: dict[str, asyncio.Task[Any]] = {}
        self.iterations: dict[str, asyncio.Task[tuple[str, str]]] = {}
        self.processes: list[subprocess.Popen[str]] = []
        self.recording = self.home / "recording.jsonl"
        self.script = self.home / "script.json"
        self.script.write_text(json.dumps(case.get("fake", {})))

    async def run(self) -> None:
        try:
            if self.runtime == "real":
                self._start_model()
            async with asyncio.timeout(60):
                for step in self.case["steps"]:
                    await self.step(step)
            failures = [line for line in self.lines() if line["dir"] == "failure"]
            if failures and not self.case.get("allow_failures"):
                raise StepFailed(f"the fake runtime reports {failures}")
        finally:
            await self._clean()

    async def _clean(self) -> None:
        tasks = [*self.tasks.values(), *self.iterations.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in self.clients.values():
            await client.force_stop()
        for process in self.processes:
            process.kill()
            process.communicate()
        self.folder.cleanup()

    def _start_model(self) -> None:
        script = self.home / "model.json"
        script.write_text(json.dumps(self.case.get("model", [])))
        line = self.spawn([self.paths["model"], "--script", str(script)])
        self.names["modelUrl"] = line.split()[-1]

    def spawn(self, command: list[str], env: dict[str, str] | None = None) -> str:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
        )
        self.processes.append(process)
        assert process.stdout is not None
        return process.stdout.readline()

    def lines(self) -> list[dict[str, Any]]:
        if not self.recording.exists():
            return []
        text = self.recording.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def frames(self) -> list[dict[str, Any]]:
        found = [line["frame"] for line in self.lines() if line["dir"] == "in"]
        return [{"method": each["method"], "params": each.get("params")} for each in found if "method" in each]

    def pid(self) -> int:
        return int(next(line["pid"] for line in self.lines() if line["dir"] == "start"))

    # -- clients ----------------------------------------------------------------------------------------------------

    def make_client(self, args: dict[str, Any]) -> CopilotClient:
        given = args.get("options", {})
        options = {OPTIONS[key]: value for key, value in given.items() if key in OPTIONS}
        if "startTimeoutMs" in given:
            options["start_timeout"] = given["startTimeoutMs"] / 1000
        if "sessionFs" in given:
            options["session_fs"] = canned.session_fs_config(given["sessionFs"])
        options.update(canned.client_handlers(args))
        env = dict(given.get("env", {}))
        if self.runtime == "real":
            path, program_args = given.get("path", self.paths["runtime"]), []
            env["COPILOT_HOME"] = str(self.home / "copilot")
            options.setdefault("use_logged_in_user", False)
        else:
            path = given.get("path", self.paths["fake"])
            program_args = ["--script", str(self.script), "--record", str(self.recording)]
        kind, library = args.get("connection", "stdio"), dict[str, str]()
        if kind == "uri":
            url = args.get("url") or self._serve(args.get("serverToken"))
            connection: RuntimeConnection = RuntimeConnection.for_uri(url, connection_token=args.get("token"))
        elif kind == "inprocess":
            # The library finds there which program plays the runtime.
            (self.home / "fake-runtime").write_text("\n".join([path, *program_args]))
            connection = options.pop("connection")
            library = {"COPILOT_CLI_PATH": self.paths["library"]}
            options["base_directory"] = str(self.home)
        elif kind == "tcp":
            token = args.get("token")
            connection = RuntimeConnection.for_tcp(path=path, args=program_args, connection_token=token)
        else:
            connection = RuntimeConnection.for_stdio(path=path, args=program_args)
        if env and kind != "uri":
            options["env"] = {**os.environ, **env}
        with mock.patch.dict(os.environ, library):
            client = CopilotClient(connection=connection, **options)
        name = args.get("as") or args.get("client") or "client"
        self.clients[name] = client
        self.hosts[name] = args.get("ahp_host")
        return client

    def _serve(self, token: str | None) -> str:
        command = [self.paths["fake"], "--script", str(self.script), "--record", str(self.recording)]
        line = self.spawn(command, {"COPILOT_CONNECTION_TOKEN": token} if token else None)
        return "127.0.0.1:" + line.split()[-1]

    def client(self, args: dict[str, Any]) -> CopilotClient:
        return self.clients[args.get("client", "client")]

    def session_of(self, session_id: str) -> CopilotSession:
        return next(each for each in self.sessions.values() if each.session_id == session_id)

    def session(self, args: dict[str, Any]) -> CopilotSession:
        return self.sessions[args.get("session", "session")]

    def events(self, args: dict[str, Any]) -> list[dict[str, Any]]:
        return self.kept[args.get("subscription") or args.get("session", "session")]

    # -- steps ------------------------------------------------------------------------------------------------------

    async def step(self, step: dict[str, Any]) -> Any:
        from . import verbs

        ((verb, raw),) = step.items()
        args = raw if verb in ("expect_error", "begin", "parallel") else resolve(raw, self.names)
        result = await getattr(verbs, "do_" + verb)(self, args)
        if isinstance(args, dict) and "expect" in args and not matches(args["expect"], result):
            raise StepFailed(f"{verb}: {result!r} does not match {args['expect']!r}")
        if isinstance(args, dict) and args.get("as") and verb not in ("begin", "on", "client"):
            self.names[args["as"]] = result
        return result

    async def until(self, what: str, holds: Callable[[], Any], within_ms: float = 5000) -> None:
        """Looks at once and again until it holds or the time is over."""
        deadline = time.monotonic() + within_ms / 1000
        while not holds():
            if time.monotonic() >= deadline:
                raise StepFailed(f"not seen within {within_ms} ms: {what}")
            await asyncio.sleep(0.01)

    async def open(self, args: dict[str, Any], resume: bool) -> dict[str, Any]:
        name = args.get("as", "session")
        events = self.kept[name] = []
        options = canned.options(args.get("config", {}))
        options["on_event"] = lambda event: events.append(event.to_dict())
        canned.handlers(args, options)
        client = self.client(args)
        opening = client.resume_session(args["sessionId"], **options) if resume else client.create_session(**options)
        context = copy_context()
        context.run(canned.CONTEXT.set, args.get("context", ""))
        session = await asyncio.get_running_loop().create_task(opening, context=context)
        self.sessions[name] = session
        self.names[name] = {"id": session.session_id}
        return {"id": session.session_id}

    def alive(self) -> bool:
        try:
            os.kill(self.pid(), 0)
        except (ProcessLookupError, StopIteration):
            return False
        return True

    def kill(self) -> None:
        os.kill(self.pid(), signal.SIGKILL)

    def model_requests(self) -> list[str]:
        url = self.names["modelUrl"].removesuffix("/v1") + "/_requests"
        with urllib.request.urlopen(url) as answer:
            return [json.dumps(each) for each in json.load(answer)]


__all__ = ["Run", "StepFailed", "in_order", "kind_of", "text_of"]
