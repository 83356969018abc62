"""Ways to reach a runtime."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._given import shown

_DEFAULT_CONNECTION = "COPILOT_SDK_DEFAULT_CONNECTION"


@dataclass
class CloudSessionRepository:
    owner: str
    name: str
    branch: str | None = None


@dataclass
class CloudSessionOptions:
    repository: CloudSessionRepository | None = None


@dataclass
class RuntimeConnection:
    """How to reach a runtime; made by one of the ``for_…`` functions."""

    @staticmethod
    def for_stdio(*, path: str | os.PathLike[str] | None = None, args: Sequence[str] = ()) -> StdioRuntimeConnection:
        """Spawns a runtime and talks over its standard streams."""
        return StdioRuntimeConnection(path=path, args=_arguments(args))

    @staticmethod
    def for_tcp(
        *,
        port: int = 0,
        connection_token: str | None = None,
        path: str | os.PathLike[str] | None = None,
        args: Sequence[str] = (),
    ) -> TcpRuntimeConnection:
        """Spawns a runtime that listens on a loopback port."""
        return TcpRuntimeConnection(path=path, args=_arguments(args), port=port, connection_token=connection_token)

    @staticmethod
    def for_uri(url: str, *, connection_token: str | None = None) -> UriRuntimeConnection:
        """Connects to a runtime that somebody else started."""
        given: Any = url
        if not isinstance(given, str):
            raise TypeError(f"url: expected an address such as 'localhost:3000', got {shown(url)}")
        return UriRuntimeConnection(url=url, connection_token=connection_token)

    @staticmethod
    def for_inprocess(
        *, run_on_ui_thread: Callable[[Callable[[], None]], Awaitable[None] | None] | None = None
    ) -> InProcessRuntimeConnection:
        """Loads the runtime into this process."""
        return InProcessRuntimeConnection(run_on_ui_thread=run_on_ui_thread)


@dataclass
class ChildProcessRuntimeConnection(RuntimeConnection):
    path: str | os.PathLike[str] | None = None
    args: Sequence[str] = ()
    # What may hold a secret is not shown.
    env: dict[str, str] | None = field(default=None, repr=False)


@dataclass
class StdioRuntimeConnection(ChildProcessRuntimeConnection):
    pass


@dataclass
class TcpRuntimeConnection(ChildProcessRuntimeConnection):
    # The first four keep their places from before ``env`` was added.
    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        args: Sequence[str] = (),
        port: int = 0,
        connection_token: str | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        super().__init__(path, args, env)
        self.port = port
        self.connection_token = connection_token

    port: int = 0
    connection_token: str | None = field(default=None, repr=False)


@dataclass
class UriRuntimeConnection(RuntimeConnection):
    url: str = ""
    connection_token: str | None = field(default=None, repr=False)


@dataclass
class InProcessRuntimeConnection(RuntimeConnection):
    run_on_ui_thread: Callable[[Callable[[], None]], Awaitable[None] | None] | None = None


def default_connection(env: Mapping[str, str] | None) -> RuntimeConnection:
    """What is used when the program names no connection."""
    wanted = (os.environ if env is None else env).get(_DEFAULT_CONNECTION, "").strip().lower()
    if wanted in ("", "stdio"):
        return StdioRuntimeConnection()
    if wanted == "inprocess":
        return InProcessRuntimeConnection()
    raise ValueError(f"{_DEFAULT_CONNECTION} must be 'stdio' or 'inprocess', not {wanted!r}")


def check_environment(connection: RuntimeConnection, env: Any, telemetry: Any, working_directory: Any) -> None:
    """Refuses options that the connection cannot honour."""
    if isinstance(connection, InProcessRuntimeConnection):
        for name, value in (
            ("env", env),
            ("telemetry", telemetry),
            ("working_directory", working_directory),
        ):
            if value is not None:
                raise ValueError(f"{name} is not supported with RuntimeConnection.for_inprocess()")
    own = getattr(connection, "env", None)
    if own is not None and env is not None:
        raise ValueError("Set environment variables for the client (env) or for the connection (its env), not both")


def _arguments(args: Sequence[str]) -> tuple[str, ...]:
    if isinstance(args, str):
        raise TypeError(f"args: expected a list of strings, got {shown(args)}")
    return tuple(args)


def check_env(env: Any) -> None:
    """Refuses an environment that is none."""
    if env is not None and not isinstance(env, Mapping):
        raise TypeError(f"env: expected a mapping of strings, got {shown(env)}")


def to_wire(connection: RuntimeConnection, env: Mapping[str, str] | None) -> dict[str, Any]:
    """The connection as an option of the engine."""
    if isinstance(connection, UriRuntimeConnection):
        wire: dict[str, Any] = {"kind": "uri", "url": connection.url}
    elif isinstance(connection, InProcessRuntimeConnection):
        return {"kind": "inprocess"}
    elif isinstance(connection, ChildProcessRuntimeConnection):
        is_tcp = isinstance(connection, TcpRuntimeConnection)
        wire = {"kind": "tcp" if is_tcp else "stdio", "args": list(_arguments(connection.args))}
        if connection.path is None:
            connection.path = _installed(connection.env if env is None else env)
        if connection.path is not None:
            wire["path"] = os.fspath(connection.path)
        if connection.env is not None:
            wire["env"] = dict(connection.env)
        if isinstance(connection, TcpRuntimeConnection) and connection.port:
            wire["port"] = connection.port
    else:
        hint = "; RuntimeConnection.for_uri() makes one of an address" if isinstance(connection, str) else ""
        raise TypeError(f"connection: expected a RuntimeConnection, got {shown(connection)}{hint}")
    token = getattr(connection, "connection_token", None)
    if token is not None:
        wire["connectionToken"] = token
    return wire


def _installed(env: Mapping[str, str] | None) -> str | None:
    """The runtime of a program that names none. The connection shows what was chosen."""
    named = (os.environ if env is None else env).get("COPILOT_CLI_PATH")
    if named:
        return named
    from ._cli_download import find_cli

    return find_cli()
