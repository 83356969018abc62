"""Model requests that the engine hands over: the answer goes back piece by piece through its operations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from ._exchange import Exchange, serve
from .copilot_request_handler import CopilotRequestContext, CopilotRequestHandler

Submit = Callable[[str, dict[str, Any]], Awaitable[Any]]


class EngineExchange(Exchange):
    """An exchange whose answer the engine sends."""

    def __init__(self, request_id: str, submit: Submit) -> None:
        super().__init__(request_id, lambda: None)
        self._submit = submit

    async def start(self, status: int, headers: dict[str, list[str]], text: str | None = None) -> None:
        if self.started or self.finished:
            raise RuntimeError("the response was started already")
        self.started = True
        head: dict[str, Any] = {"requestId": self.request_id, "status": status, "headers": headers}
        if text:
            head["statusText"] = text
        await self._submit("llm.start", head)

    async def _chunk(self, data: str, *, binary: bool | None = None, end: bool = False, error: Any = None) -> None:
        args: dict[str, Any] = {"requestId": self.request_id}
        if error is not None:
            code = {} if error.code is None else {"code": error.code}
            await self._submit("llm.fail", {**args, "message": error.message, **code})
        elif end:
            await self._submit("llm.end", args)
        else:
            await self._submit("llm.write", {**args, "base64" if binary else "text": data})


class Exchanges:
    """The model requests of one client."""

    def __init__(self, handler: CopilotRequestHandler, submit: Submit) -> None:
        self._handler = handler
        self._submit = submit
        self._open: dict[str, EngineExchange] = {}

    def message(self, params: dict[str, Any]) -> None:
        """Takes a WebSocket message of the runtime."""
        exchange = self._open.get(params["requestId"])
        if exchange is not None:
            exchange.chunk(params.get("data") or "", False, bool(params.get("end")), False, None)

    async def serve(self, args: dict[str, Any]) -> None:
        """Serves a request. What the handler leaves open or raises the engine ends: with 502, or 499 when cancelled."""
        exchange = EngineExchange(args["requestId"], self._submit)
        self._open[exchange.request_id] = exchange
        if args.get("bodyBase64") is not None:
            exchange.chunk(args["bodyBase64"], True, True, False, None)
        context = CopilotRequestContext(
            exchange.request_id,
            args.get("transport") or "http",
            args["url"],
            args["headers"],
            exchange.cancelled,
            session_id=args.get("sessionId"),
            agent_id=args.get("agentId"),
            parent_agent_id=args.get("parentAgentId"),
            interaction_type=args.get("interactionType"),
            agent_invocation_id=args.get("agentInvocationId"),
            _forward=args["forwardHeaders"],
        )
        work = asyncio.ensure_future(serve(self._handler, exchange, context, args["method"]))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            exchange.chunk("", False, False, True, None)
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await work
            raise
        finally:
            self._open.pop(exchange.request_id, None)
