"""Tool filters and the client mode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

CopilotClientMode = Literal["copilot-cli", "empty"]

_NAME = re.compile(r"^[a-zA-Z0-9_-]+$")


def _checked(name: str) -> str:
    if not name:
        raise ValueError("tool names must not be empty")
    if name != "*" and not _NAME.match(name):
        raise ValueError(f"tool names must match [a-zA-Z0-9_-]+ or be '*', not {name!r}")
    return name


class ToolSet:
    """A chainable list of tool filters: ``ToolSet().add_builtin("ask_user").add_mcp("*")``."""

    def __init__(self) -> None:
        self._items: list[str] = []

    def add_builtin(self, name: str | Iterable[str]) -> ToolSet:
        names = [name] if isinstance(name, str) else list(name)
        self._items.extend([f"builtin:{_checked(each)}" for each in names])
        return self

    def add_custom(self, name: str) -> ToolSet:
        self._items.append(f"custom:{_checked(name)}")
        return self

    def add_mcp(self, tool_name: str) -> ToolSet:
        self._items.append(f"mcp:{_checked(tool_name)}")
        return self

    def to_list(self) -> list[str]:
        return list(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"ToolSet({self._items!r})"


BUILTIN_TOOLS_ISOLATED: list[str] = [
    "ask_user",
    "task_complete",
    "exit_plan_mode",
    "task",
    "read_agent",
    "write_agent",
    "list_agents",
    "send_inbox",
    "context_board",
    "skill",
]
