"""Leaves of an observation (`observe.py`) what the schemas do not have, in the form of a schema without prose.

    python facts.py OBSERVED.json SCHEMAS OURS

SCHEMAS is the union of what is known (`cargo xtask gen --merged SCHEMAS`), OURS is what is made of it (`--out OURS`):
its Python package tells which names and members are there already, its inventory how the schemas call them.
`refresh.py` calls this for every release.
"""

import json
import pathlib
import re
import sys

# Names that say nothing outside of Python, and a better one; `xtask/src/python/fixed.rs` keeps the old one as an alias.
BETTER = {"Mode": "HostAuthenticationMode"}
# Words that the names of the schemas write as any other word.
ACRONYMS = re.compile(r"(MCP|HTTP|API|AI|CLI|FS|ID|IDs|URL|JSON|SQL|UI|OS)(?=[A-Z]|$)")
EVENTS = "session-events.schema.json"


def plain_name(name):
    return BETTER.get(name) or ACRONYMS.sub(lambda m: m.group().capitalize(), name)


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def event_name(wire):
    """What the schemas put in front of `Event` and `Data`: the name without `session`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[._]", wire.removeprefix("session.")))


class Facts:
    def __init__(self, observed, schemas, ours):
        self.observed, self.schemas = observed, schemas
        sys.path.insert(0, str(ours / "bindings" / "python"))
        from copilot.generated import rpc, session_events

        self.modules = {"rpc": rpc, "events": session_events}
        self.inventory = json.loads((ours / "tests/generated/inventory.json").read_text())
        self.known = {}
        for entry in self.inventory["types"]:
            found = re.fullmatch(r"O?<(\w+)>", entry["python"])
            if found:
                self.known[("rpc" if entry["module"] == "rpc" else "events", found.group(1))] = entry["name"]
        self.new_events = [e for e in observed["eventTypes"] if e not in self.inventory["events"] and e != "unknown"]
        self.event_data = {
            "".join(part[:1].upper() + part[1:] for part in re.split(r"[._]", wire)) + "Data": f"{event_name(wire)}Data"
            for wire in self.new_events
        }

    def home(self, origin, name):
        """Where a class lives: the events' module if both have it."""
        events = self.observed["events"]
        shared = name in events and events[name] == self.observed["rpc"].get(name)
        return "events" if origin == "events" or shared or name not in self.observed["rpc"] else "rpc"

    def definition_name(self, origin, name):
        if origin == "events" and name in self.event_data:
            return self.event_data[name]
        return self.known.get((origin, name)) or plain_name(name)

    def ref(self, origin, name):
        home = self.home(origin, name)
        known = self.known.get((home, name)) or self.known.get((origin, name))
        if origin == "rpc" and known and known in self.schemas["api"]["definitions"]:
            home = "rpc"
        file = EVENTS if home == "events" and origin == "rpc" else ""
        return {"$ref": f"{file}#/definitions/{known or self.definition_name(home, name)}"}

    def node(self, origin, node):
        if isinstance(node, list):
            return [self.node(origin, inner) for inner in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return self.ref(origin, node["$ref"])
        return {key: self.node(origin, inner) for key, inner in node.items()}

    def missing(self, origin, name, node):
        """What a class of ours lacks, or None."""
        cls = getattr(self.modules[origin], name)
        if "enum" in node:
            have = {member.value for member in cls}
            missing = [value for value in node["enum"] if value not in have]
            return {"type": "string", "enum": missing} if missing else None
        plan = getattr(cls, "__plan__", None)
        if plan is None or "properties" not in node:
            return None
        have = {spec[2] for spec in plan.specs} | {tag[1] for tag in plan.fixed}
        added = {wire: inner for wire, inner in node["properties"].items() if wire not in have}
        needed = [spec[2] for spec in plan.specs if spec[0] == "" and spec[2] in node["properties"]]
        if not added and all(wire in node["required"] for wire in needed):
            return None
        return {"type": "object", "properties": added, "required": node["required"]}

    def definitions(self, origin):
        out, left = {}, {}
        file = self.schemas["api" if origin == "rpc" else "events"]["definitions"]
        for name, node in self.observed[origin].items():
            names = (self.known.get((origin, name)), self.known.get(("events", name)))
            target = next((found for found in names if found in file), None)
            if "$ref" in node or (origin == "rpc" and self.home(origin, name) == "events" and not target):
                continue
            if not hasattr(self.modules[origin], name):
                out[self.definition_name(origin, name)] = self.node(origin, node)
                continue
            missing = self.missing(origin, name, node)
            if missing and target:
                out[target] = self.node(origin, missing)
                if "anyOf" in file[target]:
                    out[target].pop("type", None)
            elif missing:
                left[name] = missing
            elif "anyOf" in node and target:
                have = json.dumps(file[target])
                more = [self.ref(origin, part["$ref"]) for part in node["anyOf"] if "$ref" in part]
                more = [part for part in more if part["$ref"].rpartition("/")[2] + '"' not in have]
                if more:
                    out[target] = {"anyOf": more}
        for name, missing in left.items():
            if "enum" not in missing or not self.inline(origin, name, missing, out):
                print(f"{origin} {name} is of no definition: {json.dumps(missing)}", file=sys.stderr)
        return out

    def inline(self, origin, name, missing, out):
        """Adds values of an enum that the schema writes out where it is used."""
        file, found = self.schemas["api" if origin == "rpc" else "events"]["definitions"], False
        for parent, node in self.observed[origin].items():
            target = self.known.get((origin, parent), parent)
            for wire, inner in node.get("properties", {}).items():
                if inner != {"$ref": name}:
                    continue
                definition = file.get(target, {})
                add = {"properties": {}, "required": node["required"]}
                if "enum" in definition.get("properties", {}).get(wire, {}):
                    out.setdefault(target, {"type": "object", **add})["properties"][wire] = missing
                    found = True
                elif any("const" in part.get("properties", {}).get(wire, {}) for part in definition.get("anyOf", ())):
                    add = out.setdefault(target, add)
                    add.pop("type", None)
                    for value in missing["enum"]:
                        members = {k: v for k, v in self.node(origin, node["properties"]).items() if k != wire}
                        members = {wire: {"type": "string", "const": value}, **members}
                        part = {"type": "object", "properties": members, "required": node["required"]}
                        add.setdefault("anyOf", []).append(part)
                    found = True
        return found

    def events(self):
        """The definitions of events, with the wrapper of each new one."""
        out = self.definitions("events")
        sample = self.schemas["events"]["definitions"]["WarningEvent"]
        for wire in self.new_events:
            name = event_name(wire)
            properties = {
                key: {k: v for k, v in value.items() if k != "description"}
                for key, value in sample["properties"].items()
            }
            properties["type"] = {"type": "string", "const": wire}
            properties["data"] = {"$ref": f"#/definitions/{name}Data"}
            out[f"{name}Event"] = {"type": "object", "properties": properties, "required": sample["required"]}
        if self.new_events:
            out["SessionEvent"] = {
                "anyOf": [{"$ref": f"#/definitions/{event_name(wire)}Event"} for wire in self.new_events]
            }
        return out

    def methods(self, scope):
        known, tree = {(m["scope"], m["wire"]) for m in self.inventory["methods"]}, {}
        for wire, call in self.observed.get(scope, {}).items():
            if scope.startswith("client"):
                wire = ".".join(camel(part) for part in wire.split("."))
                # In the schemas the canvas's action has a namespace of its own.
                wire = {"canvas.invoke": "canvas.action.invoke"}.get(wire, wire)
            if (scope, wire) in known:
                continue
            params = call["params"]
            if params and "anyOf" in params:
                params = next(part for part in params["anyOf"] if "$ref" in part)
            at, path = tree, (wire.removeprefix("session.") if scope == "session" else wire).split(".")
            for part in path[:-1]:
                at = at.setdefault(part, {})
            at[path[-1]] = {
                "rpcMethod": wire,
                "params": params and self.node("rpc", params),
                "result": self.node("rpc", call["result"]),
                "stability": "experimental",
            }
        return tree

    def close(self, origin, out, places):
        """Adds the definitions that are mentioned and that no schema has: our package makes them by itself."""
        file = self.schemas["api" if origin == "rpc" else "events"]["definitions"]
        prefix = "#/definitions/"
        while True:
            mentioned = set(re.findall(rf'"\$ref": "{prefix}(\w+)"', json.dumps([out, places])))
            names = {self.definition_name(origin, name): name for name in self.observed[origin]}
            lacking = sorted(name for name in mentioned if name not in out and name not in file)
            if not lacking:
                return
            for name in lacking:
                print(f"{origin} {name} becomes a definition", file=sys.stderr)
                out[name] = self.node(origin, self.observed[origin][names[name]])

    def all(self):
        scopes = {scope: self.methods(scope) for scope in ("server", "session", "clientSession", "clientGlobal")}
        api, events = self.definitions("rpc"), self.events()
        # What both files define alike stays alike, and what only calls define is also seen in the events' module.
        for name, node in self.observed["events"].items():
            target = self.known.get(("events", name)) or self.known.get(("rpc", name))
            if target in self.schemas["api"]["definitions"] and target not in api:
                missing = "$ref" not in node and hasattr(self.modules["rpc"], name) and self.missing("rpc", name, node)
                api.update({target: self.node("rpc", missing)} if missing else {})
        self.close("rpc", api, scopes)
        self.close("events", events, {})
        return {"api": {**scopes, "definitions": api}, "events": {"definitions": events}}


def lines(value, depth=0):
    """JSON with a line per definition."""
    if depth == 3 or not isinstance(value, dict) or "rpcMethod" in value or not value:
        return json.dumps(value)
    inner = ",\n".join(f"{' ' * (depth + 1)}{json.dumps(key)}: {lines(item, depth + 1)}" for key, item in value.items())
    return f"{{\n{inner}\n{' ' * depth}}}"


def main():
    observed, schemas, ours = (pathlib.Path(arg) for arg in sys.argv[1:])
    files = {"api": "api.schema.json", "events": EVENTS}
    read = {name: json.loads((schemas / file).read_text().replace("Github", "GitHub")) for name, file in files.items()}
    print(lines(Facts(json.loads(observed.read_text()), read, ours).all()))


if __name__ == "__main__":
    main()
