"""Hosting sessions for clients that speak the Agent Host Protocol. Needs a runtime from 1.0.102 on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ._native import new_session_id
from ._question import NoHandler, called
from ._wire import session_keywords
from .generated.rpc import HostExitedNotification as AhpHostExit
from .generated.rpc import (
    HostGitHubEnvironmentOptions,
    HostListSessionsResult,
    HostLocalServerOptions,
    HostPublishSessionResult,
    HostUnpublishSessionResult,
)
from .session import CopilotSession

if TYPE_CHECKING:
    from ._base import ClientBase
    from ._question import Question
    from .client import CopilotClient

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
        """Ends the host; the sessions stay."""
        await self._ask("host.dispose")

    async def set_allow_creating_new_sessions(self, allowed: bool) -> None:
        """Whether clients may begin sessions, from now on."""
        await self._ask("host.setSessionCreationPolicy", allowCreatingNewSessions=allowed)

    async def publish_session(self, session_id: str) -> HostPublishSessionResult:
        """Offers an open session of this client to the host's clients."""
        from .generated.rpc import HostPublishSessionResult

        return HostPublishSessionResult.from_dict(await self._ask("host.publishSession", sessionId=session_id))

    async def unpublish_session(self, session_id: str) -> HostUnpublishSessionResult:
        """Takes a session back."""
        from .generated.rpc import HostUnpublishSessionResult

        return HostUnpublishSessionResult.from_dict(await self._ask("host.unpublishSession", sessionId=session_id))

    async def list_sessions(self) -> HostListSessionsResult:
        """The sessions that the host offers."""
        from .generated.rpc import HostListSessionsResult

        return HostListSessionsResult.from_dict(await self._ask("host.listSessions"))

    async def _ask(self, method: str, **params: Any) -> Any:
        return await self._rpc.request(method, {"hostId": self.host_id, **params})

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
    """Starts a host on the client's runtime."""
    host_id = new_session_id()
    # The runtime may ask before it has answered.
    client._hosts[host_id] = options
    try:
        answer = await client._call("client.startAhpHost", {"options": {"hostId": host_id, **_to_wire(options)}})
    except BaseException:
        client._hosts.pop(host_id, None)
        raise
    url, token, pid, environment = (answer.get(name) for name in ("url", "token", "pid", "environmentId"))
    return AhpHost(host_id, url, token, pid, environment, client)


def _to_wire(options: AhpHostOptions) -> dict[str, Any]:
    authentication = options.authentication
    wire = {
        "localServer": _members(options.local_server),
        "githubEnvironment": _members(options.github_environment),
        "computeId": options.compute_id,
        "workspace": options.workspace,
        "allowCreatingNewSessions": options.allow_creating_new_sessions,
        "sessionFactory": options.create_session is not None,
        "resumeFactory": options.resume_session is not None,
    }
    if authentication is not None:
        wire["authentication"] = {"mode": authentication.mode, "requireIdentity": authentication.require_identity}
        wire["authenticate"] = authentication.authenticate is not None
    return wire


def _members(value: Any) -> Any:
    return value.to_dict() if hasattr(value, "to_dict") else value


async def serve_host(client: ClientBase, hosts: dict[str, AhpHostOptions], question: Question) -> Any:
    """What the engine asks and tells of a host."""
    args = question.arguments()
    options = hosts.get(args["hostId"])
    if options is None:
        if question.name in ("sessionReleased", "exited"):
            return None
        raise NoHandler(f"this client has no host {args['hostId']}")
    if question.name == "materializeSession":
        return await _until_cancelled(lambda cancelled: _session(options, args, cancelled))
    if question.name == "validateAuthentication":
        return await _until_cancelled(lambda cancelled: _identity(options, args["token"], cancelled))
    if question.name == "sessionReleased" and options.on_session_released is not None:
        sessions: list[Any] = list(client._inbox.sessions.values())
        for session in sessions:
            if session.session_id == args["sessionId"]:
                await called(options.on_session_released, session)
    if question.name == "exited":
        hosts.pop(args["hostId"], None)
        if options.on_exit is not None:
            from .generated.rpc import HostExitedNotification

            await called(options.on_exit, HostExitedNotification.from_dict(args))
    return None


async def _until_cancelled(work: Callable[[asyncio.Event], Awaitable[Any]]) -> Any:
    """Tells the callback by its event that the answer is no longer wanted."""
    cancelled = asyncio.Event()
    try:
        return await work(cancelled)
    except asyncio.CancelledError:
        cancelled.set()
        raise


async def _session(options: AhpHostOptions, args: dict[str, Any], cancelled: asyncio.Event) -> dict[str, Any]:
    config = session_keywords(args["config"])
    who: dict[str, Any] = args["authentication"]
    authentication = AhpSessionAuthentication(who["mode"], who.get("identity"))
    if args["resume"]:
        factory: Callable[[Any], Awaitable[CopilotSession]] | None = options.resume_session
        session_id = config.pop("session_id", "")
        request: Any = AhpSessionResumeRequest(session_id, config, cancelled, authentication)
    else:
        factory = options.create_session
        request = AhpSessionCreateRequest(config, cancelled, authentication)
    if factory is None:
        raise NoHandler("the host neither creates nor resumes such sessions")
    return {"sessionId": (await called(factory, request)).session_id}


async def _identity(options: AhpHostOptions, token: str, cancelled: asyncio.Event) -> dict[str, Any] | None:
    authenticate = None if options.authentication is None else options.authentication.authenticate
    if authenticate is None:
        return None
    found = await called(authenticate, AhpAuthenticationRequest(token, cancelled))
    return found and {"identity": found.identity, "expiresAt": found.expires_at}
