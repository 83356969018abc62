"""References and partial match, as described in the test kit's README."""

from __future__ import annotations

import re
from typing import Any

_REFERENCE = re.compile(r"\$(?:([A-Za-z_][\w-]*)((?:\.[\w-]+)*))")


def lookup(names: dict[str, Any], name: str, path: str) -> tuple[bool, Any]:
    if name not in names:
        return False, None
    value = names[name]
    for part in filter(None, path.split(".")):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False, None
    return True, value


def resolve(value: Any, names: dict[str, Any]) -> Any:
    """Replaces references in every string of a value; unknown names stay."""
    if isinstance(value, dict):
        if list(value) == ["$repeat"]:
            text, count = value["$repeat"]
            return text * count
        return {key: resolve(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, names) for item in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        found, item = lookup(names, whole[1], whole[2])
        return item if found else value

    def replace(match: re.Match[str]) -> str:
        found, item = lookup(names, match[1], match[2])
        return str(item) if found else match[0]

    return _REFERENCE.sub(replace, value)


def matches(pattern: Any, value: Any) -> bool:
    if isinstance(pattern, dict):
        if len(pattern) == 1:
            ((operator, argument),) = pattern.items()
            if operator == "$any":
                return True
            if operator == "$contains":
                return isinstance(value, str) and argument in value
            if operator == "$oneOf":
                return any(matches(each, value) for each in argument)
        return isinstance(value, dict) and all(_member(each, key, value) for key, each in pattern.items())
    if isinstance(pattern, list):
        return (
            isinstance(value, list)
            and len(pattern) == len(value)
            and all(matches(each, item) for each, item in zip(pattern, value, strict=True))
        )
    if isinstance(pattern, bool) or isinstance(value, bool):
        return pattern is value
    return bool(pattern == value)


def _member(pattern: Any, key: str, value: dict[str, Any]) -> bool:
    if pattern == {"$absent": True}:
        return key not in value
    return key in value and matches(pattern, value[key])


def in_order(patterns: list[Any], values: list[Any]) -> bool:
    rest = iter(values)
    return all(any(matches(pattern, value) for value in rest) for pattern in patterns)
