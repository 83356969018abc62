"""The session event and what its table does not say. An event read from bytes is typed only when asked."""

import enum
import json
import re
from datetime import timezone
from uuid import UUID

import msgspec

from .. import _native
from ._model import DataclassParams, laid_out
from ._runtime import SPACES, read_leniently
from ._runtime import attribute as attribute_of
from ._wire import WireDatetime, WireError, check_bool, check_str, fail, plain, read_uuid, write_time, write_uuid

# What belongs to calls and is offered here too.
ALSO_HERE = ("UsageGetMetricsResult", "UsageMetricsAgentMetric", "UsageMetricsCodeChanges", "UsageMetricsTokenDetail")
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
    __dataclass_params__ = DataclassParams
    __dict__ = property(lambda self: {"raw": self.raw})
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

    @laid_out
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
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
UNREADABLE = (AssertionError, TypeError, ValueError, RecursionError)


def parts(text):
    """The items of a list or the members of an object, as text, however deep they are nested."""
    found, depth, start = [], 0, 0
    for token in TOKEN.finditer(text):
        sign = token[0]
        if sign in ("[", "{"):
            depth += 1
            if depth == 1:
                start = token.end()
        elif sign in ("]", "}"):
            depth -= 1
            if depth == 0:
                found.append(text[start : token.start()].strip())
                break
        elif sign == "," and depth == 1:
            found.append(text[start : token.start()].strip())
            start = token.end()
    return [part for part in found if part]


def members(text):
    """The members of an object by name, as text."""
    found = {}
    for part in parts(text):
        name = TOKEN.match(part)
        value = part[name.end() :].lstrip()
        if name[0].startswith('"') and value.startswith(":"):
            found[json.loads(name[0])] = value[1:].lstrip()
    return found


class Loose:
    """Stands in for the envelope of an event that msgspec cannot read: each member is read by itself."""

    def __init__(self, raw, kind):
        self.text = members(raw if type(raw) is str else bytes(raw).decode("utf-8", "replace"))
        try:
            self.type = check_str(self.read("type"))
        except UNREADABLE:
            if kind is None:
                raise
            self.type = kind

    def read(self, name):
        text = self.text.get(name)
        return None if text is None else json.loads(text)

    def optional(self, name, check):
        value = self.read(name)
        return None if value is None else check(value)

    id = property(lambda self: self.read("id"))
    timestamp = property(lambda self: self.read("timestamp"))
    parentId = property(lambda self: self.read("parentId"))
    agentId = property(lambda self: self.optional("agentId", check_str))
    ephemeral = property(lambda self: self.optional("ephemeral", check_bool))
    data = property(lambda self: self.text.get("data", "{}").encode())


FIELDS = ("data", "id", "timestamp", "type", "agent_id", "ephemeral", "parent_id", "raw_type")
KNOWN = {"data", "id", "timestamp", "type", "agentId", "ephemeral", "parentId"}


