"""Asking the user before something is installed."""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import asyncio

    from .generated.rpc import InstallationDecision

    InstallationConfirmationDecision = InstallationDecision | Literal["confirm", "decline", "cancel"]

__all__ = [
    "InstallationConfirmationContext",
    "InstallationConfirmationDecision",
    "InstallationConfirmationHandler",
]


@dataclass(frozen=True)
class InstallationConfirmationContext:
    """Tells a handler when its answer is no longer wanted."""

    cancelled: asyncio.Event


class InstallationConfirmationHandler(Protocol):
    """Answers whether something may be installed."""

    def __call__(
        self, request: Any, context: InstallationConfirmationContext, /
    ) -> InstallationConfirmationDecision | Awaitable[InstallationConfirmationDecision]: ...


def __getattr__(name: str) -> Any:
    if name == "InstallationConfirmationDecision":
        from .generated.rpc import InstallationDecision

        value: Any = InstallationDecision | Literal["confirm", "decline", "cancel"]
        setattr(sys.modules[__name__], name, value)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
