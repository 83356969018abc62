"""Logging of the package: everything is under the ``copilot`` logger, with the module's name below it."""

from __future__ import annotations

import logging

logger = logging.getLogger("copilot")
