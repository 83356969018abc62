"""Logging of the package: everything is under the ``copilot`` logger."""

from __future__ import annotations

import logging

logger = logging.getLogger("copilot")


def attach_null_handler() -> None:
    """Keeps the package silent unless the program configures logging."""
    logger.addHandler(logging.NullHandler())
