"""The one mapping of the engine's error kinds to exceptions."""

from __future__ import annotations

import msgspec

from ._jsonrpc import JsonRpcError, ProcessExitedError

NativeError = tuple[str, str, int | None, str | None]


class CopilotError(RuntimeError):
    """An error of the engine that has no closer Python type; ``kind`` is its stable name."""

    kind = "Internal"
    data: object = None


class InvalidArgumentError(ValueError):
    """An argument has a value that is not allowed."""

    kind = "InvalidArgument"


class InvalidTypeError(TypeError):
    """An argument has the wrong type."""

    kind = "InvalidType"


class WaitTimeoutError(TimeoutError):
    """A time limit given by the caller passed."""

    kind = "Timeout"


_BY_KIND: dict[str, type[Exception]] = {
    "InvalidArgument": InvalidArgumentError,
    "InvalidType": InvalidTypeError,
    "ProcessExited": ProcessExitedError,
    "Timeout": WaitTimeoutError,
}


def from_native(error: NativeError) -> Exception:
    """Makes the exception for ``(kind, message, code, data)``."""
    kind, message, code, details = error
    data = msgspec.json.decode(details) if details else None
    if kind == "Rpc":
        return JsonRpcError(-32603 if code is None else code, message, data)
    known = _BY_KIND.get(kind)
    if known is not None:
        return known(message)
    failure = CopilotError(message)
    failure.kind = kind
    failure.data = data
    return failure
