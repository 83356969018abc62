"""Values on the wire: times, spans, identifiers, open enums, and how each letter of the tables is read."""

import enum
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID


class WireError(AssertionError, ValueError):
    """A value does not fit its declaration."""


class UnreadMember(WireError, AttributeError):
    """A member that was asked for is not there, or not what it is declared to be; ``to_dict()`` has what came."""


def fail(what, value):
    raise WireError(f"expected {what}, got {type(value).__name__}")


class WireDatetime(datetime):
    """A time that remembers how it was written."""

    __slots__ = ("text",)

    @classmethod
    def load(cls, text):
        if type(text) is not str:
            fail("a time", text)
        value = cls.fromisoformat(text)
        value.text = text
        return value

    def __reduce_ex__(self, protocol):
        return datetime.fromisoformat, (self.isoformat(),)

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return handler.generate_schema(datetime)


class WireDelta(timedelta):
    """A span that remembers its milliseconds."""

    @classmethod
    def load(cls, number):
        if type(number) not in (int, float):
            fail("a number", number)
        value = cls(milliseconds=number)
        value.number = number
        return value

    def __reduce_ex__(self, protocol):
        return timedelta, (self.days, self.seconds, self.microseconds)

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return handler.generate_schema(timedelta)


class UnknownVariant:
    """A variant this version does not know; attributes are its wire names."""

    def __init__(self, raw):
        self.raw = raw

    def __getattr__(self, name):
        if name.startswith("__") or name == "raw":
            raise AttributeError(name)
        try:
            return self.raw[name]
        except (KeyError, TypeError):
            raise AttributeError(name) from None

    @property
    def managed_approval_required(self):
        """The mark of managed policy, when this is a permission request."""
        return self.raw.get("managedApprovalRequired") if isinstance(self.raw, dict) else None

    def __eq__(self, other):
        return isinstance(other, UnknownVariant) and self.raw == other.raw

    def __repr__(self):
        return f"UnknownVariant({self.raw!r})"

    @classmethod
    def from_dict(cls, obj):
        return cls(obj)

    def to_dict(self):
        return self.raw


class OpenEnum(enum.Enum):
    """Values of a newer runtime become members named UNKNOWN that keep their text."""

    @classmethod
    def _missing_(cls, value):
        if type(value) is not str:
            return None
        known = UNKNOWN_VALUES.setdefault(cls, {})
        member = known.get(value)
        if member is None:
            member = object.__new__(cls)
            member._name_ = "UNKNOWN"
            member._value_ = value
            if len(known) < 4096:
                known[value] = member
        return member

    def __eq__(self, other):
        return self is other or (type(other) is type(self) and other._value_ == self._value_)

    def __hash__(self):
        return hash(self._value_)

    def __reduce_ex__(self, protocol):
        return type(self), (self._value_,)


UNKNOWN_VALUES = {}


def plain(value):
    """JSON value of anything a generated field may hold."""
    kind = type(value)
    if kind in (str, int, float, bool) or value is None:
        return value
    if kind is dict:
        return {k: plain(v) for k, v in value.items()}
    if kind in (list, tuple):
        return [plain(v) for v in value]
    if hasattr(kind, "to_dict"):
        return value.to_dict()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return write_time(value)
    if isinstance(value, timedelta):
        return write_span(value)
    if isinstance(value, UUID):
        return str(value)
    return value


def write_time(value):
    if not isinstance(value, datetime):
        fail("datetime", value)
    return (getattr(value, "text", None) if type(value) is WireDatetime else None) or value.isoformat()


def write_span(value):
    if not isinstance(value, timedelta):
        fail("timedelta", value)
    if type(value) is WireDelta and "number" in value.__dict__:
        return value.number
    number = value / timedelta(milliseconds=1)
    return int(number) if number.is_integer() else number


def write_whole_span(value):
    number = write_span(value)
    return number if type(value) is WireDelta else round(number)


def checked(types, what):
    def check(value):
        if type(value) not in types:
            if isinstance(value, types) and not (isinstance(value, bool) and bool not in types):
                return value
            fail(what, value)
        return value

    return check


def read_int(value):
    if type(value) is float and value.is_integer():
        return int(value)
    return check_int(value)


def read_uuid(value):
    if type(value) is not str:
        fail("a UUID", value)
    found = UUID(value)
    if str(found) != value:
        found = WireUUID(value)
        object.__setattr__(found, "text", value)
    return found


class WireUUID(UUID):
    """A UUID that remembers how it was written."""

    __slots__ = ("text",)


def write_uuid(value):
    if not isinstance(value, UUID):
        fail("UUID", value)
    return value.text if type(value) is WireUUID else str(value)


check_int = checked((int,), "an integer")
check_str = checked((str,), "a string")
check_bool = checked((bool,), "a boolean")
check_float = checked((float, int), "a number")


def check_none(value):
    if value is not None:
        fail("null", value)


def keep(value):
    return value


# Letter: (type for the fast way, reader, writer).
SCALARS = {
    "a": (Any, keep, plain),
    "n": (None, check_none, check_none),
    "b": (bool, check_bool, check_bool),
    "i": (int, read_int, check_int),
    "f": (float, check_float, check_float),
    "s": (str, check_str, check_str),
    "d": (WireDatetime, WireDatetime.load, write_time),
    "u": (UUID, read_uuid, write_uuid),
    "m": (WireDelta, WireDelta.load, write_whole_span),
    "M": (WireDelta, WireDelta.load, write_span),
}


def write_enum(value):
    """The text of an enum value, also of another class: names of one thing differ between releases."""
    text = value.value if isinstance(value, enum.Enum) else value
    return text if type(text) is str else fail("an enum value or a text", value)


def write_object(value):
    if hasattr(type(value), "to_dict"):
        return value.to_dict()
    return plain(value) if isinstance(value, dict) else fail("an object", value)


def parse(spec, at=0):
    """Reads one type of the table: ((kind, …), position behind it)."""
    letter = spec[at]
    if letter in SCALARS:
        return (letter,), at + 1
    if letter in "LDO":
        inner, at = parse(spec, at + 1)
        return (letter, inner), at
    if letter == "<":
        end = spec.index(">", at)
        return ("<", spec[at + 1 : end]), end + 1
    parts = []
    at += 1
    while spec[at] != ")":
        part, at = parse(spec, at)
        parts.append(part)
    return ("(", parts), at + 1


class AnyOf(type):
    """Stands for a union that only the readers below can tell apart."""

    def __instancecheck__(cls, value):
        return True


def any_schema(cls, source, handler):
    """Pydantic takes such a value as it is."""
    from pydantic_core import core_schema

    return core_schema.any_schema()


def marker(reader):
    body = {"load": staticmethod(reader), "__get_pydantic_core_schema__": classmethod(any_schema)}
    return AnyOf("Union", (), body)


def not_null(value):
    if value is None:
        raise WireError("an explicit null, which the careful way keeps")
    return value


NOT_NULL = marker(not_null)


def hook(kind, value):
    """Values msgspec has no type of its own for."""
    return kind.load(value)


def first_that_reads(readers, value):
    error = None
    for read in readers:
        try:
            return read(value)
        except (ValueError, AssertionError, TypeError) as problem:
            error = error or problem
    if type(value) in (dict, list):
        return UnknownVariant(value)
    raise error
