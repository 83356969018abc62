"""Questions of the engine: each is answered exactly once, whatever its handler does."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

from ._errors import CopilotError
from ._json import decode, encode, readable
from ._jsonrpc import JsonRpcError
from .generated._kinds import KINDS

if TYPE_CHECKING:
    from ._inbox import Inbox

logger = logging.getLogger("copilot.session")

_CANCELLED = "the handler was cancelled"
_INTERNAL_ERROR = -32603


class NoHandler(Exception):
    """Nobody serves this call."""


class Failed(Exception):
    """A handler failed, and the engine gets the text only, whatever the class of the error."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(words(cause))
        self.cause = cause


class Question:
    """One call of the engine; answered exactly once."""

    __slots__ = ("_answered", "_inbox", "_raw", "call", "kind", "name", "session")

    def __init__(self, inbox: Inbox, call: int, kind: int, session: int, raw: bytes, name: str = "") -> None:
        self._inbox = inbox
        self._raw = raw
        self._answered = False
        self.call = call
        self.kind = kind
        # Which tool, hook type, section, command, provider or factory.
        self.name = name
        self.session = session

    def arguments(self) -> Any:
        """The question, decoded."""
        return decode(self._raw)

    def label(self) -> str | None:
        """What logs call its handler; none when a failure is an ordinary answer."""
        known = KINDS[self.kind - 1] if 0 < self.kind <= len(KINDS) else None
        if known is None or known.quiet:
            return None
        return f"{known.label} {self.name!r}" if self.name else known.label

    def answer(self, result: Any) -> None:
        """Answers; raises when the result has no JSON form, and then nothing is answered yet."""
        text = encode(result)
        if not self._answered:
            self._answered = True
            self._send(lambda: self._inbox.native.reply(self.call, text))

    def fail(self, message: str, code: int | None = None, data: Any = None) -> None:
        """Answers with an error, unless there is an answer already. Never raises."""
        if self._answered:
            return
        self._answered = True
        native, text = self._inbox.native, readable(words(message))
        try:
            details = None if data is None else encode(data).decode()
            self._send(lambda: native.reply_error(self.call, text, code, details))
        except Exception:
            logger.debug("the code and details of an error are left out", exc_info=True)
            self._send(lambda: native.reply_error(self.call, text))

    @staticmethod
    def _send(reply: Callable[[], None]) -> None:
        try:
            reply()
        except CopilotError as error:
            # A reply that nobody waits for any more is no error of the program.
            if error.kind != "InvalidState":
                logger.warning("the answer to a question could not be handed in: %s", error)


def words(error: object) -> str:
    """The text of an exception or message, also of one that cannot say what it is."""
    try:
        return str(error)
    except Exception:
        return type(error).__name__


async def called(function: Callable[..., Any], *args: Any) -> Any:
    """Calls a handler that may be a plain or an ``async`` function."""
    result = function(*args)
    return await result if inspect.isawaitable(result) else result


async def called_in(context: Context, function: Callable[..., Any], *args: Any) -> Any:
    """The same in a copy of another context."""
    loop = asyncio.get_running_loop()
    return await loop.create_task(called(function, *args), context=context.copy())


Details = Callable[[Exception], Any]


async def answered(question: Question, work: Callable[[], Awaitable[Any]], *, details: Details | None = None) -> None:
    """Answers with what ``work`` comes to. An ``Exception`` becomes the answer; what is more than that also goes on.

    A failure that is no ordinary answer is logged, because the user would not see it otherwise. ``details`` says what
    the engine is to know about an error besides its text.
    """
    try:
        question.answer(await work())
    except JsonRpcError as error:
        question.fail(error.message, error.code, error.data)
    except Exception as error:
        name = question.label()
        if name is not None:
            cause = error.cause if isinstance(error, Failed) else error
            logger.warning("the %s failed: %s: %s", name, type(cause).__name__, readable(words(cause)))
            logger.debug("the failure of the %s", name, exc_info=cause)
        envelope = getattr(error, "to_envelope", None)
        if envelope is not None:
            question.fail(words(getattr(error, "message", error)), _INTERNAL_ERROR, envelope())
        else:
            question.fail(words(error), None, None if details is None else details(error))
    except BaseException as error:
        question.fail(_CANCELLED if isinstance(error, asyncio.CancelledError) else words(error))
        raise
    finally:
        # Reporting a failure must not lose the answer either.
        question.fail("the handler failed")
