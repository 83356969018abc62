"""Base of the generated classes, and what an object remembers of the text it was read from."""

import json

import msgspec


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


class Model(msgspec.Struct, dict=True, weakref=True, forbid_unknown_fields=True):
    """Base of every generated class."""

    __dataclass_fields__ = DataclassFields()

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
        return rebuild, (cls, [getattr(self, n) for n in cls.__struct_fields__], extra_of(self))


def rebuild(cls, values, extra):
    instance = cls(*values)
    if extra:
        instance.__dict__["_extra"] = dict(extra)
    return instance


def extra_of(instance):
    """Members that the class does not know; found in the text when first asked for."""
    members = instance.__dict__
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
