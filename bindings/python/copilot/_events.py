"""The seam to the generated event types: events from the text the runtime sent. None is lost, however it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from ._json import encode

if TYPE_CHECKING:
    from .generated.session_events import SessionEvent

_decode: Callable[[bytes, str], Any] | None = None


class _Answer(msgspec.Struct):
    """The answer to ``session.getEvents``."""

    events: list[msgspec.Raw]


_read_answer = msgspec.json.Decoder(_Answer).decode


def event_from_bytes(raw: bytes, kind: str = "") -> SessionEvent:
    """An event whose members are read when they are first asked for. ``kind`` is its type, should the text hide it.

    The generated module is loaded with the first event.
    """
    global _decode
    if _decode is None:
        from .generated.session_events import SessionEvent

        _decode = SessionEvent.from_json  # type: ignore[assignment,unused-ignore]
    event: SessionEvent = _decode(raw, kind)  # type: ignore[misc,unused-ignore]
    return event


def events_from_answer(raw: bytes) -> list[SessionEvent]:
    """The events of an answer to ``session.getEvents``."""
    try:
        texts = [bytes(each) for each in _read_answer(raw).events]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        from .generated._events import members, parts  # type: ignore[attr-defined,unused-ignore] # pyright: ignore

        found: Any = members(raw.decode("utf-8", "replace"))
        texts = [each.encode() for each in parts(found.get("events", "[]"))]
    return [event_from_bytes(each) for each in texts]


def is_of_class(event: SessionEvent, classes: tuple[type[Any], ...]) -> bool:
    """Whether the payload of an event is of one of these classes; its type tells when the payload cannot be read."""
    try:
        return isinstance(event.data, classes)
    except Exception:
        from .generated._events import TYPES  # type: ignore[attr-defined,unused-ignore] # pyright: ignore

        known: Any = TYPES.get(event.type.value)
        return known is not None and known[1] in {each.__name__ for each in classes}


def load_lenient(name: str, obj: Any) -> Any:
    """An object of a generated type; what does not fit its declaration keeps its members instead of failing."""
    from .generated._runtime import UnknownVariant, decode

    try:
        return decode("session_events", f"<{name}>", encode(obj))
    except (AssertionError, TypeError, ValueError, RecursionError):
        return UnknownVariant(obj)
