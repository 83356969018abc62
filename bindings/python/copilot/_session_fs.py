"""Between the wire of ``sessionFs.*`` and a provider."""

from __future__ import annotations

import base64
import errno
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from .session_fs_provider import (
    SessionFsBinaryProvider,
    SessionFsProvider,
    SessionFsSqliteProvider,
    SessionFsSqliteQueryResult,
    SessionFsSqliteTransactionFailure,
    SessionFsWriteFailure,
)

_NO_SQLITE = "SQLite is not supported by this SessionFs provider"


def provider_for(session: Any, config: Any, options: dict[str, Any]) -> SessionFsProvider | None:
    """Asks the program for the provider of a session and checks that it can do what the client promised.

    None when the engine keeps the files itself.
    """
    create = options.get("create_session_fs_handler")
    if create is None and config.get("store"):
        return None
    if create is None:
        raise ValueError("create_session_fs_handler is required when the client has session_fs")
    provider: SessionFsProvider = create(session)
    capabilities = config.get("capabilities") or {}
    if capabilities.get("sqlite") and not isinstance(provider, SessionFsSqliteProvider):
        raise ValueError("the provider does not implement SessionFsSqliteProvider")
    if capabilities.get("binary") and not isinstance(provider, SessionFsBinaryProvider):
        raise ValueError("the provider does not implement SessionFsBinaryProvider")
    return provider


def _error(error: BaseException) -> dict[str, Any]:
    missing = isinstance(error, FileNotFoundError) or (isinstance(error, OSError) and error.errno == errno.ENOENT)
    return {"code": "ENOENT" if missing else "UNKNOWN", "message": str(error)}


def _rows(result: SessionFsSqliteQueryResult | None) -> dict[str, Any]:
    if result is None:
        return {"columns": [], "rows": [], "rowsAffected": 0}
    wire: dict[str, Any] = {
        "columns": result.columns,
        "rows": result.rows,
        "rowsAffected": result.rows_affected,
    }
    if result.last_insert_rowid is not None:
        wire["lastInsertRowid"] = result.last_insert_rowid
    return wire


async def _read(provider: Any, args: dict[str, Any]) -> Any:
    try:
        return {"content": await provider.read_file(args["path"])}
    except Exception as error:
        return {"content": "", "error": _error(error)}


async def _read_bytes(provider: Any, args: dict[str, Any]) -> Any:
    try:
        return {"content": base64.b64encode(await provider.read_file_bytes(args["path"])).decode()}
    except Exception as error:
        return {"content": "", "error": _error(error)}


async def _write_bytes(provider: Any, args: dict[str, Any]) -> Any:
    try:
        content = base64.b64decode(args["content"])
        await provider.write_file_bytes(args["path"], content, args.get("mode"))
    except Exception as error:
        return _error(error)
    return None


async def _exists(provider: Any, args: dict[str, Any]) -> Any:
    try:
        return {"exists": bool(await provider.exists(args["path"]))}
    except Exception:
        return {"exists": False}


def _stat_wire(info: Any) -> dict[str, Any]:
    return {
        "isFile": info.is_file,
        "isDirectory": info.is_directory,
        "size": info.size,
        "mtime": info.mtime.isoformat(),
        "birthtime": info.birthtime.isoformat(),
    }


async def _stat(provider: Any, args: dict[str, Any]) -> Any:
    try:
        info = await provider.stat(args["path"])
        return _stat_wire(info)
    except Exception as error:
        now = datetime.now(UTC).isoformat()
        nothing = {"isFile": False, "isDirectory": False, "size": 0}
        return {**nothing, "mtime": now, "birthtime": now, "error": _error(error)}


async def _readdir(provider: Any, args: dict[str, Any]) -> Any:
    try:
        return {"entries": list(await provider.readdir(args["path"]))}
    except Exception as error:
        return {"entries": [], "error": _error(error)}


async def _readdir_with_types(provider: Any, args: dict[str, Any]) -> Any:
    try:
        found = await provider.readdir_with_types(args["path"])
        return {"entries": [entry.to_dict() for entry in found]}
    except Exception as error:
        return {"entries": [], "error": _error(error)}


def _changing(
    call: Callable[[Any, dict[str, Any]], Awaitable[None]],
) -> Callable[[Any, dict[str, Any]], Awaitable[Any]]:
    """A call without a result, whose error is its result."""

    async def answer(provider: Any, args: dict[str, Any]) -> Any:
        try:
            await call(provider, args)
        except SessionFsWriteFailure as error:
            return {**_error(error.__cause__ or error), "writeChanged": True}
        except Exception as error:
            return _error(error)
        return None

    return answer


async def _sqlite_query(provider: Any, args: dict[str, Any]) -> Any:
    if not isinstance(provider, SessionFsSqliteProvider):
        return {**_rows(None), "error": {"code": "UNKNOWN", "message": _NO_SQLITE}}
    from .generated.rpc import SessionFSSqliteQueryType

    kind = SessionFSSqliteQueryType(args["queryType"])
    return _rows(await provider.sqlite_query(kind, args["query"], args.get("params")))


