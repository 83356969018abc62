"""GitHub tokens provided by the program, and policy that an organisation manages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from .generated.rpc import GitHubTokenAcquireReason

__all__ = [
    "DisableBypassPermissionsModes",
    "GitHubTokenCancelledResult",
    "GitHubTokenProvider",
    "GitHubTokenProviderArgs",
    "GitHubTokenProviderResult",
    "GitHubTokenResult",
]


class GitHubTokenProviderArgs(TypedDict):
    host: str
    session_id: str | None
    reason: GitHubTokenAcquireReason


class GitHubTokenResult(TypedDict):
    kind: Literal["token"]
    accessToken: str
    expiresIn: int
    tokenType: NotRequired[str]


class GitHubTokenCancelledResult(TypedDict):
    kind: Literal["cancelled"]


GitHubTokenProviderResult = GitHubTokenResult | GitHubTokenCancelledResult
GitHubTokenProvider = Callable[
    [GitHubTokenProviderArgs], GitHubTokenProviderResult | Awaitable[GitHubTokenProviderResult]
]


class DisableBypassPermissionsModes:
    DISABLE: ClassVar[str] = "disable"
    ALLOW_AUTO_ONLY: ClassVar[str] = "allow-auto-only"
