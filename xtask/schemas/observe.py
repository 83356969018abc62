"""Observes an installed official Python package (MIT) from outside, and writes what it knows as plain facts.

    python observe.py FOLDER > observed-all.json

FOLDER holds the package as `pip install --target` leaves it. Looked at are names, signatures and annotations, what
`to_dict()` of instances gives, and the method that each call hands to a peer made here. Nothing is taken from the
package's own files: no prose and no code. `facts.py` leaves from it what the schemas do not have.
"""

import asyncio
import contextlib
import dataclasses
import datetime
import enum
import inspect
import json
import sys
import types
import typing
import uuid

LETTERS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def spelled(name):
    return "".join(c for c in name.lower() if c.isalnum())


class Observer:
    def __init__(self, module, events):
        self.module, self.events = module, events
        self.names = {}
        for home in (module, events):
            for name, value in vars(home).items():
                self.names.setdefault(name, value)

    def hint(self, annotation):
        text = annotation
        while isinstance(text, str):
            try:
                text = eval(
                    text,
                    {
                        **vars(typing),
                        "datetime": datetime.datetime,
                        "timedelta": datetime.timedelta,
                        "UUID": uuid.UUID,
                        **self.names,
                    },
                )
            except NameError:
                return typing.Any
        return text

    def dummy(self, hint, depth=0):
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self.dummy(next(a for a in args if a is not type(None)), depth)
        if origin is list:
            return [self.dummy(args[0], depth + 1)] if depth < 6 else []
        if origin is dict:
            return {"key": self.dummy(args[1], depth + 1)} if depth < 6 else {}
        if hint is None:
            return None
        simple = {
            str: "text",
            bool: True,
            int: 7,
            float: 1.5,
            dict: {},
            list: [],
            typing.Any: {"a": 1},
            type(None): None,
            datetime.datetime: datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
            datetime.timedelta: datetime.timedelta(seconds=7),
            uuid.UUID: uuid.UUID(int=1),
        }
        if hint in simple:
            return simple[hint]
        if isinstance(hint, str):
            return self.dummy(self.hint(hint), depth)
        if issubclass(hint, enum.Enum):
            return next(iter(hint))
        return self.instance(hint, depth + 1, full=False)

    def instance(self, cls, depth=0, full=True):
        given = {}
        for field in dataclasses.fields(cls):
            needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            if field.init and (needed or (full and not field.name.startswith("_"))):
                given[field.name] = self.dummy(self.hint(field.type), depth)
        return cls(**given)

    def node(self, hint, seen=None):
        """The JSON Schema of an annotation; `seen` is a value on the wire."""
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if isinstance(hint, str):
            return self.node(self.hint(hint), seen)
        if origin in (typing.Union, types.UnionType):
            for name, value in self.names.items():
                if value is hint or (value == hint and len(args) > 2):
                    return {"$ref": name}
            parts = [self.node(a, seen) for a in args]
            return {"anyOf": parts} if len(parts) > 1 else parts[0]
        if origin is list:
            return {"type": "array", "items": self.node(args[0])}
        if origin is dict:
            inner = self.node(args[1])
            return {"type": "object", "additionalProperties": inner} if inner else {"type": "object"}
        if hint is None or hint in LETTERS:
            return {"type": LETTERS[hint or type(None)]}
        if hint is datetime.datetime:
            return {"type": "string", "format": "date-time"}
        if hint is uuid.UUID:
            return {"type": "string", "format": "uuid"}
        if hint is datetime.timedelta:
            return {"type": "number" if isinstance(seen, float) else "integer", "format": "duration"}
        if hint in (dict, list):
            return {"type": "object" if hint is dict else "array"}
        return {} if hint is typing.Any or not inspect.isclass(hint) else {"$ref": hint.__name__}

    def wires(self, fields, out):
        """Name of each field on the wire: the same letters, or else what is left over."""
        found, left = {}, dict(out)
        for field in fields:
            same = [key for key in left if spelled(key) == spelled(field.name)]
            same = same or [key for key in left if spelled(key) == spelled(field.name) + "ms"]
            if len(same) == 1:
                found[field.name] = same[0]
                left.pop(same[0])
        return found

    def structure(self, cls):
        fields = [f for f in dataclasses.fields(cls) if f.init and not f.name.startswith("_")]
        out = self.instance(cls).to_dict()
        wires, properties, required = self.wires(fields, out), {}, []
        for field in fields:
            wire = wires.get(field.name)
            if wire is None:
                print(
                    f"{cls.__name__}.{field.name}: {self.hint(field.type)} is not on the wire: {out}", file=sys.stderr
                )
                continue
            hint = self.hint(field.type)
            needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            node = self.node(hint, out[wire])
            if not needed and "anyOf" in node:
                rest = [n for n in node["anyOf"] if n != {"type": "null"}]
                node = rest[0] if len(rest) == 1 else {"anyOf": rest}
            properties[wire] = node
            if needed:
                required.append(wire)
        for name, annotation in inspect.get_annotations(cls).items():
            if "ClassVar" in str(annotation):
                value = getattr(getattr(cls, name), "value", getattr(cls, name))
                wire = next((key for key in out if spelled(key) == spelled(name)), name)
                properties[wire] = {"type": "boolean" if value in (True, False) else "string", "const": value}
                required.append(wire)
        return {"type": "object", "properties": properties, "required": required}

    def definition(self, value):
        if isinstance(value, types.UnionType):
            return {"anyOf": [self.node(a) for a in typing.get_args(value)]}
        if inspect.isclass(value) and issubclass(value, enum.Enum):
            return {"type": "string", "enum": [m.value for m in value]}
        if inspect.isclass(value) and dataclasses.is_dataclass(value) and hasattr(value, "to_dict"):
            return self.structure(value)
        return None

    def definitions(self, module):
        out = {}
        for name, value in sorted(vars(module).items()):
            if name.startswith("_") or name in ("RPC", "SessionEvent", "RawSessionEventData", "Data"):
                continue
            if not getattr(value, "__module__", "copilot").startswith(("copilot", "types")):
                continue
            try:
                node = self.definition(value)
            except Exception as error:
                print(f"{name}: {error!r}", file=sys.stderr)
                continue
            if node is not None:
                out[name] = node if getattr(value, "__name__", name) == name else {"$ref": value.__name__}
        return out

    def methods(self, root):
        """Every call below a namespace object: what it hands to the peer."""
        for name, value in inspect.getmembers(root):
            if name.startswith("_"):
                continue
            if inspect.iscoroutinefunction(value):
                yield from self.call(value)
            elif type(value).__module__.startswith("copilot"):
                yield from self.methods(value)

    def call(self, function):
        signature = inspect.signature(function)
        given = [p for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        PEER.sent = None
        with contextlib.suppress(Exception):
            asyncio.run(function(*(self.dummy(self.hint(p.annotation)) for p in given)))
        if PEER.sent is None:
            print(f"{function.__qualname__} sent nothing", file=sys.stderr)
            return
        params = [self.hint(p.annotation) for p in given]
        result = self.hint(signature.return_annotation)
        yield (
            PEER.sent,
            {
                "params": self.node(params[0]) if params else None,
                "optional": bool(given) and given[0].default is not inspect.Parameter.empty,
                "result": self.node(result) if result is not None else {"type": "null"},
            },
        )


class Peer:
    sent = None

    async def request(self, method, params=None, **_):
        self.sent = method
        raise ConnectionError("only the name is wanted")

    notify = request


PEER = Peer()


def handlers(module, root):
    """The classes that answer calls of the runtime: namespace, method, parameters and result."""
    for name, annotation in inspect.get_annotations(root).items():
        cls = getattr(module, str(annotation).split(" ")[0])
        for method, function in inspect.getmembers(cls, inspect.isfunction):
            if not method.startswith("_"):
                yield name, method, function


def main():
    sys.path.insert(0, sys.argv[1])
    import copilot.rpc as rpc
    import copilot.session_events as events

    observer = Observer(rpc, events)
    known = {}
    for scope in ("clientSession", "clientGlobal"):
        root = getattr(rpc, f"C{scope[1:]}ApiHandlers", None)
        for namespace, method, function in handlers(rpc, root) if root else ():
            signature = inspect.signature(function)
            params = [
                p for p in signature.parameters.values() if p.name != "self" and p.kind is p.POSITIONAL_OR_KEYWORD
            ]
            result = observer.hint(signature.return_annotation)
            known.setdefault(scope, {})[f"{namespace}.{method}"] = {
                "params": observer.node(observer.hint(params[0].annotation)) if params else None,
                "result": observer.node(result) if result is not None else {"type": "null"},
            }
    json.dump(
        {
            "rpc": observer.definitions(rpc),
            "events": Observer(events, events).definitions(events),
            "eventTypes": [member.value for member in events.SessionEventType],
            "server": dict(observer.methods(rpc.ServerRpc(PEER))),
            "session": dict(observer.methods(rpc.SessionRpc(PEER, "s"))),
            **known,
        },
        sys.stdout,
        indent=1,
    )


if __name__ == "__main__":
    main()
