"""Asking the user before something is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

__all__ = [
    "InstallationConfirmationContext",
    "InstallationConfirmationDecision",
    "InstallationConfirmationHandler",
]


InstallationConfirmationDecision = Literal["confirm", "decline", "cancel"]


@dataclass(frozen=True)
class InstallationConfirmationContext:
    """Tells a handler when its answer is no longer wanted."""

    cancelled: asyncio.Event


class InstallationConfirmationHandler(Protocol):
    """Answers whether something may be installed."""

    def __call__(
        self, request: Any, context: InstallationConfirmationContext, /
    ) -> InstallationConfirmationDecision | Awaitable[InstallationConfirmationDecision]: ...
