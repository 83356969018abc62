"""The session event and what its table does not say. An event read from bytes is typed only when asked."""

import enum
import json

import msgspec

from ._runtime import SPACES, decode
from ._wire import WireDatetime, check_bool, check_str, fail, plain, read_uuid, write_time, write_uuid

NAMES = [
    "Data",
    "RawSessionEventData",
    "SessionEvent",
    "SessionEventData",
    "SessionEventType",
    "session_event_from_dict",
    "session_event_to_dict",
]
SPACE = SPACES["session_events"]


class EventType(enum.Enum):
    @classmethod
    def _missing_(cls, value):
        return cls.UNKNOWN


SessionEventType = EventType(
    "SessionEventType",
    [(member, wire) for wire, member, _ in SPACE.table.EVENTS] + [("UNKNOWN", "unknown")],
    module=SPACE.module,
)
TYPES = {wire: (SessionEventType(wire), cls) for wire, _, cls in SPACE.table.EVENTS}
WIRE_OF = {cls: wire for wire, _, cls in SPACE.table.EVENTS}


class PlainFields:
    """Lets `dataclasses.fields`, `asdict` and `replace` work on a class that is no struct."""

    def __init__(self, required):
        self.required = required

    def __get__(self, instance, owner):
        import dataclasses

        found = {}
        for index, name in enumerate(owner.__match_args__):
            field = dataclasses.field() if index < self.required else dataclasses.field(default=None)
            field.name, field.type = name, owner._field_types[index]
            field._field_type = dataclasses._FIELD
            found[name] = field
        return found


class RawSessionEventData:
    """Data of an event type this version does not know."""

    __slots__ = ("raw",)
    __match_args__ = ("raw",)
    __dataclass_fields__ = PlainFields(1)
    _field_types = ("Any",)

    def __init__(self, raw):
        self.raw = raw

    @staticmethod
    def from_dict(obj):
        return RawSessionEventData(obj)

    def to_dict(self):
        return self.raw

    def __eq__(self, other):
        return isinstance(other, RawSessionEventData) and self.raw == other.raw

    def __repr__(self):
        return f"RawSessionEventData(raw={self.raw!r})"


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def snake(name):
    out = []
    for index, char in enumerate(name):
        if char.isupper() and index and not name[index - 1].isupper():
            out.append("_")
        out.append(char.lower())
    return "".join(out).replace(".", "_").replace("-", "_")


class Data:
    """Free-form data; kept for older programs."""

    def __init__(self, **kwargs):
        self._values = dict(kwargs)
        self.__dict__.update(kwargs)

    @staticmethod
    def from_dict(obj):
        if not isinstance(obj, dict):
            fail("an object", obj)
        return Data(**{snake(key): value for key, value in obj.items()})

    def to_dict(self):
        found = {k: v for k, v in self.__dict__.items() if k != "_values"}
        return {camel(k): plain(v) for k, v in found.items() if v is not None}

    def __eq__(self, other):
        return isinstance(other, Data) and self.to_dict() == other.to_dict()

    def __repr__(self):
        return f"Data({self.to_dict()!r})"


class Envelope(msgspec.Struct):
    type: str
    id: str = ""
    timestamp: str = ""
    parentId: str | None = None
    agentId: str | None = None
    ephemeral: bool | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


read_envelope = msgspec.json.Decoder(Envelope).decode
FIELDS = ("data", "id", "timestamp", "type", "agent_id", "ephemeral", "parent_id", "raw_type")
LAZY = object()
KNOWN = {"data", "id", "timestamp", "type", "agentId", "ephemeral", "parentId"}


def lazy(name, read):
    slot = "_" + name

    def get(self):
        value = getattr(self, slot)
        if value is LAZY:
            value = read(self._envelope)
            setattr(self, slot, value)
        return value

    def put(self, value):
        setattr(self, slot, value)

    return property(get, put)


def read_data(envelope):
    known = TYPES.get(envelope.type)
    if known is None:
        return RawSessionEventData(json.loads(bytes(envelope.data)))
    return decode("session_events", f"<{known[1]}>", bytes(envelope.data))


