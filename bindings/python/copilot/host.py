"""Hosting sessions for other clients: types for programs that name them; the pinned runtime does not offer it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NoReturn

if TYPE_CHECKING:
    import asyncio

    from .client import CopilotClient
    from .session import CopilotSession

    AhpHostExit = Any
    HostGitHubEnvironmentOptions = Any
    HostListSessionsResult = Any
    HostLocalServerOptions = Any
    HostPublishSessionResult = Any
    HostUnpublishSessionResult = Any

__all__ = [
    "AhpAuthenticationRequest",
    "AhpAuthenticationResult",
    "AhpHost",
    "AhpHostAuthentication",
    "AhpHostExit",
    "AhpHostOptions",
    "AhpSessionAuthentication",
    "AhpSessionCreateRequest",
    "AhpSessionResumeRequest",
]

Mode = Literal["github", "none", "custom"]


@dataclass(frozen=True)
class AhpAuthenticationRequest:
    token: str = field(repr=False)
    cancellation_event: asyncio.Event


@dataclass(frozen=True)
class AhpAuthenticationResult:
    identity: str
    expires_at: str


@dataclass(frozen=True)
class AhpHostAuthentication:
    mode: Mode
    require_identity: str | None = None
    authenticate: Callable[[AhpAuthenticationRequest], Awaitable[AhpAuthenticationResult | None]] | None = None


@dataclass(frozen=True)
class AhpSessionAuthentication:
    mode: Mode
    identity: str | None = None


@dataclass(frozen=True)
class AhpSessionCreateRequest:
    config: dict[str, Any]
    cancellation_event: asyncio.Event
    authentication: AhpSessionAuthentication


@dataclass(frozen=True)
class AhpSessionResumeRequest:
    session_id: str
    config: dict[str, Any]
    cancellation_event: asyncio.Event
    authentication: AhpSessionAuthentication


@dataclass(frozen=True)
class AhpHost:
    """A running host."""

    host_id: str
    url: str | None
    token: str | None
    pid: int | None
    environment_id: str | None
    _rpc: Any = field(default=None, repr=False, compare=False)

    async def dispose(self) -> None:
        _unsupported()

    async def set_allow_creating_new_sessions(self, allowed: bool) -> None:
        _unsupported()

    async def publish_session(self, session_id: str) -> HostPublishSessionResult:
        _unsupported()

    async def unpublish_session(self, session_id: str) -> HostUnpublishSessionResult:
        _unsupported()

    async def list_sessions(self) -> HostListSessionsResult:
        _unsupported()

    async def __aenter__(self) -> AhpHost:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.dispose()


@dataclass(frozen=True)
class AhpHostOptions:
    local_server: HostLocalServerOptions | None = None
    github_environment: HostGitHubEnvironmentOptions | None = None
    create_session: Callable[[AhpSessionCreateRequest], Awaitable[CopilotSession]] | None = None
    resume_session: Callable[[AhpSessionResumeRequest], Awaitable[CopilotSession]] | None = None
    on_session_released: Callable[[CopilotSession], Awaitable[None] | None] | None = None
    on_exit: Callable[[AhpHostExit], Awaitable[None] | None] | None = None
    compute_id: str | None = None
    authentication: AhpHostAuthentication | None = None
    allow_creating_new_sessions: bool | None = None
    workspace: str | None = None


async def start_ahp_host(client: CopilotClient, options: AhpHostOptions) -> AhpHost:
    """Would start a host on the client's runtime."""
    _unsupported()


def _unsupported() -> NoReturn:
    raise RuntimeError("hosting sessions needs a runtime newer than the one this package supports")


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "AhpHostExit":
            from .generated import rpc

            value = getattr(rpc, "HostExitedNotification", Any)
            setattr(sys.modules[__name__], name, value)
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
