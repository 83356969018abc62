"""Makes the classes of the generated modules from their tables, and reads and writes their JSON.

Reading takes the fast way whenever it is exact: one typed msgspec pass over the received bytes that refuses
unknown fields, unexpected nulls and values it cannot represent. Text that has unknown fields and nothing else
to refuse takes a pass that skips them; its objects remember the text (`_origin`) and look for what was skipped
when they are written. Everything else is read again by the plans below, which keep everything: unknown fields
and explicit nulls in `_extra`, unknown enum values as members of their own, unknown variants as
`UnknownVariant`, lone surrogates as they are.
"""

import importlib
import json
from typing import Any

import msgspec

from ._model import MARK, UNREAD, Model, extra_of, rebuild, settle
from ._wire import NOT_NULL, SCALARS, OpenEnum, UnknownVariant, WireError, fail, first_that_reads, hook, keep
from ._wire import marker, parse, plain, write_enum, write_object

PACKAGE = __name__.rpartition(".")[0]
RESERVABLE = "PermissionRequest"


def find(space, name):
    if name.startswith("."):
        return SPACES["session_events"], name[1:]
    return space, name


def reader(space, node):
    kind = node[0]
    if kind in SCALARS:
        return SCALARS[kind][1]
    if kind == "<":
        home, name = find(space, node[1])
        return home.reader(name)
    if kind == "(":
        readers = [reader(space, part) for part in node[1]]
        return lambda value: first_that_reads(readers, value)
    inner = reader(space, node[1])
    if kind == "L":
        return lambda value: [inner(v) for v in value] if type(value) is list else fail("a list", value)
    if kind == "D":
        return lambda value: {k: inner(v) for k, v in value.items()} if type(value) is dict else fail("an object", value)
    return lambda value: None if value is None else inner(value)


def writer(space, node):
    kind = node[0]
    if kind in SCALARS:
        return SCALARS[kind][2]
    if kind == "<":
        home, name = find(space, node[1])
        return home.writer(name)
    if kind == "(":
        return plain
    inner = writer(space, node[1])
    if kind == "L":
        return lambda value: [inner(v) for v in value] if isinstance(value, list) else fail("list", value)
    if kind == "D":
        return lambda value: {k: inner(v) for k, v in value.items()} if isinstance(value, dict) else fail("dict", value)
    return lambda value: None if value is None else inner(value)


def lenient(space, node):
    """Reads what fits: members that do not are errors when they are asked for, not before."""
    kind = node[0]
    if kind == "<":
        home, name = find(space, node[1])
        return home.lenient_reader(name)
    if kind in SCALARS or kind == "(":
        return reader(space, node)
    inner = lenient(space, node[1])
    if kind == "L":
        return lambda value: [inner(v) for v in value] if type(value) is list else fail("a list", value)
    if kind == "D":
        return lambda value: {k: inner(v) for k, v in value.items()} if type(value) is dict else fail("an object", value)
    return lambda value: None if value is None else inner(value)


def read_leniently(short, spec, raw):
    """As `decode`, but a member that does not fit is an error when it is asked for, not before."""
    try:
        return decode(short, spec, raw)
    except REFUSED:
        return lenient(SPACES[short], parse(spec)[0])(json.loads(raw))


def read_answer(short, spec, raw):
    """The answer of a call whose work is done: never refused for its shape."""
    try:
        return read_leniently(short, spec, raw)
    except REFUSED:
        return json.loads(raw)


def fast_type(space, node, todo, loose):
    """Type for msgspec, `loose` when it skips unknown fields; plans met on the way are put on `todo`."""
    kind = node[0]
    if kind in SCALARS:
        return SCALARS[kind][0]
    if kind == "<":
        home, name = find(space, node[1])
        return home.fast_type(name, todo, loose)
    if kind == "(":
        return marker(reader(space, node))
    inner = fast_type(space, node[1], todo, loose)
    if kind == "L":
        return list[inner]
    if kind == "D":
        return dict[str, inner]
    return inner if inner is Any else inner | None


def complete(todo, loose):
    """Gives the classes of the plans the types of their fields."""
    while todo:
        plan = todo.pop()
        if loose in plan.ready:
            continue
        plan.ready.add(loose)
        types = plan.shape(loose).__annotations__
        for mark, attr, _, inner in plan.specs:
            ty = fast_type(plan.space, inner, todo, loose)
            if ty is Any or ty is None:
                ty = NOT_NULL if mark in ("?", "~") else ty
            elif mark in ("!", "+"):
                ty = ty | None
            types[attr] = ty


def settler(space, node):
    """What settles the objects within a value of this type; none when there are none."""
    kind = node[0]
    if kind == "<":
        home, name = find(space, node[1])
        return settle if home.has_objects(name) else None
    if kind not in ("L", "D", "O"):
        return None
    inner = settler(space, node[1])
    if inner is None or kind == "O":
        return inner

    def each(values, text, path):
        for key, value in enumerate(values) if kind == "L" else values.items():
            if value is not None:
                inner(value, text, (*path, key))

    return each


