"""Running the body of a factory for the runtime, over calls below ``session.factory.`` or ``session.workflow.``."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from ._errors import CopilotError
from ._factories import call, inside
from ._jsonrpc import JsonRpcError, ProcessExitedError
from ._question import called, words

if TYPE_CHECKING:
    from ._factories import Factory, Family
    from .session import CopilotSession

# Lines of progress are sent together when so many seconds have passed.
_FLUSH_AFTER = 0.01
_MOST_BRANCHES = 4096
_INTERNAL_ERROR = -32603
# What ends a whole run, wherever in its body it is raised.
_FATAL = (JsonRpcError, ProcessExitedError, CopilotError)

Producer = Callable[[], Any | Awaitable[Any]]


async def execute(factory: Factory, session: CopilotSession, args: dict[str, Any]) -> dict[str, Any]:
    """Runs one attempt; answers ``{result?}``. The text of an exception's ``code`` travels along with it."""
    family: Family = "workflow" if args.get("family") == "workflow" else "factory"
    progress = _Progress(session, family, args["runId"], args["executionToken"])
    context = FactoryContext(session, args, progress)
    inside.set("body")
    try:
        result = await called(factory.run, context)
        answer = {} if result is None else {"result": _json(result, f"{family}_result_not_json")}
    except (Exception, asyncio.CancelledError) as error:
        await progress.flush()
        code = getattr(error, "code", None)
        if not isinstance(code, str):
            raise
        raise JsonRpcError(_INTERNAL_ERROR, words(error), {"code": code}) from error
    await progress.flush()
    return answer


class FactoryContext:
    """What the body of a factory works with. When the runtime aborts the run, the body's task is cancelled."""

    def __init__(self, session: CopilotSession, execution: dict[str, Any], progress: _Progress) -> None:
        self.run_id: str = execution["runId"]
        self.args: Any = execution.get("args")
        self.session = session
        self._attempt = {"runId": self.run_id, "executionToken": execution["executionToken"]}
        self._progress = progress
        self._family: Family = progress.family

    def phase(self, title: str) -> None:
        """A phase begins. The line is sent a moment later, and always before what follows it."""
        self._progress.add("phase", title)

    def log(self, text: str) -> None:
        """Adds a line to the run's progress, sent like those of ``phase``."""
        self._progress.add("log", text)

    async def agent(
        self,
        prompt: str,
        *,
        label: str | None = None,
        schema: dict[str, Any] | None = None,
        model: str | None = None,
        reasoning_effort: str | None = None,
        context_tier: str | None = None,
        agent: str | None = None,
    ) -> Any:
        """Has an agent work on a prompt; its answer is a text, or JSON that follows ``schema``, or ``None``."""
        options = {
            "label": label,
            "schema": schema,
            "model": model,
            "reasoningEffort": reasoning_effort,
            "contextTier": context_tier,
            "agent": agent,
        }
        given = {name: value for name, value in options.items() if value is not None}
        token = self._attempt["executionToken"]
        params = {f"{self._family}RunId": self.run_id, "executionToken": token, "prompt": prompt, "opts": given}
        return (await self._call("agent", params)).get("result")

    async def step(self, key: str, producer: Producer, *, volatile: bool = False) -> Any:
        """The result of ``producer``, which is called once per run and key: a resumed run takes it from the journal.

        The result has to be JSON. A ``volatile`` step is not written down.
        """
        if not volatile:
            known = await self._call("journal.get", {**self._attempt, "key": key})
            if known.get("hit"):
                return known.get("resultJson")
        made = _json(await called(producer), f"{self._family}_step_not_json")
        if not volatile:
            await call(self.session, self._family, "journal.put", {**self._attempt, "key": key, "resultJson": made})
        return made

    async def pause(self, key: str) -> None:
        """A point where the run may be paused; it goes on from here when it is resumed."""
        if inside.get() == "branch":
            raise RuntimeError("pause() cannot be used inside parallel() or pipeline()")
        await self._call("pauseAtCheckpoint", {**self._attempt, "key": key})

    async def parallel(self, producers: Iterable[Producer]) -> list[Any]:
        """Runs branches at the same time; an ordinary failure makes the result of its branch ``None``."""
        return await _branches([_branch(producer) for producer in _counted(producers)])

    async def pipeline(self, items: Iterable[Any], *stages: Callable[[Any, Any, int], Any]) -> list[Any]:
        """Sends every item through the stages, which get what the stage before made, the item, and its index."""

        async def through(item: Any, index: int) -> Any:
            value = item
            for stage in stages:
                value = await called(stage, value, item, index)
            return value

        def producer(item: Any, index: int) -> Producer:
            return lambda: through(item, index)

        return await self.parallel([producer(item, index) for index, item in enumerate(items)])

    async def factory(self, name: str, args: Any = None) -> NoReturn:
        """Always fails: a factory cannot run another one."""
        raise RuntimeError(f"factory {name!r} cannot be run from inside another factory")

    async def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        await self._progress.flush()
        answer: dict[str, Any] = await call(self.session, self._family, method, params)
        return answer


class _Progress:
    """Lines of phases and logs: numbered, sent together, and always before what follows them."""

    def __init__(self, session: CopilotSession, family: Family, run_id: str, token: str) -> None:
        self._session = session
        self.family: Family = family
        self._attempt = {"runId": run_id, "executionToken": token}
        self._lines: list[dict[str, Any]] = []
        self._next = 0
        self._sender: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._failure: Exception | None = None

    def add(self, kind: str, text: str) -> None:
        if self._failure is not None:
            raise self._failure
        self._lines.append({"seq": self._next, "kind": kind, "text": text})
        self._next += 1
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send_soon())

    async def _send_soon(self) -> None:
        await asyncio.sleep(_FLUSH_AFTER)
        self._sender = None
        await self._send()

    async def flush(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.cancel()
        await self._send()

    async def _send(self) -> None:
        """A failure shows when the next line is added: the run is over then."""
        async with self._lock:
            lines, self._lines = self._lines, []
            try:
                if lines:
                    await call(self._session, self.family, "log", {**self._attempt, "lines": lines})
            except Exception as error:
                self._failure = error


def _counted(producers: Iterable[Producer]) -> Sequence[Producer]:
    found = list(producers)
    if len(found) > _MOST_BRANCHES:
        raise ValueError(f"at most {_MOST_BRANCHES} branches, not {len(found)}")
    return found


async def _branch(producer: Producer) -> Any:
    inside.set("branch")
    try:
        return await called(producer)
    except _FATAL:
        raise
    except Exception:
        return None


async def _branches(work: Sequence[Awaitable[Any]]) -> list[Any]:
    """All results in order; what ends one branch for good ends the others too."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        raise


class _NoJson(TypeError):
    """A value that JSON cannot keep."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _json(value: Any, code: str, path: str = "$") -> Any:
    """The value, if JSON keeps all of it: what a resumed run reads back must be the same."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list):
        return [_json(item, code, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _json(item, code, f"{path}.{key}") for key, item in value.items()}
    shown = repr(value) if isinstance(value, float) else type(value).__name__
    raise _NoJson(code, f"{path} is {shown}, which JSON cannot keep")