def open_envelope(raw, kind):
    """What the fields of received text are read from. `kind` is its type, for text that does not say."""
    try:
        return read_envelope(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Loose(raw, kind)


def read_data(envelope):
    known, text = TYPES.get(envelope.type), bytes(envelope.data)
    try:
        if known is None:
            return RawSessionEventData(json.loads(text))
        return read_leniently("session_events", f"<{known[1]}>", text)
    except RecursionError:
        words = f"the data of {envelope.type} is nested too deep to be read; event.raw has its text"
        raise WireError(words) from None


# By field: how it is read from the envelope, when the native class leaves it to this module.
READERS = (
    read_data,
    lambda e: read_uuid(e.id),
    lambda e: WireDatetime.load(e.timestamp),
    lambda e: TYPES[e.type][0] if e.type in TYPES else SessionEventType.UNKNOWN,
    lambda e: e.agentId,
    lambda e: e.ephemeral,
    lambda e: None if e.parentId is None else read_uuid(e.parentId),
    lambda e: None if e.type in TYPES else e.type,
)


class SessionEvent:
    """One event of a session."""

    # These are given to the native class, which keeps the fields and the received text.
    __slots__ = ()
    __match_args__ = FIELDS
    __dataclass_fields__ = PlainFields(4)
    __dataclass_params__ = DataclassParams
    _field_types = (
        *("SessionEventData", "UUID", "datetime", "SessionEventType"),
        *("str | None", "bool | None", "UUID | None", "str | None"),
    )

    def __init__(
        self, data, id, timestamp, type, agent_id=None, ephemeral=None, parent_id=None, raw_type=None
    ):
        self.data, self.id, self.timestamp, self.type = data, id, timestamp, type
        self.agent_id, self.ephemeral, self.parent_id, self.raw_type = agent_id, ephemeral, parent_id, raw_type

    @staticmethod
    def from_json(raw, kind=None):
        """Reads received text; fields are typed when first asked for, faults show then. `kind` is its type, for text
        that does not say."""
        return SessionEvent._from_json(raw, kind)

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
        event._extra = extra
        return event

    def unknown_fields(self):
        extra = self._extra
        if extra is None and self.raw is not None:
            if type(self._envelope) is Loose:
                obj = {}
                for name in self._envelope.text:
                    put_readable(obj, name, lambda name=name: self._envelope.read(name))
            else:
                obj = json.loads(self.raw)
            extra = {k: v for k, v in obj.items() if k not in KNOWN}
            extra.update((k, None) for k in ("agentId", "ephemeral") if k in obj and obj[k] is None)
            self._extra = extra
        return extra or None

    def put(self, out, name, wire, write):
        """Writes one field; what nobody has asked for or changed goes out as it came, if that can be read."""
        if self._is_made(name):
            out[wire] = write(getattr(self, name))
            return
        envelope = self._envelope
        if type(envelope) is not Loose or wire == "data":
            out[wire] = getattr(envelope, wire)
        elif wire in envelope.text or wire == "parentId":
            put_readable(out, wire, lambda: envelope.read(wire))

    def to_dict(self):
        """The event as a dictionary. What cannot be read of a received event is left out; `raw` has it."""
        if not isinstance(self.type, SessionEventType):
            fail("SessionEventType", self.type)
        out = {}
        self.put(out, "data", "data", plain)
        if not self._is_made("data"):
            text = out.pop("data")
            put_readable(out, "data", lambda: json.loads(bytes(text)))
        self.put(out, "id", "id", write_uuid)
        self.put(out, "timestamp", "timestamp", write_time)
        out["type"] = self.raw_type if self.raw_type is not None else self.type.value
        self.put(out, "parent_id", "parentId", lambda value: None if value is None else write_uuid(value))
        for name, wire, check in (("agent_id", "agentId", check_str), ("ephemeral", "ephemeral", check_bool)):
            self.put(out, name, wire, lambda value: None if value is None else check(value))
            if out.get(wire) is None:
                out.pop(wire, None)
        for key, value in (self.unknown_fields() or {}).items():
            out.setdefault(key, value)
        return out

    def __eq__(self, other):
        if not isinstance(other, SessionEvent):
            return NotImplemented
        try:
            return all(getattr(self, name) == getattr(other, name) for name in FIELDS)
        except UNREADABLE:
            return self.raw is not None and self.raw == other.raw

    __hash__ = None

    @laid_out
    def __repr__(self):
        shown = []
        for name in FIELDS:
            try:
                shown.append(f"{name}={getattr(self, name)!r}")
            except UNREADABLE:
                shown.append(f"{name}=<unreadable>")
        return "SessionEvent(" + ", ".join(shown) + ")"

    def __reduce__(self):
        if type(self._envelope) is Loose:
            return SessionEvent.from_json, (self.raw, self._envelope.type)
        return SessionEvent.from_dict, (self.to_dict(),)


def put_readable(out, key, read):
    try:
        out[key] = read()
    except UNREADABLE:
        pass


def reader_of(wire):
    """What reads the data of a known type from bytes, at its fastest. What it refuses, `read_data` may read."""
    return SPACE.decoder(f"<{TYPES[wire][1]}>").fast


def endowed(native, given):
    """The native class with what this module adds to it."""
    for name, value in vars(given).items():
        if name not in ("__weakref__", "__dict__"):
            setattr(native, name, value)
    return native


SessionEvent = endowed(_native.SessionEvent, SessionEvent)
SessionEvent.__module__ = RawSessionEventData.__module__ = Data.__module__ = SPACE.module
_native.serve_events(
    {wire: member for wire, (member, _) in TYPES.items()},
    open_envelope,
    READERS,
    reader_of,
    (msgspec.json.Decoder(UUID).decode, WireDatetime, timezone.utc),
)


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
    if name in ALSO_HERE:
        return attribute_of("rpc", name)
    raise AttributeError(f"module {space.module!r} has no attribute {name!r}")