class Plan:
    """How one class is read and written; built when first needed."""

    def __init__(self, space, fields, tags):
        self.space, self.specs, self.tags = space, fields, tags
        self.cls = None
        self.steps = None
        self.ready = set()
        self.twin = self.settlers = None
        self.lenient_members = {}
        given = {field[2] for field in fields}
        # Constants that are no argument of the constructor.
        self.fixed = [tag for tag in tags if tag[1] not in given]
        self.known = given | {tag[1] for tag in tags}

    def prepare(self):
        self.steps = [
            (attr, wire, mark, reader(self.space, node), writer(self.space, node))
            for mark, attr, wire, node in self.specs
        ]
        return self.steps

    def shape(self, loose):
        """The class for the fast way, or its twin that skips unknown fields."""
        if not loose:
            return self.cls
        if self.twin is None:
            tag = self.cls.__struct_config__
            self.twin = msgspec.defstruct(
                self.cls.__name__,
                [],
                bases=(self.cls,),
                forbid_unknown_fields=False,
                tag_field=tag.tag_field,
                tag=tag.tag,
            )
            self.twin.__annotations__ = {}
        return self.twin

    def inner(self):
        """The fields that hold objects of generated classes, and what settles them."""
        if self.settlers is None:
            found = [(attr, wire, settler(self.space, node)) for _, attr, wire, node in self.specs]
            self.settlers = [field for field in found if field[2] is not None]
        return self.settlers

    def surplus(self, obj):
        """The members of an object that no field and no tag holds."""
        extra = {wire: obj[wire] for _, wire, constant in self.fixed if obj.get(wire, constant) != constant}
        extra.update((k, v) for k, v in obj.items() if k not in self.known)
        return extra

    def load(self, obj):
        if type(obj) is not dict:
            fail(f"an object for {self.cls.__name__}", obj)
        values, extra, seen = [], {}, 0
        for attr, wire, mark, read, _ in self.steps or self.prepare():
            value = obj.get(wire, extra)
            if value is extra:
                if mark == "" and read is not keep:
                    raise WireError(f"{self.cls.__name__}: {wire} is missing")
                value = None
            else:
                seen += 1
                if value is None:
                    if mark in "?~" and mark:
                        extra[wire] = None
                    elif mark == "" and read is not keep:
                        fail(f"a value for {self.cls.__name__}.{wire}", value)
                else:
                    value = read(value)
            values.append(value)
        for _, wire, constant in self.fixed:
            if wire in obj:
                seen += 1
                if obj[wire] != constant:
                    extra[wire] = obj[wire]
        if seen != len(obj):
            extra.update((k, v) for k, v in obj.items() if k not in self.known)
        return rebuild(self.cls, values, extra)

    def load_leniently(self, obj):
        try:
            return self.load(obj)
        except REFUSED:
            if type(obj) is not dict:
                raise
        values, unread = [], {}
        extra = self.surplus(obj)
        for attr, wire, mark, _, _ in self.steps or self.prepare():
            value = None
            try:
                if wire in obj:
                    value = self.lenient_member(attr)(obj[wire])
                elif mark == "":
                    raise WireError("it is missing")
            except REFUSED as error:
                unread[attr] = str(error)
                if wire in obj:
                    extra[wire] = obj[wire]
            values.append(value)
        return rebuild(self.cls, values, extra, unread)

    def lenient_member(self, attr):
        found = self.lenient_members.get(attr)
        if found is None:
            mark, node = next((spec[0], spec[3]) for spec in self.specs if spec[1] == attr)
            found = lenient(self.space, ("O", node) if mark else node)
            self.lenient_members[attr] = found
        return found

    def dump(self, instance):
        out = {}
        for attr, wire, mark, _, write in self.steps or self.prepare():
            value = getattr(instance, attr, UNREAD)
            if value is UNREAD:
                continue
            if value is None:
                if mark not in ("?", "~"):
                    out[wire] = None if mark else write(None)
            else:
                out[wire] = write(value)
        for _, wire, constant in self.fixed:
            out[wire] = constant
        extra = extra_of(instance)
        if extra:
            tags = [tag[1] for tag in self.fixed]
            for key, value in extra.items():
                if key not in out or key in tags:
                    out[key] = value
        return out


