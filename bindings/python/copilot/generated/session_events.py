"""Stand-in for the generated module; thrown away when that arrives."""
from __future__ import annotations

import re
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec


def _snake(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).replace(".", "_").lower()


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


class _Record:
    _wire: dict[str, Any]

    def __init__(self, **fields: Any) -> None:
        self._wire = {_camel(k): v for k, v in fields.items()}

    @classmethod
    def from_dict(cls, obj: Any) -> Any:
        made = cls.__new__(cls)
        made._wire = obj
        return made

    def to_dict(self) -> dict[str, Any]:
        return dict(self._wire)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        wire = self.__dict__.get("_wire", {})
        return wire.get(_camel(name), wire.get(name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._wire!r})"


class SessionEventType(Enum):
    ASSISTANT_MESSAGE = "assistant.message"
    ASSISTANT_MESSAGE_DELTA = "assistant.message_delta"
    ASSISTANT_USAGE = "assistant.usage"
    SESSION_START = "session.start"
    SESSION_IDLE = "session.idle"
    SESSION_ERROR = "session.error"
    TOOL_EXECUTION_START = "tool.execution_start"
    TOOL_EXECUTION_COMPLETE = "tool.execution_complete"
    USER_MESSAGE = "user.message"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        return cls.UNKNOWN


_classes: dict[str, type[Any]] = {}


def _class(name: str) -> type[Any]:
    made = _classes.get(name)
    if made is None:
        made = _classes[name] = type(name, (_Record,), {})
    return made


def _data_name(kind: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[._]", kind)) + "Data"


class SessionEvent(msgspec.Struct):
    type_: str = msgspec.field(name="type")
    id_: str = msgspec.field(name="id", default="")
    timestamp_: Any = msgspec.field(name="timestamp", default=None)
    data_: msgspec.Raw = msgspec.field(name="data", default=msgspec.Raw(b"{}"))
    parent_: Any = msgspec.field(name="parentId", default=None)
    ephemeral: Any = None
    agent_id: Any = msgspec.field(name="agentId", default=None)
    _data: Any = None

    @property
    def type(self) -> SessionEventType:
        return SessionEventType(self.type_)

    @property
    def raw_type(self) -> str:
        return self.type_

    @property
    def data(self) -> Any:
        if self._data is None:
            self._data = _class(_data_name(self.type_)).from_dict(msgspec.json.decode(self.data_))
        return self._data

    @property
    def id(self) -> UUID:
        return UUID(self.id_)

    @property
    def timestamp(self) -> datetime:
        return datetime.fromisoformat(self.timestamp_)


_decoder = msgspec.json.Decoder(SessionEvent)
_session_event_from_bytes = _decoder.decode


def session_event_from_dict(s: Any) -> SessionEvent:
    return _decoder.decode(msgspec.json.encode(s))


def _load_PermissionRequest(obj: Any) -> Any:
    return _class("PermissionRequest" + _data_name(obj["kind"].replace("-", "_"))[:-4]).from_dict(obj)


_load_PermissionPromptRequest = _load_PermissionRequest
PermissionRequest = _Record


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return _class(name)