class SessionEvent:
    """One event of a session."""

    __slots__ = (*("_" + name for name in FIELDS), "_envelope", "_extra", "__weakref__")
    __match_args__ = FIELDS
    __dataclass_fields__ = PlainFields(4)
    _field_types = (
        *("SessionEventData", "UUID", "datetime", "SessionEventType"),
        *("str | None", "bool | None", "UUID | None", "str | None"),
    )

    def __init__(
        self, data, id, timestamp, type, agent_id=None, ephemeral=None, parent_id=None, raw_type=None
    ):
        self._data, self._id, self._timestamp, self._type = data, id, timestamp, type
        self._agent_id, self._ephemeral, self._parent_id = agent_id, ephemeral, parent_id
        self._raw_type = raw_type
        self._envelope = None
        self._extra = None

    data = lazy("data", read_data)
    id = lazy("id", lambda e: read_uuid(e.id))
    timestamp = lazy("timestamp", lambda e: WireDatetime.load(e.timestamp))
    type = lazy("type", lambda e: TYPES[e.type][0] if e.type in TYPES else SessionEventType.UNKNOWN)
    agent_id = lazy("agent_id", lambda e: e.agentId)
    ephemeral = lazy("ephemeral", lambda e: e.ephemeral)
    parent_id = lazy("parent_id", lambda e: None if e.parentId is None else read_uuid(e.parentId))
    raw_type = lazy("raw_type", lambda e: None if e.type in TYPES else e.type)

    @staticmethod
    def from_json(raw):
        """Reads received bytes; fields are typed when first asked for, faults show then."""
        try:
            envelope = read_envelope(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return SessionEvent.from_dict(json.loads(raw))
        self = SessionEvent.__new__(SessionEvent)
        self._data = self._id = self._timestamp = self._type = LAZY
        self._agent_id = self._ephemeral = self._parent_id = self._raw_type = LAZY
        self._envelope = envelope
        self._extra = raw
        return self

    @staticmethod
    def from_dict(obj):
        if not isinstance(obj, dict):
            fail("an object", obj)
        wire = check_str(obj.get("type"))
        known = TYPES.get(wire)
        data = obj.get("data")
        parent = obj.get("parentId")
        agent, ephemeral = obj.get("agentId"), obj.get("ephemeral")
        event = SessionEvent(
            SPACE.reader(known[1])(data) if known else RawSessionEventData(data),
            read_uuid(obj.get("id")),
            WireDatetime.load(obj.get("timestamp")),
            known[0] if known else SessionEventType.UNKNOWN,
            None if agent is None else check_str(agent),
            None if ephemeral is None else check_bool(ephemeral),
            None if parent is None else read_uuid(parent),
            None if known else wire,
        )
        extra = {k: v for k, v in obj.items() if k not in KNOWN}
        extra.update((k, None) for k in ("agentId", "ephemeral") if k in obj and obj[k] is None)
        event._extra = extra or None
        return event

    def unknown_fields(self):
        extra = self._extra
        if isinstance(extra, (bytes, str)):
            obj = json.loads(extra)
            extra = {k: v for k, v in obj.items() if k not in KNOWN}
            extra.update((k, None) for k in ("agentId", "ephemeral") if k in obj and obj[k] is None)
            self._extra = extra or None
        return extra

    def to_dict(self):
        if not isinstance(self.type, SessionEventType):
            fail("SessionEventType", self.type)
        wire = self.raw_type if self.raw_type is not None else self.type.value
        lazy_data = self._data is LAZY
        out = {
            "data": json.loads(bytes(self._envelope.data)) if lazy_data else plain(self.data),
            "id": write_uuid(self.id),
            "timestamp": write_time(self.timestamp),
            "type": wire,
            "parentId": None if self.parent_id is None else write_uuid(self.parent_id),
        }
        if self.agent_id is not None:
            out["agentId"] = check_str(self.agent_id)
        if self.ephemeral is not None:
            out["ephemeral"] = check_bool(self.ephemeral)
        for key, value in (self.unknown_fields() or {}).items():
            out.setdefault(key, value)
        return out

    def __eq__(self, other):
        if not isinstance(other, SessionEvent):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in FIELDS)

    __hash__ = None

    def __repr__(self):
        return "SessionEvent(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in FIELDS) + ")"

    def __reduce__(self):
        return SessionEvent.from_dict, (self.to_dict(),)


SessionEvent.__module__ = RawSessionEventData.__module__ = Data.__module__ = SPACE.module


def session_event_from_dict(s):
    return SessionEvent.from_dict(s)


def session_event_to_dict(x):
    return x.to_dict()


def event_data():
    union = RawSessionEventData | Data
    for _, _, cls in SPACE.table.EVENTS:
        union = union | SPACE.get(cls)
    return union


def attribute(space, name):
    if name == "SessionEventData":
        return event_data()
    if name in NAMES:
        return globals()[name]
    raise AttributeError(f"module {space.module!r} has no attribute {name!r}")