class Space:
    """One generated module and the classes made so far."""

    def __init__(self, short, table, extras):
        self.short, self.table_name, self.extras_name = short, table, extras
        self.module = f"{PACKAGE}.{short}"
        self.made = {}
        self.readers = {}
        self.decoders = {}
        self.loaded = self.marked = None

    @property
    def table(self):
        if self.loaded is None:
            self.loaded = importlib.import_module(f"{PACKAGE}.{self.table_name}")
        return self.loaded

    def extras(self):
        return importlib.import_module(f"{PACKAGE}.{self.extras_name}")

    def entry(self, name):
        head, _, body = self.table.TYPES[name].partition(" ")
        return head[0], body

    def special(self, name):
        """A class written by hand, such as the session event."""
        return None if name in self.table.TYPES else self.extras().attribute(self, name)

    def get(self, name):
        made = self.made.get(name)
        if made is None:
            letter, body = self.entry(name)
            made = self.made[name] = getattr(self, "make_" + MAKERS[letter])(name, body)
        return made

    def make_struct(self, name, body):
        fields, tags, renames, namespace = [], [], {}, {}
        for part in body.split(" ") if body else ():
            head, _, spec = part.partition(":")
            mark = head[0] if head[0] in "!?~+*" else ""
            attr, _, wire = head[len(mark) :].partition("=")
            wire = wire or attr
            if mark == "*":
                value = {"\\true": True, "\\false": False}.get(spec, spec)
                tags.append((attr, wire, value))
                continue
            fields.append((mark, attr, wire, parse(spec)[0]))
            if wire != attr:
                renames[attr] = wire
        given = {field[1] for field in fields}
        namespace.update({attr: value for attr, _, value in tags if attr not in given})
        if name in self.reserved() and "managed_approval_required" not in given:
            namespace["managed_approval_required"] = MARK
        plan = namespace["__plan__"] = Plan(self, fields, tags)
        tag = next(((t[1], t[2]) for t in tags if type(t[2]) is str and t[0] not in given), (None, None))
        plan.cls = msgspec.defstruct(
            name,
            [(attr, Any) if mark in ("", "+") else (attr, Any, None) for mark, attr, _, _ in fields],
            bases=(Model,),
            module=self.module,
            namespace=namespace,
            rename=renames or None,
            tag_field=tag[0],
            tag=tag[1],
        )
        return plan.cls

    def reserved(self):
        """Names of the requests that managed policy can reserve for a person, whether their schema says so or not."""
        if self.marked is None:
            union = self.table.TYPES.get(RESERVABLE, "")
            self.marked = frozenset(union.partition(":")[2].strip("<>").split("><"))
        return self.marked

    def make_enum(self, name, body):
        members = [part.partition("=")[::2] for part in body.split("|")]
        return OpenEnum(name, members, module=self.module)

    def make_union(self, name, body):
        union = None
        for variant in self.variants(body):
            union = variant if union is None else union | variant
        return union

    def variants(self, body):
        spec, at, out = body[body.index(":") + 1 :], 0, []
        while at < len(spec):
            node, at = parse(spec, at)
            home, name = find(self, node[1])
            out.append(home.get(name))
        return out

    def make_same(self, name, body):
        home, target = find(self, body)
        return home.get(target)

    def make_builtin(self, name, body):
        return {"dict": dict, "list": list, "str": str, "bool": bool, "int": int}.get(body, Any)

    def reader(self, name):
        found = self.readers.get(name)
        if found is None:
            special = self.special(name)
            if special is not None:
                return special.from_dict
            letter, body = self.entry(name)
            if letter == "=":
                home, target = find(self, body)
                return home.reader(target)
            cls = self.get(name)
            if letter == "s":
                found = cls.__plan__.load
            elif letter == "e":
                found = lambda value: cls(value) if type(value) is str else fail("a string", value)
            elif letter == "u":
                found = self.union_reader(body, strict=False)
            else:
                found = keep
            self.readers[name] = found
        return found

    def lenient_reader(self, name):
        """As :meth:`reader`, for objects and unions of them; everything else is read as always."""
        if self.special(name) is not None:
            return self.reader(name)
        letter, body = self.entry(name)
        if letter == "=":
            home, target = find(self, body)
            return home.lenient_reader(target)
        if letter == "s":
            return self.get(name).__plan__.load_leniently
        strict = self.reader(name)
        if letter != "u" or not body.partition(":")[0]:
            return strict
        return lambda value: first_that_reads([strict, self.lenient_variant(body)], value)

    def lenient_variant(self, body):
        tag = body.partition(":")[0]
        table = {next(t[2] for t in v.__plan__.tags if t[1] == tag): v.__plan__ for v in self.variants(body)}
        return lambda value: table[value[tag]].load_leniently(value)

    def union_reader(self, body, strict):
        tag = body.partition(":")[0]
        variants = self.variants(body)
        if not tag:
            loads = [variant.__plan__.load for variant in variants]
            return lambda value: first_that_reads(loads, value)
        table = {next(t[2] for t in v.__plan__.tags if t[1] == tag): v.__plan__ for v in variants}

        def read(value):
            if type(value) is not dict:
                fail("an object", value)
            constant = value.get(tag)
            plan = table.get(constant) if constant.__hash__ else None
            if plan is None:
                if strict:
                    raise WireError(f"unknown {tag}: {constant!r}")
                return UnknownVariant(value)
            return plan.load(value)

        return read

    def writer(self, name):
        if self.special(name) is not None:
            return plain
        letter, body = self.entry(name)
        if letter == "=":
            home, target = find(self, body)
            return home.writer(target)
        if letter == "e":
            return write_enum
        return write_object if letter in "su" else plain

    def fast_type(self, name, todo, loose):
        special = self.special(name)
        if special is not None:
            return marker(special.from_dict)
        letter, body = self.entry(name)
        if letter == "=":
            home, target = find(self, body)
            return home.fast_type(target, todo, loose)
        if letter == "u" and not self.has_objects(name):
            return marker(self.reader(name))
        if letter not in "su":
            return self.get(name)
        variants = self.variants(body) if letter == "u" else [self.get(name)]
        union = None
        for plan in (variant.__plan__ for variant in variants):
            todo.append(plan)
            shape = plan.shape(loose)
            union = shape if union is None else union | shape
        return union

    def has_objects(self, name):
        """Whether the fast way makes objects of generated classes of this type by itself."""
        if self.special(name) is not None:
            return False
        letter, body = self.entry(name)
        if letter == "=":
            home, target = find(self, body)
            return home.has_objects(target)
        if letter != "u":
            return letter == "s"
        return bool(body.partition(":")[0]) and all(v.__struct_config__.tag for v in self.variants(body))

    def decoder(self, spec):
        found = self.decoders.get(spec)
        if found is None:
            found = self.decoders[spec] = Reading(self, parse(spec)[0])
        return found


REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, ValueError, AssertionError, TypeError, RecursionError)


class Reading:
    """The ways to read JSON text as one type."""

    def __init__(self, space, node):
        self.space, self.node = space, node
        self.careful = reader(space, node)
        self.settler = settler(space, node)
        self.fast = self.pass_over(loose=False)
        self.skipping = None

    def pass_over(self, loose):
        todo = []
        kind = fast_type(self.space, self.node, todo, loose)
        complete(todo, loose)
        return msgspec.json.Decoder(kind, dec_hook=hook).decode

    def loose(self, raw):
        value = self.skipping(raw)
        if value is not None:
            self.settler(value, [raw if type(raw) in (bytes, str) else bytes(raw)], ())
        return value

    def read(self, raw):
        try:
            return self.fast(raw)
        except REFUSED:
            return self.again(raw)

    def again(self, raw):
        """Reads what the fast way refused."""
        if self.settler is not None:
            if self.skipping is None:
                self.skipping = self.pass_over(loose=True)
            try:
                value = self.loose(raw)
            except REFUSED:
                return self.careful(json.loads(raw))
            # A runtime that sends an unknown field once does so again; refusing it first is in vain.
            if self.settler is settle and not value.__plan__.inner():
                self.fast = self.loose
            return value
        return self.careful(json.loads(raw))


MAKERS = {"s": "struct", "e": "enum", "u": "union", "=": "same", "b": "builtin"}
SPACES = {
    "rpc": Space("rpc", "_rpc_table", "_calls"),
    "session_events": Space("session_events", "_events_table", "_events"),
}


def decode(short, spec, raw):
    """Reads JSON text as the type `spec` of a generated module, without losing anything."""
    return SPACES[short].decoder(spec).read(raw)


def public_names(short):
    space = SPACES[short]
    names = [n for n, v in space.table.TYPES.items() if not v.partition(" ")[0].endswith("-")]
    names += [n for n in getattr(space.table, "GROUPS", ()) if not n.startswith("_")]
    names += getattr(space.table, "HANDLERS", ())
    names += space.extras().NAMES
    return sorted(names)


def names(short):
    return public_names(short)


def attribute(short, name):
    """What a generated module answers for a name it has not made yet."""
    space = SPACES[short]
    if name == "__all__":
        value = public_names(short)
    elif name in space.table.TYPES:
        value = space.get(name)
    elif name.startswith("_load_") and name[6:] in space.table.TYPES and space.entry(name[6:])[0] == "u":
        value = space.union_reader(space.entry(name[6:])[1], strict=True)
    elif name.startswith("_load_") and name[6:] in getattr(space.table, "IMPORTED", ()):
        value = attribute("session_events", name)
    elif name in getattr(space.table, "IMPORTED", ()):
        value = attribute("session_events", name)
    elif name.startswith("__"):
        raise AttributeError(f"module {space.module!r} has no attribute {name!r}")
    else:
        value = space.extras().attribute(space, name)
    # The module itself may not have been imported yet: its names are also asked for through others.
    setattr(importlib.import_module(space.module), name, value)
    return value
