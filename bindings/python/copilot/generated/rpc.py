"""Stand-in for the generated module; thrown away when that arrives."""
from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec

from .session_events import _class, _Record, _snake


class RemoteSessionMode(Enum):
    OFF = "off"
    EXPORT = "export"
    ON = "on"


class PermissionDecisionApproveOnce(_Record):
    kind = "approve-once"

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "approve-once", **self._wire}


class PermissionDecisionReject(_Record):
    kind = "reject"

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "reject", **self._wire}


PermissionDecision = PermissionDecisionApproveOnce | PermissionDecisionReject


class ServerRpc:
    def __init__(self, client: Any) -> None:
        self._client = client

    async def ping(self, params: Any) -> Any:
        return msgspec.json.decode(await self._client.request("ping", params.to_dict()))


class SessionRpc:
    def __init__(self, client: Any, session_id: str) -> None:
        self._client = client
        self._session_id = session_id


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return _class(name)
