"""Every event of a session and its payload; each class is made when it is first used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .generated.session_events import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        from .generated import session_events

        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(session_events, name)

    def __dir__() -> list[str]:
        from .generated import session_events

        return dir(session_events)
