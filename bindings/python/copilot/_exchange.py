"""Model requests between the runtime and a ``CopilotRequestHandler``: one exchange per request id.

Chunks of a request may come before its start; they wait in the exchange. Every exchange ends exactly once.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable
from typing import Any

from ._json import readable
from ._question import words
from .copilot_request_handler import (
    CopilotRequestContext,
    CopilotRequestHandler,
    CopilotWebSocketCloseStatus,
)

_CANCELLED = "Request cancelled by runtime"


class Cancelled(Exception):
    """The runtime took its request back."""


class Exchange:
    """One request of the runtime and the answer to it."""

    def __init__(self, request_id: str, rpc: Callable[[], Any]) -> None:
        self.request_id = request_id
        self._rpc = rpc
        self._body: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._write = asyncio.Lock()
        self.cancelled = asyncio.Event()
        self.started = False
        self.finished = False

    # -- from the runtime -------------------------------------------------------------------------------------------

    def chunk(self, data: str, binary: bool, end: bool, cancel: bool, reason: str | None) -> None:
        if cancel:
            self.cancelled.set()
            self._body.put_nowait(Cancelled(f"{_CANCELLED}: {reason}" if reason else _CANCELLED))
            return
        if data:
            self._body.put_nowait(base64.b64decode(data) if binary else readable(data).encode())
        if end:
            self._body.put_nowait(None)

    async def receive(self) -> bytes | None:
        item = await self._body.get()
        if isinstance(item, Exception):
            raise item
        return item

    async def body(self) -> bytes:
        parts: list[bytes] = []
        while (part := await self.receive()) is not None:
            parts.append(part)
        return b"".join(parts)

    # -- to the runtime ---------------------------------------------------------------------------------------------

    async def start(self, status: int, headers: dict[str, list[str]], text: str | None = None) -> None:
        from .generated.rpc import LlmInferenceHTTPResponseStartRequest

        if self.started or self.finished:
            raise RuntimeError("the response was started already")
        self.started = True
        head = LlmInferenceHTTPResponseStartRequest(
            headers=headers, request_id=self.request_id, status=status, status_text=text or None
        )
        async with self._write:
            await self._rpc().http_response_start(head)

    async def send(self, data: str | bytes) -> None:
        if self.finished or not self.started:
            raise RuntimeError("the response is not open")
        if isinstance(data, bytes):
            await self._chunk(base64.b64encode(data).decode(), binary=True)
        else:
            await self._chunk(data)

    async def end(self) -> None:
        if not self.finished:
            self.finished = True
            await self._chunk("", end=True)

    async def error(self, message: str, code: str | None = None) -> None:
        from .generated.rpc import LlmInferenceHTTPResponseChunkError

        if not self.finished:
            self.finished = True
            failure = LlmInferenceHTTPResponseChunkError(message=message, code=code)
            await self._chunk("", end=True, error=failure)

    async def _chunk(self, data: str, *, binary: bool | None = None, end: bool = False, error: Any = None) -> None:
        from .generated.rpc import LlmInferenceHTTPResponseChunkRequest

        async with self._write:
            await self._rpc().http_response_chunk(
                LlmInferenceHTTPResponseChunkRequest(
                    data=data, request_id=self.request_id, binary=binary, end=end, error=error
                )
            )

    async def finish(self, status: CopilotWebSocketCloseStatus) -> None:
        """Ends the answer the way a WebSocket ended."""
        if status.error is not None:
            await self.error(status.description or str(status.error), status.error_code)
        else:
            await self.end()


async def serve(
    handler: CopilotRequestHandler, exchange: Exchange, context: CopilotRequestContext, method: str
) -> None:
    """Serves an exchange; what goes wrong is raised."""
    if context.transport == "websocket":
        await _websocket(handler, exchange, context)
    else:
        await _http(handler, exchange, context, method)


async def run(handler: CopilotRequestHandler, exchange: Exchange, context: CopilotRequestContext, method: str) -> None:
    """Serves an exchange to its end, whatever the handler does, where no engine ends it."""
    try:
        await serve(handler, exchange, context, method)
        if not exchange.finished:
            raise RuntimeError("the handler returned without finishing the response")
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        # The program or the loop ends: nothing can be awaited any more.
        raise
    except BaseException as error:
        cancelled = exchange.cancelled.is_set()
        with contextlib.suppress(Exception):
            if not exchange.started:
                await exchange.start(499 if cancelled else 502, {})
            await exchange.error(_CANCELLED if cancelled else words(error), "cancelled" if cancelled else None)
        if isinstance(error, asyncio.CancelledError):
            if not cancelled:
                raise
        elif not isinstance(error, Exception):
            raise


async def _http(
    handler: CopilotRequestHandler, exchange: Exchange, context: CopilotRequestContext, method: str
) -> None:
    import httpx

    body = await exchange.body()
    method = method.upper()
    content = body if body and method not in ("GET", "HEAD") else None
    request = httpx.Request(method, context.url, headers=context._forwardable(), content=content)
    sending = asyncio.ensure_future(_answer(handler, request, exchange, context))
    watching = asyncio.ensure_future(exchange.cancelled.wait())
    try:
        await asyncio.wait((sending, watching), return_when=asyncio.FIRST_COMPLETED)
    finally:
        watching.cancel()
        if not sending.done():
            # Code that waits for the cancel event itself runs first.
            await asyncio.sleep(0)
            sending.cancel()
    await sending


async def _answer(
    handler: CopilotRequestHandler, request: Any, exchange: Exchange, context: CopilotRequestContext
) -> None:
    response = await handler.send_request(request, context)
    try:
        headers: dict[str, list[str]] = {}
        for name, value in response.headers.multi_items():
            headers.setdefault(name, []).append(value)
        await exchange.start(response.status_code, headers, response.reason_phrase)
        if response.is_stream_consumed or response.is_closed:
            if response.content:
                await exchange.send(response.content)
        else:
            async for part in response.aiter_raw():
                if part:
                    await exchange.send(part)
        await exchange.end()
    finally:
        await response.aclose()


async def _websocket(handler: CopilotRequestHandler, exchange: Exchange, context: CopilotRequestContext) -> None:
    context._bridge = exchange
    socket = await handler.open_websocket(context)
    try:
        await socket.open()
        await exchange.start(101, {})
        while (message := await exchange.receive()) is not None:
            text = message.decode("utf-8", "replace")
            await socket.send_request_message_with_context(text, context)
        await socket.close(CopilotWebSocketCloseStatus.normal_closure())
    finally:
        with contextlib.suppress(Exception):
            await socket.aclose()


class Adapter:
    """The generated ``LlmInferenceHandler`` protocol: start and chunk are answered at once, the work is a task."""

    def __init__(self, handler: CopilotRequestHandler, get_server_rpc: Callable[[], Any]) -> None:
        self._handler = handler
        self._rpc = get_server_rpc
        self._exchanges: dict[str, Exchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def _exchange(self, request_id: str) -> Exchange:
        found = self._exchanges.get(request_id)
        if found is None:
            found = self._exchanges[request_id] = Exchange(request_id, self._rpc)
        return found

    async def http_request_start(self, params: Any) -> Any:
        exchange = self._exchange(params.request_id)
        transport = getattr(params.transport, "value", params.transport) or "http"
        optional = ("session_id", "agent_id", "parent_agent_id", "interaction_type", "agent_invocation_id")
        context = CopilotRequestContext(
            request_id=params.request_id,
            transport=transport,
            url=params.url,
            headers=params.headers,
            cancel_event=exchange.cancelled,
            **{name: getattr(params, name, None) for name in optional},
        )
        task = asyncio.get_running_loop().create_task(run(self._handler, exchange, context, params.method))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(done, params.request_id))
        from .generated.rpc import LlmInferenceHTTPRequestStartResult

        return LlmInferenceHTTPRequestStartResult()

    def _done(self, task: asyncio.Task[None], request_id: str) -> None:
        self._tasks.discard(task)
        self._exchanges.pop(request_id, None)

    async def http_request_chunk(self, params: Any) -> Any:
        self._exchange(params.request_id).chunk(
            params.data, bool(params.binary), bool(params.end), bool(params.cancel), params.cancel_reason
        )
        from .generated.rpc import LlmInferenceHTTPRequestChunkResult

        return LlmInferenceHTTPRequestChunkResult()