async def _sqlite_exists(provider: Any, args: dict[str, Any]) -> Any:
    try:
        return {"exists": bool(await provider.sqlite_exists())}
    except Exception:
        return {"exists": False}


async def _sqlite_transaction(provider: Any, args: dict[str, Any]) -> Any:
    from .generated.rpc import SessionFSSqliteTransactionStatement

    try:
        statements = [SessionFSSqliteTransactionStatement.from_dict(each) for each in args["statements"]]
        results = await provider.sqlite_transaction(statements)
        return {"results": [_rows(each) for each in results]}
    except SessionFsSqliteTransactionFailure as error:
        return {
            "results": [],
            "error": {"errorClass": error.error_class.value, "message": str(error)},
        }
    except Exception as error:
        return {"results": [], "error": {"errorClass": "fatal", "message": str(error)}}


_METHODS: dict[str, Callable[[Any, dict[str, Any]], Awaitable[Any]]] = {
    "readFile": _read,
    "readFileBytes": _read_bytes,
    "writeFileBytes": _write_bytes,
    "exists": _exists,
    "stat": _stat,
    "readdir": _readdir,
    "readdirWithTypes": _readdir_with_types,
    "sqliteQuery": _sqlite_query,
    "sqliteExists": _sqlite_exists,
    "sqliteTransaction": _sqlite_transaction,
}
_CHANGES: dict[str, Callable[[Any, dict[str, Any]], Awaitable[None]]] = {
    "writeFile": lambda p, a: p.write_file(a["path"], a["content"], a.get("mode")),
    "appendFile": lambda p, a: p.append_file(a["path"], a["content"], a.get("mode")),
    "mkdir": lambda p, a: p.mkdir(a["path"], bool(a.get("recursive")), a.get("mode")),
    "rm": lambda p, a: p.rm(a["path"], bool(a.get("recursive")), bool(a.get("force"))),
    "rename": lambda p, a: p.rename(a["src"], a["dest"]),
}


def error_details(error: BaseException) -> dict[str, Any] | None:
    """What the engine needs to know about an error besides its text."""
    if isinstance(error, SessionFsSqliteTransactionFailure):
        return {"errorClass": error.error_class.value}
    if isinstance(error, UnsupportedOperation):
        return {"code": "UNSUPPORTED"}
    return {"code": "ENOENT"} if _error(error)["code"] == "ENOENT" else None


async def answer(provider: Any, args: dict[str, Any]) -> Any:
    """Serves one call of the engine, which wants plain values and turns what is raised into the wire's errors."""
    method, path = args["method"], args.get("path")
    match method:
        case "stat":
            return _stat_wire(await provider.stat(path))
        case "readdirWithTypes":
            return [entry.to_dict() for entry in await provider.readdir_with_types(path)]
        case "readFile":
            return await provider.read_file(path)
        case "readFileBytes":
            return base64.b64encode(await provider.read_file_bytes(args["path"])).decode()
        case "writeFileBytes":
            content = base64.b64decode(args["content"])
            await provider.write_file_bytes(path, content, args.get("mode"))
            return None
        case "exists":
            return bool(await provider.exists(path))
        case "readdir":
            return list(await provider.readdir(path))
        case "sqliteExists" | "sqliteQuery" | "sqliteTransaction":
            return await _sqlite(provider, args)
        case _:
            await _CHANGES[method](provider, args)
            return None


async def _sqlite(provider: Any, args: dict[str, Any]) -> Any:
    if not isinstance(provider, SessionFsSqliteProvider):
        raise UnsupportedOperation(_NO_SQLITE)
    from .generated.rpc import SessionFSSqliteQueryType, SessionFSSqliteTransactionStatement

    match args["method"]:
        case "sqliteExists":
            return bool(await provider.sqlite_exists())
        case "sqliteQuery":
            kind = SessionFSSqliteQueryType(args["queryType"])
            return _rows(await provider.sqlite_query(kind, args["query"], args.get("params")))
        case _:
            statements = [SessionFSSqliteTransactionStatement.from_dict(each) for each in args["statements"]]
            return [_rows(each) for each in await provider.sqlite_transaction(statements)]


class UnsupportedOperation(Exception):
    """The provider does not offer this."""


class Adapter:
    """The generated ``SessionFsHandler`` protocol: one method per call, with generated requests and results."""

    def __init__(self, provider: SessionFsProvider) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Callable[[Any], Awaitable[Any]]:
        head, *rest = name.split("_")
        method = head + "".join(part.capitalize() for part in rest)
        function = _changing(_CHANGES[method]) if method in _CHANGES else _METHODS.get(method)
        if function is None:
            raise AttributeError(name)

        async def call(params: Any) -> Any:
            from .generated import rpc

            result = await function(self._provider, params.to_dict())
            if result is None:
                return None
            kind = "SessionFSError" if "code" in result else _result_name(name)
            return getattr(rpc, kind).from_dict(result)

        return call


def _result_name(name: str) -> str:
    return "SessionFS" + "".join(part.capitalize() for part in name.split("_")) + "Result"
