"""Base of the generated classes, and what an object remembers of the text it was read from."""

import json

import msgspec

from ._wire import UnreadMember


class DataclassFields:
    """Lets `dataclasses.fields`, `asdict` and `replace` work without importing dataclasses up front."""

    def __get__(self, instance, owner):
        import dataclasses

        found = owner.__dict__.get("_dataclass_fields")
        if found is None:
            found = {}
            defaults = owner.__struct_defaults__
            first = len(owner.__struct_fields__) - len(defaults)
            for index, name in enumerate(owner.__struct_fields__):
                field = dataclasses.field() if index < first else dataclasses.field(default=defaults[index - first])
                field.name, field.type = name, owner.__annotations__.get(name)
                field._field_type = dataclasses._FIELD
                found[name] = field
            owner._dataclass_fields = found
        return found


class DataclassParams:
    """What `pprint` asks a dataclass for, and `dataclasses` its subclasses."""

    init = repr = eq = True
    order = unsafe_hash = frozen = False


# Stands for a member that could not be read.
UNREAD = type("Unread", (), {"__repr__": lambda self: "<unread>"})()


def show(self):
    shown = ", ".join(f"{name}={getattr(self, name, UNREAD)!r}" for name in self.__struct_fields__)
    return f"{type(self).__qualname__}({shown})"


def laid_out(show):
    """Lets `pprint` lay out in lines what this `__repr__` shows: it knows those of dataclasses by their name."""
    show.__wrapped__ = type("Generated", (), {"__qualname__": "__create_fn__.<locals>.__repr__"})
    return show


class Kept(msgspec.Struct, dict=True, weakref=True, forbid_unknown_fields=True):
    """Has a dictionary for what an object remembers."""


REMEMBERED = Kept.__dict__["__dict__"].__get__


class Model(Kept):
    """Base of every generated class."""

    __dataclass_fields__ = DataclassFields()
    __dataclass_params__ = DataclassParams
    # What `vars()` gives: the fields, as of a dataclass.
    __dict__ = property(lambda self: {n: getattr(self, n) for n in self.__struct_fields__ if hasattr(self, n)})
    __repr__ = laid_out(show)

    def __eq__(self, other):
        try:
            return super().__eq__(other)
        except AttributeError:
            # Something in it could not be read.
            return type(other) is type(self) and self.to_dict() == other.to_dict()

    __hash__ = None

    def __getattr__(self, name):
        remembered = REMEMBERED(self)
        why = remembered.get("_unread", {}).get(name)
        if why is not None:
            raise UnreadMember(f"{type(self).__name__}.{name} is not as declared: {why}")
        if name in remembered:
            return remembered[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @classmethod
    def from_dict(cls, obj):
        return cls.__plan__.load(obj)

    @classmethod
    def from_json(cls, raw):
        return cls.__plan__.space.decoder(f"<{cls.__name__}>").read(raw)

    def to_dict(self):
        return self.__plan__.dump(self)

    def __copy__(self):
        make, arguments = self.__reduce__()
        return make(*arguments)

    def __reduce__(self):
        cls = type(self)
        values = [getattr(self, n, None) for n in cls.__struct_fields__]
        return rebuild, (cls, values, extra_of(self), REMEMBERED(self).get("_unread"))


def rebuild(cls, values, extra, unread=None):
    instance = cls(*values)
    if extra:
        instance._extra = dict(extra)
    if unread:
        instance._unread = dict(unread)
        for name in unread:
            delattr(instance, name)
    return instance


def extra_of(instance):
    """Members that the class does not know; found in the text when first asked for."""
    members = REMEMBERED(instance)
    origin = members.get("_origin")
    if origin is not None:
        text, path = origin
        if type(text[0]) in (bytes, str):
            text[0] = json.loads(text[0])
        found = text[0]
        for key in path:
            found = found[key]
        extra = instance.__plan__.surplus(found)
        if extra:
            members["_extra"] = extra
        members.pop("_origin", None)
    return members.get("_extra")


def settle(value, text, path):
    """Makes what the loose pass read an instance of the public class that knows where it comes from."""
    plan = value.__plan__
    value.__class__ = plan.cls
    value._origin = (text, path)
    for attr, wire, settler in plan.inner():
        inner = getattr(value, attr)
        if inner is not None:
            settler(inner, text, (*path, wire))


# The mark of managed policy, on classes whose schema does not name it.
MARK = property(lambda self: (extra_of(self) or {}).get("managedApprovalRequired"))
