"""The one mapping of the engine's error kinds to exceptions."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any, TypeVar

from ._json import decode
from ._jsonrpc import JsonRpcError, ProcessExitedError

T = TypeVar("T")

# Kind, message, JSON-RPC code, JSON of the details, JSON of the reason.
NativeError = tuple[str, str, int | None, str | None, str | None]


class CopilotError(RuntimeError):
    """An error of the engine that has no closer Python type; ``kind`` is its stable name."""

    kind = "Internal"
    data: object = None
    # Why, as data: ``code`` and what belongs to it; see docs/errors.md. None when there is no such reason.
    reason: dict[str, Any] | None = None


class InvalidArgumentError(ValueError):
    """An argument has a value that is not allowed."""

    kind = "InvalidArgument"
    reason: dict[str, Any] | None = None


class InvalidTypeError(TypeError):
    """An argument has the wrong type."""

    kind = "InvalidType"
    reason: dict[str, Any] | None = None


class UnreadableAnswerError(CopilotError, ValueError):
    """The runtime's answer to a call has not the form that the call promises."""

    kind = "Protocol"


class WaitTimeoutError(TimeoutError):
    """A time limit given by the caller passed."""

    kind = "Timeout"
    reason: dict[str, Any] | None = None


class SessionClosedError(JsonRpcError, RuntimeError):
    """The session was disconnected. The runtime would answer the call with an error too, so this is one of those."""

    kind = "SessionClosed"
    reason: dict[str, Any] | None = None

    def __init__(self, message: str) -> None:
        super().__init__(-32603, message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,)


class _OsError(OSError, CopilotError):
    """What the operating system says of a program that was to be started."""

    def __str__(self) -> str:
        return str(self.args[0])


class RuntimeMissingError(FileNotFoundError, _OsError):
    """There is no runtime where it was looked for, or no folder to start it in."""


class RuntimeFolderError(NotADirectoryError, _OsError):
    """What the runtime was to be started in is no folder."""


class RuntimePermissionError(PermissionError, _OsError):
    """The operating system does not allow to start the runtime."""


class RuntimeSpawnError(_OsError):
    """The operating system could not start the runtime."""


_BY_ERRNO: dict[int | None, type[_OsError]] = {
    errno.ENOENT: RuntimeMissingError,
    errno.ENOTDIR: RuntimeFolderError,
    errno.EACCES: RuntimePermissionError,
    errno.EPERM: RuntimePermissionError,
}


def _start_error(kind: str, message: str, reason: dict[str, Any] | None) -> _OsError | None:
    """The error of a runtime that could not be started, which is also an ``OSError``."""
    if kind not in ("RuntimeNotFound", "SpawnFailed"):
        return None
    reason = reason or {}
    number = errno.ENOENT if kind == "RuntimeNotFound" else reason.get("os")
    failure = _BY_ERRNO.get(number, RuntimeSpawnError)(message)
    failure.errno, failure.filename = number, reason.get("path")
    failure.strerror = None if number is None else os.strerror(number)
    failure.kind = kind
    return failure


_BY_KIND: dict[str, type[Exception]] = {
    "InvalidArgument": InvalidArgumentError,
    "InvalidType": InvalidTypeError,
    "ProcessExited": ProcessExitedError,
    "SessionClosed": SessionClosedError,
    "Timeout": WaitTimeoutError,
}


# Options whose members have names of the program's own.
_MAPPINGS = frozenset({"env", "headers", "requestHeaders", "mcpServers", "featureFlags"})
_VALUES = {"null": "None", "true": "True", "false": "False"}


def _option(path: str) -> str:
    """The name of an option, and of what is wrong inside it, as this package spells it."""
    steps = path.split(".")
    kept = next((at + 1 for at, step in enumerate(steps) if step in _MAPPINGS), len(steps))
    return ".".join([*map(_snake, steps[:kept]), *steps[kept:]])


def _snake(name: str) -> str:
    name = name.removesuffix("Ms").replace("initialCwd", "initialWorkingDirectory").replace("gitHub", "github")
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def _in_python(reason: dict[str, Any], said: str) -> str:
    """The message in the words that programs of this language look for."""
    from .generated._reasons import WORDS

    known = WORDS.get(reason["code"])
    if known is None:
        return said
    words, options = known
    spelt: dict[str, Any] = {name: _option(reason[name]) for name in options}
    if reason["code"] == "option.type":
        spelt["got"] = _VALUES.get(reason["got"], reason["got"])
    return words.format(**{**reason, **spelt})


def answered(method: str, read: Callable[[Any], T], answer: Any) -> T:
    """What a reader makes of an answer; one that it cannot read is an :class:`UnreadableAnswerError`."""
    try:
        return read(answer)
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError) as error:
        why = str(error) or "a member has another type"
        raise UnreadableAnswerError(f"the runtime's answer to {method} cannot be read: {why}") from error


def from_native(error: NativeError) -> Exception:
    """Makes the exception for ``(kind, message, code, data, reason)``."""
    kind, said, code, details, reason_json = error
    reason = None if reason_json is None else decode(reason_json)
    message = said if reason is None else _in_python(reason, said)
    made = _start_error(kind, message, reason) or _made(kind, message, code, details)
    if reason is not None:
        made.reason = reason  # type: ignore[attr-defined]
    if message != said and kind != "Timeout":
        made.add_note(f"The engine said: {said}")
    return made


def is_wanted_end(error: NativeError) -> bool:
    """Whether somebody wanted the session to be over; otherwise it was lost."""
    return error[0] == "SessionClosed"


def after_the_end(error: NativeError) -> Exception:
    """What a call on a session comes to that has ended with this error."""
    kind, message, code, details, reason = error
    # The words that programs look for; the reason stands behind them.
    head = {"ProcessExited": "Connection is closed", "SessionClosed": "Session not found"}.get(kind)
    if head is not None and not message.startswith(head):
        message = f"{head}: {message}"
    return from_native((kind, message, code, details, reason))


def _made(kind: str, message: str, code: int | None, details: str | None) -> Exception:
    data = decode(details) if details else None
    if kind == "Rpc":
        return JsonRpcError(-32603 if code is None else code, message, data)
    known = _BY_KIND.get(kind)
    if known is not None:
        return known(message)
    failure = CopilotError(message)
    failure.kind = kind
    failure.data = data
    return failure
