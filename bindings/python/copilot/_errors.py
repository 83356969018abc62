"""The one mapping of the engine's error kinds to exceptions."""

from __future__ import annotations

import re
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


# What programs look for in the text of an error, where the engine words it for all its languages. What the engine said
# stays with the exception as a note.
_WORDING = (
    (
        "InvalidArgument",
        r'mode "empty" needs a place for state.*',
        "CopilotClient(mode='empty') requires base_directory, session_fs or a UriRuntimeConnection",
    ),
    (
        "InvalidArgument",
        r'mode "empty" needs available_tools.*',
        "mode='empty' requires available_tools for every session; an empty list allows none",
    ),
    (
        "InvalidArgument",
        r'(\w+): there is no bare wildcard "\*".*',
        r"invalid \1 entry '*': there is no bare wildcard; "
        r"use ToolSet().add_builtin('*'), .add_mcp('*') or .add_custom('*')",
    ),
    ("InvalidArgument", r"connectionToken must not be empty.*", "connection_token must be a non-empty string"),
    (
        "InvalidArgument",
        r"sessionFs: (initial_working_directory|session_state_path) must not be empty",
        r"session_fs.\1 is required",
    ),
    (
        "InvalidArgument",
        r"sessionFs: conventions.*",
        "session_fs.conventions must be either 'posix' or 'windows'",
    ),
    (
        "InvalidArgument",
        r'builtinPluginDirectories: "(.*)" is not an absolute path',
        r"builtin_plugin_directories must contain only absolute paths: \1",
    ),
    (
        "InvalidArgument",
        r'Invalid (cli_url format|port in cli_url): "(.*)"; (expected .*)',
        r"Invalid \1: \2; \3",
    ),
    ("ProtocolMismatch", r"protocol version mismatch", "SDK protocol version mismatch"),
    ("ConnectFailed", r"cannot connect to the Copilot runtime at ", "Failed to connect to CLI server at "),
    (
        "Protocol",
        r"(session\.\w+) was answered without a sessionId",
        r"\1 response did not include a sessionId",
    ),
    (
        "Protocol",
        r'(session\.\w+) was answered for session "(.*)", but "(.*)" was asked for',
        r"\1 returned sessionId \2 but the caller requested \3",
    ),
)


def _in_python(kind: str, message: str) -> str:
    for known, pattern, words in _WORDING:
        if known == kind:
            message, found = re.subn(pattern, words, message, count=1)
            if found:
                break
    return message


def from_native(error: NativeError) -> Exception:
    """Makes the exception for ``(kind, message, code, data)``."""
    kind, said, code, details = error
    message = _in_python(kind, said)
    made = _made(kind, message, code, details)
    if message != said:
        made.add_note(f"The engine said: {said}")
    return made


def _made(kind: str, message: str, code: int | None, details: str | None) -> Exception:
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
