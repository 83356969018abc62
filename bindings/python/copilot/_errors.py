"""The one mapping of the engine's error kinds to exceptions."""

from __future__ import annotations

from typing import Any

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


class SessionClosedError(JsonRpcError, RuntimeError):
    """The session was disconnected. The runtime would answer the call with an error too, so this is one of those."""

    kind = "SessionClosed"

    def __init__(self, message: str) -> None:
        super().__init__(-32603, message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,)


_BY_KIND: dict[str, type[Exception]] = {
    "InvalidArgument": InvalidArgumentError,
    "InvalidType": InvalidTypeError,
    "ProcessExited": ProcessExitedError,
    "SessionClosed": SessionClosedError,
    "Timeout": WaitTimeoutError,
}


# What programs look for in the text of an error, where the engine names an option in its own spelling.
_DIALECT = (
    ('mode "empty" needs a place for state', 'mode "empty" requires base_directory, session_fs or a URI connection'),
    ("connectionToken must not be empty", "connection_token must be a non-empty string"),
    ("initial_working_directory must not be empty", "session_fs.initial_working_directory is required"),
    ("session_state_path must not be empty", "session_fs.session_state_path is required"),
    ("sessionFs: conventions", "session_fs.conventions must be either 'posix' or 'windows'"),
    ("protocol version mismatch", "SDK protocol version mismatch"),
    ("cannot connect to the Copilot runtime at ", "Failed to connect to CLI server at "),
    ("was answered without a sessionId", "the response did not include a sessionId"),
)
_SPELLED_BY_THE_ENGINE = frozenset({"InvalidArgument", "ProtocolMismatch", "ConnectFailed", "Protocol"})


def _in_python(kind: str, message: str) -> str:
    if kind in _SPELLED_BY_THE_ENGINE:
        for theirs, ours in _DIALECT:
            if theirs in message and ours not in message:
                return message.replace(theirs, ours) if ours.endswith((" at ", "mismatch")) else f"{ours}: {message}"
    return message


def from_native(error: NativeError) -> Exception:
    """Makes the exception for ``(kind, message, code, data)``."""
    kind, message, code, details = error
    message = _in_python(kind, message)
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
