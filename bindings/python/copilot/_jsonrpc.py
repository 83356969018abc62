"""Exceptions of the JSON-RPC layer, under the name programs import them from."""

from __future__ import annotations

from typing import Any

__all__ = ["JsonRpcError", "ProcessExitedError"]


class JsonRpcError(Exception):
    """The runtime answered a call with an error."""

    kind = "Rpc"
    reason: dict[str, Any] | None = None

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"JSON-RPC Error {code}: {message}")
        self.code = code
        self.message = message
        self.data = data

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message, self.data)


class ProcessExitedError(RuntimeError):
    """The runtime process or its connection ended while a call needed it."""

    kind = "ProcessExited"
    reason: dict[str, Any] | None = None
