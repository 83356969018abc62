"""Records that clients return: statuses, sessions, lifecycle events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal


def required(obj: Any, owner: str, *names: str) -> list[Any]:
    assert isinstance(obj, dict)
    found: list[Any] = []
    for name in names:
        value: Any = obj.get(name)
        if value is None:
            raise ValueError(f"Missing required field {name!r} in {owner}")
        found.append(value)
    return found


def dropping_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000, UTC)
    return datetime.fromisoformat(str(value))


@dataclass
class PingResponse:
    message: str
    timestamp: datetime
    protocol_version: int

    @staticmethod
    def from_dict(obj: Any) -> PingResponse:
        message, timestamp, version = required(obj, "PingResponse", "message", "timestamp", "protocolVersion")
        return PingResponse(str(message), _moment(timestamp), int(version))

    def to_dict(self) -> dict[str, Any]:
        return {
            "message": self.message,
            "timestamp": self.timestamp.isoformat(),
            "protocolVersion": self.protocol_version,
        }


@dataclass
class StopError(Exception):
    """One step of stopping that failed."""

    message: str

    def __post_init__(self) -> None:
        super().__init__(self.message)

    __hash__ = Exception.__hash__

    @staticmethod
    def from_dict(obj: Any) -> StopError:
        return StopError(str(required(obj, "StopError", "message")[0]))

    def to_dict(self) -> dict[str, Any]:
        return {"message": self.message}


@dataclass
class GetStatusResponse:
    version: str
    protocol_version: int

    @staticmethod
    def from_dict(obj: Any) -> GetStatusResponse:
        version, protocol = required(obj, "GetStatusResponse", "version", "protocolVersion")
        return GetStatusResponse(str(version), int(protocol))

    def to_dict(self) -> dict[str, Any]:
        return {"version": self.version, "protocolVersion": self.protocol_version}


@dataclass
class GetAuthStatusResponse:
    isAuthenticated: bool
    authType: str | None = None
    host: str | None = None
    login: str | None = None
    statusMessage: str | None = None

    @staticmethod
    def from_dict(obj: Any) -> GetAuthStatusResponse:
        (authenticated,) = required(obj, "GetAuthStatusResponse", "isAuthenticated")
        rest = (obj.get(key) for key in ("authType", "host", "login", "statusMessage"))
        return GetAuthStatusResponse(bool(authenticated), *rest)

    def to_dict(self) -> dict[str, Any]:
        return dropping_none(**vars(self))


@dataclass
class SessionContext:
    working_directory: str
    git_root: str | None = None
    repository: str | None = None
    branch: str | None = None

    @staticmethod
    def from_dict(obj: Any) -> SessionContext:
        (directory,) = required(obj, "SessionContext", "cwd")
        rest = (obj.get(key) for key in ("gitRoot", "repository", "branch"))
        return SessionContext(str(directory), *rest)

    def to_dict(self) -> dict[str, Any]:
        return dropping_none(
            cwd=self.working_directory,
            gitRoot=self.git_root,
            repository=self.repository,
            branch=self.branch,
        )


@dataclass
class SessionListFilter:
    working_directory: str | None = None
    git_root: str | None = None
    repository: str | None = None
    branch: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return dropping_none(
            cwd=self.working_directory,
            gitRoot=self.git_root,
            repository=self.repository,
            branch=self.branch,
        )


@dataclass
class SessionMetadata:
    session_id: str
    start_time: datetime
    modified_time: datetime
    is_remote: bool
    summary: str | None = None
    context: SessionContext | None = None

    @staticmethod
    def from_dict(obj: Any) -> SessionMetadata:
        identity, start, modified, remote = required(
            obj, "SessionMetadata", "sessionId", "startTime", "modifiedTime", "isRemote"
        )
        context = obj.get("context")
        return SessionMetadata(
            str(identity),
            _moment(start),
            _moment(modified),
            bool(remote),
            obj.get("summary"),
            None if context is None else SessionContext.from_dict(context),
        )

    def to_dict(self) -> dict[str, Any]:
        return dropping_none(
            sessionId=self.session_id,
            startTime=self.start_time.isoformat(),
            modifiedTime=self.modified_time.isoformat(),
            isRemote=self.is_remote,
            summary=self.summary,
            context=None if self.context is None else self.context.to_dict(),
        )


SessionLifecycleEventType = Literal[
    "session.created",
    "session.deleted",
    "session.updated",
    "session.foreground",
    "session.background",
]


@dataclass
class SessionLifecycleEventMetadata:
    start_time: datetime
    modified_time: datetime
    summary: str | None = None

    @staticmethod
    def from_dict(data: dict[str, Any]) -> SessionLifecycleEventMetadata:
        start, modified = required(data, "SessionLifecycleEventMetadata", "startTime", "modifiedTime")
        return SessionLifecycleEventMetadata(_moment(start), _moment(modified), data.get("summary"))


@dataclass
class SessionLifecycleEventBase:
    session_id: str
    metadata: SessionLifecycleEventMetadata | None = None


@dataclass
class SessionCreatedEvent(SessionLifecycleEventBase):
    type: ClassVar[Literal["session.created"]] = "session.created"


@dataclass
class SessionDeletedEvent(SessionLifecycleEventBase):
    type: ClassVar[Literal["session.deleted"]] = "session.deleted"


@dataclass
class SessionUpdatedEvent(SessionLifecycleEventBase):
    type: ClassVar[Literal["session.updated"]] = "session.updated"


@dataclass
class SessionForegroundEvent(SessionLifecycleEventBase):
    type: ClassVar[Literal["session.foreground"]] = "session.foreground"


@dataclass
class SessionBackgroundEvent(SessionLifecycleEventBase):
    type: ClassVar[Literal["session.background"]] = "session.background"


SessionLifecycleEvent = (
    SessionCreatedEvent | SessionDeletedEvent | SessionUpdatedEvent | SessionForegroundEvent | SessionBackgroundEvent
)

LIFECYCLE_TYPES: dict[str, type[SessionLifecycleEvent]] = {
    "session.created": SessionCreatedEvent,
    "session.deleted": SessionDeletedEvent,
    "session.updated": SessionUpdatedEvent,
    "session.foreground": SessionForegroundEvent,
    "session.background": SessionBackgroundEvent,
}


def lifecycle_event(params: dict[str, Any]) -> SessionLifecycleEvent:
    """The variant for a ``session.lifecycle`` notification; an unknown type counts as an update."""
    variant = LIFECYCLE_TYPES.get(str(params.get("type")), SessionUpdatedEvent)
    metadata = params.get("metadata")
    return variant(
        str(params.get("sessionId", "")),
        None if metadata is None else SessionLifecycleEventMetadata.from_dict(metadata),
    )
