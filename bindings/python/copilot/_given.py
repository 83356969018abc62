"""How a value that a program gave shows in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def shown(value: Any) -> str:
    """Numbers, functions and the like as they are; of everything else only the kind, as it may hold a secret."""
    if value is None or isinstance(value, bool | int | float) or callable(value):
        return repr(value)
    kinds = ((str, "a string"), (Mapping, "a mapping"), (list | tuple, "a list"))
    return next((name for kind, name in kinds if isinstance(value, kind)), f"a {type(value).__name__}")
