"""Session file systems: the runtime keeps a session's files wherever the program wants them."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from .generated.rpc import (
        SessionFSReaddirWithTypesEntry,
        SessionFSSqliteQueryType,
        SessionFSSqliteTransactionErrorClass,
        SessionFSSqliteTransactionStatement,
    )

__all__ = [
    "SessionFsBinaryProvider",
    "SessionFsFileInfo",
    "SessionFsProvider",
    "SessionFsSqliteProvider",
    "SessionFsSqliteQueryResult",
    "SessionFsSqliteTransactionFailure",
    "SessionFsWriteFailure",
    "create_session_fs_adapter",
]


@dataclass
class SessionFsFileInfo:
    is_file: bool
    is_directory: bool
    size: int
    mtime: datetime
    birthtime: datetime


class SessionFsProvider(abc.ABC):
    """Serves the files of one session. Calls may overlap; errors are told by raising ``OSError``."""

    @abc.abstractmethod
    async def read_file(self, path: str) -> str: ...

    @abc.abstractmethod
    async def write_file(self, path: str, content: str, mode: int | None = None) -> None: ...

    @abc.abstractmethod
    async def append_file(self, path: str, content: str, mode: int | None = None) -> None: ...

    @abc.abstractmethod
    async def exists(self, path: str) -> bool: ...

    @abc.abstractmethod
    async def stat(self, path: str) -> SessionFsFileInfo: ...

    @abc.abstractmethod
    async def mkdir(self, path: str, recursive: bool, mode: int | None = None) -> None: ...

    @abc.abstractmethod
    async def readdir(self, path: str) -> list[str]: ...

    @abc.abstractmethod
    async def readdir_with_types(self, path: str) -> Sequence[SessionFSReaddirWithTypesEntry]: ...

    @abc.abstractmethod
    async def rm(self, path: str, recursive: bool, force: bool) -> None: ...

    @abc.abstractmethod
    async def rename(self, src: str, dest: str) -> None: ...


@dataclass
class SessionFsSqliteQueryResult:
    columns: list[str]
    rows: list[dict[str, Any]]
    rows_affected: int
    last_insert_rowid: int | None = None


class SessionFsSqliteProvider(abc.ABC):
    """Serves the session's database besides its files."""

    @abc.abstractmethod
    async def sqlite_query(
        self,
        query_type: SessionFSSqliteQueryType,
        query: str,
        params: dict[str, float | str | None] | None = None,
    ) -> SessionFsSqliteQueryResult | None: ...

    @abc.abstractmethod
    async def sqlite_exists(self) -> bool: ...

    async def sqlite_transaction(
        self, statements: list[SessionFSSqliteTransactionStatement]
    ) -> list[SessionFsSqliteQueryResult]:
        raise SessionFsSqliteTransactionFailure("transactions are not supported by this provider")


@runtime_checkable
class SessionFsBinaryProvider(Protocol):
    """Serves files that are no text."""

    async def read_file_bytes(self, path: str) -> bytes: ...

    async def write_file_bytes(self, path: str, content: bytes, mode: int | None = None) -> None: ...


class SessionFsWriteFailure(Exception):
    """A write failed after it had changed the file."""


class SessionFsSqliteTransactionFailure(Exception):
    """A transaction failed; the class says whether it may be tried again."""

    def __init__(self, message: str, error_class: SessionFSSqliteTransactionErrorClass | None = None) -> None:
        super().__init__(message)
        if error_class is None:
            from .generated.rpc import SessionFSSqliteTransactionErrorClass

            error_class = SessionFSSqliteTransactionErrorClass.FATAL
        self.error_class = error_class


def create_session_fs_adapter(provider: SessionFsProvider) -> Any:
    """A handler of the generated ``SessionFsHandler`` protocol over a provider."""
    from ._session_fs import Adapter

    return Adapter(provider)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The wire types that programs import from here."""
        from ._names import wire_type

        return wire_type(__name__, name)
