"""GitHub tokens provided by the program, and policy that an organisation manages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NotRequired, TypedDict

from .generated.rpc import GitHubTokenAcquireReason

__all__ = [
    "DisableBypassPermissionsModes",
    "EntraAuthConfig",
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


@dataclass
class EntraAuthConfig:
    """Sign-in through Microsoft Entra; runtimes that do not know it are refused."""

    client_id: str | None = None
    tenant_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        names = (("clientId", self.client_id), ("tenantId", self.tenant_id))
        return {name: value for name, value in names if value is not None}

    @classmethod
    def from_dict(cls, obj: Mapping[str, Any]) -> EntraAuthConfig:
        return cls(obj.get("clientId"), obj.get("tenantId"))
