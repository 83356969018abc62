"""Serving the runtime's model requests: subclass ``CopilotRequestHandler`` to see, change or answer them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import httpx

__all__ = [
    "CopilotRequestContext",
    "CopilotRequestHandler",
    "CopilotWebSocketCloseStatus",
    "CopilotWebSocketForwarder",
    "CopilotWebSocketHandler",
    "LlmInferenceHeaders",
    "create_copilot_request_adapter",
]

LlmInferenceHeaders = dict[str, list[str]]

# What belongs to one connection and must not be passed on to the next.
FORBIDDEN_REQUEST_HEADERS = {
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "upgrade",
    "proxy-connection",
    "te",
    "trailer",
}


class Bridge(Protocol):
    """Where a WebSocket handler's messages go; made by the exchange."""

    async def send(self, data: str | bytes) -> None: ...

    async def finish(self, status: CopilotWebSocketCloseStatus) -> None: ...


@dataclass
class CopilotRequestContext:
    """What is known about one request."""

    request_id: str
    transport: str
    url: str
    headers: LlmInferenceHeaders
    cancel_event: asyncio.Event
    session_id: str | None = None
    agent_id: str | None = None
    parent_agent_id: str | None = None
    interaction_type: str | None = None
    agent_invocation_id: str | None = None
    _bridge: Bridge | None = field(default=None, repr=False, compare=False)
    # Those of the headers that may be passed on, as the engine says.
    _forward: LlmInferenceHeaders | None = field(default=None, repr=False, compare=False)

    def _forwardable(self) -> list[tuple[str, str]]:
        """One pair for each value of a header that may be passed on."""
        headers = self._forward
        if headers is None:
            kept = (name for name in self.headers if name.lower() not in FORBIDDEN_REQUEST_HEADERS)
            headers = {name: self.headers[name] for name in kept if not name.lower().startswith("sec-websocket")}
        return [(name, value) for name, values in headers.items() for value in values]


@dataclass
class CopilotWebSocketCloseStatus:
    """How a connection ended; with ``error`` the runtime sees a failure."""

    description: str | None = None
    error_code: str | None = None
    error: BaseException | None = None

    @classmethod
    def normal_closure(cls) -> CopilotWebSocketCloseStatus:
        return cls()


class CopilotWebSocketHandler:
    """One WebSocket of the runtime. Subclasses override ``send_request_message``."""

    def __init__(self, context: CopilotRequestContext) -> None:
        if context._bridge is None:
            raise RuntimeError("the bridge is not attached: make handlers inside open_websocket")
        self.context = context
        self._bridge = context._bridge
        self._closed = False

    async def open(self) -> None:
        """Connects upstream; the runtime is told to begin when this returns."""

    async def send_response_message(self, data: str | bytes) -> None:
        """Sends a message to the runtime."""
        if not self._closed:
            await self._bridge.send(data)

    async def send_request_message(self, data: str | bytes) -> None:
        """Receives a message of the runtime."""
        raise NotImplementedError

    async def send_request_message_with_context(self, data: str | bytes, ctx: CopilotRequestContext) -> None:
        """The same together with the context of this message."""
        await self.send_request_message(data)

    async def close(self, status: CopilotWebSocketCloseStatus | None = None) -> None:
        """Ends the connection; later calls do nothing."""
        if self._closed:
            return
        self._closed = True
        await self._bridge.finish(status or CopilotWebSocketCloseStatus.normal_closure())

    async def aclose(self) -> None:
        await self.close()


class CopilotWebSocketForwarder(CopilotWebSocketHandler):
    """Passes a WebSocket on to where it was meant to go. Needs the package ``websockets``."""

    def __init__(self, context: CopilotRequestContext) -> None:
        super().__init__(context)
        self._upstream: Any = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        try:
            connect: Any = importlib.import_module("websockets.asyncio.client").connect
        except ImportError as error:
            raise RuntimeError("forwarding WebSockets needs the package 'websockets'") from error
        headers = self.context._forwardable()
        self._upstream = await connect(self.context.url, additional_headers=headers, max_size=None)
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for message in self._upstream:
                await self.send_response_message(message)
        except (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            await self.close(CopilotWebSocketCloseStatus(str(error), error=error))
            if not isinstance(error, Exception):
                raise
        else:
            await self.close()

    async def send_request_message(self, data: str | bytes) -> None:
        if self._upstream is not None:
            await self._upstream.send(data)

    async def close(self, status: CopilotWebSocketCloseStatus | None = None) -> None:
        await super().close(status)
        if self._upstream is not None:
            await self._upstream.close()

    async def aclose(self) -> None:
        await self.close()
        if self._reader is not None and self._reader is not asyncio.current_task():
            self._reader.cancel()


_shared: Any = None


def _shared_client() -> Any:
    """One HTTP client for the process, made with the first request."""
    global _shared
    if _shared is None:
        import httpx

        _shared = httpx.AsyncClient(timeout=None, follow_redirects=False)
    return _shared


class CopilotRequestHandler:
    """Passes every request on as it is. Override a method to change or answer requests."""

    async def send_request(self, request: httpx.Request, ctx: CopilotRequestContext) -> httpx.Response:
        response: httpx.Response = await _shared_client().send(request, stream=True)
        return response

    async def open_websocket(self, ctx: CopilotRequestContext) -> CopilotWebSocketHandler:
        return CopilotWebSocketForwarder(ctx)


def create_copilot_request_adapter(handler: CopilotRequestHandler, get_server_rpc: Callable[[], Any]) -> Any:
    """A handler of the generated ``LlmInferenceHandler`` protocol over a request handler."""
    from ._exchange import Adapter

    return Adapter(handler, get_server_rpc)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The wire types that programs import from here."""
        from ._names import wire_type

        return wire_type(__name__, name)
