"""The seam to the generated event types: one event from the bytes the runtime sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from .generated.session_events import SessionEvent

_decode: Callable[[bytes], Any] | None = None


def event_from_bytes(raw: bytes) -> SessionEvent:
    """Decodes an event. The generated module is loaded with the first one."""
    global _decode
    if _decode is None:
        from .generated.session_events import SessionEvent

        _decode = SessionEvent.from_json
    event: SessionEvent = _decode(raw)
    return event


def event_from_dict(obj: Any) -> SessionEvent:
    """The same from an object that is decoded already."""
    from .generated.session_events import session_event_from_dict

    return session_event_from_dict(obj)


def load_lenient(name: str, obj: Any) -> Any:
    """An object of a generated type; a variant of a newer runtime keeps its members instead of failing."""
    from .generated._runtime import decode

    return decode("session_events", f"<{name}>", msgspec.json.encode(obj))
