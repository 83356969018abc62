"""Skills served by the program, and what resuming had to repair."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from .generated.rpc import SkillProviderDescriptor


@runtime_checkable
class SkillProvider(Protocol):
    """Offers skills that live in the program."""

    def list_skills(
        self,
    ) -> list[SkillProviderDescriptor] | Awaitable[list[SkillProviderDescriptor] | None] | None: ...

    def read_skill(self, name: str) -> str | Awaitable[str | None] | None: ...


@dataclass(frozen=True)
class TranscriptRecoveryReport:
    """What was repaired in a damaged transcript."""

    planned_backup_path: str
    invalid_line_numbers: list[int]
    session_start_moved: bool
