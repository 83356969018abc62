"""Makes values for every definition of the schemas, and mutants of them that any reader must keep.

Works on the schema alone, independent of the generator.
"""

import copy
import json

TIME, UUID_TEXT = "2026-01-02T03:04:05.678Z", "0b8f3c1e-1111-4222-8333-944444444444"


def branded(node, key=""):
    if isinstance(node, dict):
        return {
            k.replace("Github", "GitHub") if key == "definitions" else k: branded(v, k) for k, v in node.items()
        }
    if isinstance(node, list):
        return [branded(v) for v in node]
    return node.replace("Github", "GitHub") if key in ("$ref", "title") and isinstance(node, str) else node


def load(folder):
    files = {"api": "api.schema.json", "events": "session-events.schema.json"}
    return {name: branded(json.loads((folder / file).read_text())) for name, file in files.items()}


def methods(tree):
    for node in tree.values():
        if "rpcMethod" in node:
            yield node
        else:
            yield from methods(node)


class Maker:
    def __init__(self, schemas):
        self.schemas = schemas
        # Calls from the runtime keep sessionId: their parameters override the definition of that name.
        self.overrides = {}
        for node in methods(schemas["api"]["clientSession"]):
            params = node["params"] or {}
            if "title" in params:
                self.overrides[params["title"]] = params
            elif "properties" in params:
                wire = node["rpcMethod"]
                name = "".join(part[:1].upper() + part[1:] for part in wire.split(".")) + "Request"
                self.overrides[name] = params

    def definition(self, origin, name):
        if origin == "api" and name in self.overrides:
            return self.overrides[name]
        return self.schemas[origin]["definitions"].get(name)

    def target(self, origin, ref):
        name = ref.rpartition("/")[2]
        origin = "events" if ref.startswith("session-events") else origin
        return origin, self.definition(origin, name)

    def alternatives(self, node):
        if "properties" in node:
            return None
        list_ = node.get("anyOf") or node.get("oneOf")
        return [n for n in list_ if "not" not in n and n.get("type") != "null"] if list_ else None

    def value(self, origin, node, full, depth=0, choice=0):
        """A value; optional properties only when `full`, nothing optional in the depth."""
        if "const" in node:
            return node["const"]
        if "$ref" in node:
            origin, target = self.target(origin, node["$ref"])
            return self.value(origin, target, full, depth, choice)
        options = self.alternatives(node)
        if options:
            return self.value(origin, options[choice % len(options)], full, depth)
        if "enum" in node:
            return node["enum"][0]
        if "properties" in node:
            required = node.get("required", ())
            wanted = {
                k: v for k, v in node["properties"].items() if k in required or (full and depth < 4)
            }
            return {k: self.value(origin, v, full, depth + 1) for k, v in wanted.items()}
        return self.plain(origin, node, full, depth)

    def plain(self, origin, node, full, depth):
        kind = node.get("type")
        kind = next(k for k in kind if k != "null") if isinstance(kind, list) else kind
        if kind == "string":
            return {"date-time": TIME, "uuid": UUID_TEXT}.get(node.get("format"), "text")
        if kind == "array":
            return [] if depth > 5 else [self.value(origin, node.get("items", {}), full, depth + 1)]
        if kind == "object":
            inner = node.get("additionalProperties")
            inner = inner if isinstance(inner, dict) else {}
            return {} if depth > 5 else {"key": self.value(origin, inner, full, depth + 1)}
        return {"integer": 7, "number": 1.5, "boolean": True, "null": None, None: {"any": [1, None]}}[kind]

    def branches(self, origin, node):
        """How many alternatives a definition has at its top."""
        while "$ref" in node:
            origin, node = self.target(origin, node["$ref"])
        return len(self.alternatives(node) or [0])


def places(value, path=()):
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(value, path, change):
    value = copy.deepcopy(value)
    if not path:
        return change(value)
    at = value
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = change(at[path[-1]])
    return value


def mutants(value):
    """(kind, value) pairs; every one must survive reading and writing."""
    for path, inner in places(value):
        # Maps hold just "key"; an entry of the wrong type is no unknown field.
        if isinstance(inner, dict) and set(inner) != {"key"}:
            yield "unknown field", changed(value, path, lambda o: {**o, "zzNew": {"a": [1, None, "\ud83d"]}})
        if inner == "text":
            yield "lone surrogate", changed(value, path, lambda _: "a\ud800b\udc00\U0010f900")


def schema_mutants(maker, origin, node, value):
    """Mutants that need the schema: enum values, discriminators, missing and null optional properties."""
    while "$ref" in node:
        origin, node = maker.target(origin, node["$ref"])
    options = maker.alternatives(node)
    if options:
        node = next((o for o in options if fits(maker, origin, o, value)), options[0])
        yield from schema_mutants(maker, origin, node, value)
        return
    if "enum" in node:
        yield "unknown enum value", "zz-new-value"
    if not isinstance(value, dict) or "properties" not in node:
        return
    for key, prop in node["properties"].items():
        if key not in value:
            continue
        if key not in node.get("required", ()):
            yield "missing optional", {k: v for k, v in value.items() if k != key}
            yield "null optional", {**value, key: None}
        home, target = (origin, prop) if "$ref" not in prop else maker.target(origin, prop["$ref"])
        if "enum" in target:
            yield "unknown enum value", {**value, key: "zz-new-value"}
        variants = maker.alternatives(target) if isinstance(value[key], dict) else None
        if variants and len(variants) > 1:
            for name, inner in value[key].items():
                if isinstance(inner, str) and name in ("kind", "type", "status", "state"):
                    yield "unknown variant", {**value, key: {**value[key], name: "zz-new-kind"}}


def fits(maker, origin, node, value):
    while "$ref" in node:
        origin, node = maker.target(origin, node["$ref"])
    if not isinstance(value, dict) or "properties" not in node:
        return False
    constants = {k: v["const"] for k, v in node["properties"].items() if "const" in v}
    return all(value.get(k) == c for k, c in constants.items()) and set(value) <= set(node["properties"])


def cases(maker, origin, name):
    node = maker.definition(origin, name)
    seen = set()
    for choice in range(maker.branches(origin, node)):
        for full in (False, True):
            value = maker.value(origin, node, full, 0, choice)
            every = [("full" if full else "least", value)]
            every += schema_mutants(maker, origin, node, value)
            every += mutants(value) if full else ()
            for kind, mutant in every:
                text = json.dumps(mutant)
                if text not in seen:
                    seen.add(text)
                    yield kind, text
