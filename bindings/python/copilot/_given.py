"""How a value that a program gave shows in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def shown(value: Any) -> str:
    """Numbers, functions and the like as they are; of everything else only the kind, as it may hold a secret."""
    if value is None or isinstance(value, bool | int | float) or callable(value):
        return repr(value)
    if isinstance(value, str):
        return "a string"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"
