"""The sessions that a worker has open, in one runtime."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from copilot import CopilotClient, CopilotSession
from copilot._json import decode
from copilot._wire import message

from ._failures import lost_runtime
from ._messages import TurnRequest

logger = logging.getLogger("copilot.temporal")


@dataclass
class Answer:
    text: str | None
    value: Any


class Held:
    """A session that is open."""

    def __init__(self, session: CopilotSession, client: CopilotClient) -> None:
        self.session, self.client = session, client
        self.busy = True

    async def ask(self, request: TurnRequest) -> Answer:
        args = message({"prompt": request.prompt, "idempotency_key": request.key, **request.message})
        if request.schema is not None:
            args["responseSchema"] = request.schema
        got = decode(await self.session._wait(args, None))
        event = got["event"] if request.schema is not None else got
        text = None if event is None else event["data"].get("content")
        return Answer(text, None if request.schema is None else got["value"])


class Sessions:
    """Opens sessions when their turns come, and keeps them open for the next ones as long as there is room."""

    def __init__(
        self,
        new_client: Callable[[], CopilotClient],
        options_of: Callable[[TurnRequest], dict[str, Any]],
        room: int,
    ) -> None:
        self._new_client, self._options_of, self._room = new_client, options_of, room
        self._client: CopilotClient | None = None
        self._starting = asyncio.Lock()
        #: Those used last at the end.
        self._held: dict[str, Held] = {}
        #: There as long as somebody uses or waits for one.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._turns = asyncio.Semaphore(room)

    async def warm(self) -> None:
        """Starts the runtime. Raises when the client's options are wrong; that it does not start, turns will tell."""
        client = await self._connected()
        try:
            await client.start()
        except Exception as error:
            logger.warning("the runtime does not start: %s", error)
            await self._begin_anew(client)

    async def _connected(self) -> CopilotClient:
        async with self._starting:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    async def _begin_anew(self, client: CopilotClient) -> None:
        """Gives a runtime up with all that was open in it, once; the next turn starts another."""
        if self._client is client:
            self._client = None
            self._held.clear()
            await client.force_stop()

    async def stop(self) -> None:
        """Gives all sessions up, and stops the runtime."""
        client, self._client = self._client, None
        self._held.clear()
        if client is not None:
            with contextlib.suppress(Exception):
                await client.stop()

    @contextlib.asynccontextmanager
    async def open(self, request: TurnRequest) -> AsyncGenerator[Held, None]:
        """A session for the time of a turn. After an error it is given up, so that whoever tries again begins anew."""
        lock = self._lock(request.session_id)
        async with lock, self._turns:
            held = self._held.pop(request.session_id, None) or await self._opened(request)
            held.busy = True
            self._held[request.session_id] = held
            try:
                yield held
            except BaseException as error:
                await self._give_up(request.session_id)
                if lost_runtime(error):
                    await self._begin_anew(held.client)
                raise
            finally:
                held.busy = False

    def _lock(self, session_id: str) -> asyncio.Lock:
        return self._locks.setdefault(session_id, asyncio.Lock())

    async def _opened(self, request: TurnRequest) -> Held:
        while len(self._held) >= self._room:
            idle = next((name for name, held in self._held.items() if not held.busy), None)
            if idle is None:
                break
            await self._give_up(idle)
        client = await self._connected()
        try:
            return Held(await self._resumed_or_created(client, request), client)
        except Exception as error:
            if lost_runtime(error):
                await self._begin_anew(client)
            raise

    async def _resumed_or_created(self, client: CopilotClient, request: TurnRequest) -> CopilotSession:
        options = self._options_of(request)
        try:
            return await client.resume_session(request.session_id, **options)
        except Exception as error:
            if (getattr(error, "reason", None) or {}).get("code") != "session.not_found":
                raise
            return await client.create_session(session_id=request.session_id, **options)

    async def leave(self, session_id: str) -> None:
        """Gives a session up, once its turn is over."""
        lock = self._lock(session_id)
        async with lock:
            await self._give_up(session_id)

    async def _give_up(self, session_id: str) -> None:
        held = self._held.pop(session_id, None)
        if held is None:
            return
        try:
            if held.busy:
                # The turn was cancelled: nobody waits for its answer any more.
                await held.session.abort()
            await held.session.disconnect()
        except Exception as error:
            logger.info("session %s was not left: %s", session_id, error)
