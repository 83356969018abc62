"""Records that clients return: statuses, models, sessions, lifecycle events."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from .generated.rpc import ModelBillingTokenPrices


def _required(obj: Any, owner: str, *names: str) -> list[Any]:
    assert isinstance(obj, dict)
    found: list[Any] = []
    for name in names:
        value: Any = obj.get(name)
        if value is None:
            raise ValueError(f"Missing required field {name!r} in {owner}")
        found.append(value)
    return found


def _dropping_none(**values: Any) -> dict[str, Any]:
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
        message, timestamp, version = _required(obj, "PingResponse", "message", "timestamp", "protocolVersion")
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
        return StopError(str(_required(obj, "StopError", "message")[0]))

    def to_dict(self) -> dict[str, Any]:
        return {"message": self.message}


@dataclass
class GetStatusResponse:
    version: str
    protocol_version: int

    @staticmethod
    def from_dict(obj: Any) -> GetStatusResponse:
        version, protocol = _required(obj, "GetStatusResponse", "version", "protocolVersion")
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
        (authenticated,) = _required(obj, "GetAuthStatusResponse", "isAuthenticated")
        rest = (obj.get(key) for key in ("authType", "host", "login", "statusMessage"))
        return GetAuthStatusResponse(bool(authenticated), *rest)

    def to_dict(self) -> dict[str, Any]:
        return _dropping_none(**vars(self))


@dataclass
class ModelVisionLimits:
    supported_media_types: list[str] | None = None
    max_prompt_images: int | None = None
    max_prompt_image_size: int | None = None

    @staticmethod
    def from_dict(obj: Any) -> ModelVisionLimits:
        _required(obj, "ModelVisionLimits")
        return ModelVisionLimits(*(obj.get(each.name) for each in fields(ModelVisionLimits)))

    def to_dict(self) -> dict[str, Any]:
        return _dropping_none(**vars(self))


@dataclass
class ModelLimits:
    max_prompt_tokens: int | None = None
    max_context_window_tokens: int | None = None
    vision: ModelVisionLimits | None = None

    @staticmethod
    def from_dict(obj: Any) -> ModelLimits:
        _required(obj, "ModelLimits")
        vision = obj.get("vision")
        return ModelLimits(
            obj.get("max_prompt_tokens"),
            obj.get("max_context_window_tokens"),
            None if vision is None else ModelVisionLimits.from_dict(vision),
        )

    def to_dict(self) -> dict[str, Any]:
        vision = None if self.vision is None else self.vision.to_dict()
        return _dropping_none(**{**vars(self), "vision": vision})


@dataclass
class ModelSupports:
    vision: bool = False
    reasoning_effort: bool = False

    @staticmethod
    def from_dict(obj: Any) -> ModelSupports:
        _required(obj, "ModelSupports")
        return ModelSupports(bool(obj.get("vision")), bool(obj.get("reasoningEffort")))

    def to_dict(self) -> dict[str, Any]:
        return {"vision": self.vision, "reasoningEffort": self.reasoning_effort}


@dataclass
class ModelCapabilities:
    supports: ModelSupports
    limits: ModelLimits

    @staticmethod
    def from_dict(obj: Any) -> ModelCapabilities:
        _required(obj, "ModelCapabilities")
        supports, limits = obj.get("supports") or {}, obj.get("limits") or {}
        return ModelCapabilities(ModelSupports.from_dict(supports), ModelLimits.from_dict(limits))

    def to_dict(self) -> dict[str, Any]:
        return {"supports": self.supports.to_dict(), "limits": self.limits.to_dict()}


@dataclass
class ModelPolicy:
    state: str
    terms: str

    @staticmethod
    def from_dict(obj: Any) -> ModelPolicy:
        _required(obj, "ModelPolicy", "state")
        return ModelPolicy(str(obj["state"]), str(obj.get("terms") or ""))

    def to_dict(self) -> dict[str, Any]:
        return {"state": self.state, "terms": self.terms}


@dataclass
class ModelBilling:
    multiplier: float | None = None
    token_prices: ModelBillingTokenPrices | None = None

    @staticmethod
    def from_dict(obj: Any) -> ModelBilling:
        _required(obj, "ModelBilling")
        prices = obj.get("tokenPrices")
        if prices is not None:
            from .generated.rpc import ModelBillingTokenPrices

            prices = ModelBillingTokenPrices.from_dict(prices)
        multiplier = obj.get("multiplier")
        return ModelBilling(None if multiplier is None else float(multiplier), prices)

    def to_dict(self) -> dict[str, Any]:
        prices = None if self.token_prices is None else self.token_prices.to_dict()
        return _dropping_none(multiplier=self.multiplier, tokenPrices=prices)


@dataclass
class ModelInfo:
    id: str
    name: str
    capabilities: ModelCapabilities
    policy: ModelPolicy | None = None
    billing: ModelBilling | None = None
    supported_reasoning_efforts: list[str] | None = None
    default_reasoning_effort: str | None = None

    @staticmethod
    def from_dict(obj: Any) -> ModelInfo:
        identity, name, capabilities = _required(obj, "ModelInfo", "id", "name", "capabilities")
        policy, billing = obj.get("policy"), obj.get("billing")
        return ModelInfo(
            str(identity),
            str(name),
            ModelCapabilities.from_dict(capabilities),
            None if policy is None else ModelPolicy.from_dict(policy),
            None if billing is None else ModelBilling.from_dict(billing),
            obj.get("supportedReasoningEfforts"),
            obj.get("defaultReasoningEffort"),
        )

    def to_dict(self) -> dict[str, Any]:
        return _dropping_none(
            id=self.id,
            name=self.name,
            capabilities=self.capabilities.to_dict(),
            policy=None if self.policy is None else self.policy.to_dict(),
            billing=None if self.billing is None else self.billing.to_dict(),
            supportedReasoningEfforts=self.supported_reasoning_efforts,
            defaultReasoningEffort=self.default_reasoning_effort,
        )


@dataclass
class SessionContext:
    working_directory: str
    git_root: str | None = None
    repository: str | None = None
    branch: str | None = None

    @staticmethod
    def from_dict(obj: Any) -> SessionContext:
        (directory,) = _required(obj, "SessionContext", "cwd")
        rest = (obj.get(key) for key in ("gitRoot", "repository", "branch"))
        return SessionContext(str(directory), *rest)

    def to_dict(self) -> dict[str, Any]:
        return _dropping_none(
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
        return _dropping_none(
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
        identity, start, modified, remote = _required(
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
        return _dropping_none(
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
        start, modified = _required(data, "SessionLifecycleEventMetadata", "startTime", "modifiedTime")
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
