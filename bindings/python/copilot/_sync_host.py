"""Hosts of the blocking client."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._question import called

if TYPE_CHECKING:
    from . import host as _host
    from . import sync
    from .generated.rpc import HostListSessionsResult, HostPublishSessionResult, HostUnpublishSessionResult


@dataclasses.dataclass(frozen=True)
class AhpHost:
    """A running host whose methods block."""

    host_id: str
    url: str | None
    token: str | None
    pid: int | None
    environment_id: str | None
    _inner: _host.AhpHost = dataclasses.field(repr=False, compare=False)
    _runner: Any = dataclasses.field(repr=False, compare=False)

    def __enter__(self) -> AhpHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.dispose()

    def dispose(self) -> None:
        """Ends the host; the sessions stay."""
        self._runner.run(self._inner.dispose())

    def set_allow_creating_new_sessions(self, allowed: bool) -> None:
        """Whether clients may begin sessions, from now on."""
        self._runner.run(self._inner.set_allow_creating_new_sessions(allowed))

    def publish_session(self, session_id: str) -> HostPublishSessionResult:
        """Offers an open session of this client to the host's clients."""
        published: HostPublishSessionResult = self._runner.run(self._inner.publish_session(session_id))
        return published

    def unpublish_session(self, session_id: str) -> HostUnpublishSessionResult:
        """Takes a session back."""
        taken: HostUnpublishSessionResult = self._runner.run(self._inner.unpublish_session(session_id))
        return taken

    def list_sessions(self) -> HostListSessionsResult:
        """The sessions that the host offers."""
        listed: HostListSessionsResult = self._runner.run(self._inner.list_sessions())
        return listed


def start(client: sync.CopilotClient, options: _host.AhpHostOptions) -> AhpHost:
    """Starts a host. Its callbacks run in threads, so that they may use the client."""
    inner = client._runner.run(client._inner.start_ahp_host(_in_threads(client, options)))
    return AhpHost(inner.host_id, inner.url, inner.token, inner.pid, inner.environment_id, inner, client._runner)


def _in_threads(client: sync.CopilotClient, options: _host.AhpHostOptions) -> _host.AhpHostOptions:
    from .sync import sync_session

    def opening(factory: Callable[..., Any] | None) -> Callable[..., Any] | None:
        async def open_session(request: Any) -> Any:
            assert factory is not None
            opened = await called(asyncio.to_thread, factory, request)
            return opened._inner

        return factory and open_session

    def telling(function: Callable[..., Any] | None, shape: Callable[[Any], Any]) -> Callable[..., Any] | None:
        async def tell(what: Any) -> None:
            assert function is not None
            await asyncio.to_thread(function, shape(what))

        return function and tell

    return dataclasses.replace(
        options,
        create_session=opening(options.create_session),
        resume_session=opening(options.resume_session),
        on_session_released=telling(options.on_session_released, lambda session: sync_session(client, session)),
        on_exit=telling(options.on_exit, lambda exit: exit),
    )
