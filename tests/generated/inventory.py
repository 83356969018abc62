"""Every method, callback, event and definition of the schemas has been placed in every language.

    python inventory.py SCHEMAS
"""

import json
import pathlib
import sys

import instances

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent


def text_of(*parts):
    return ROOT.joinpath(*parts).read_text()


def method_problems(schemas, sources):
    api = schemas["api"]
    wires = [
        (scope, node["rpcMethod"])
        for scope in ("server", "session", "clientSession", "clientGlobal")
        for node in instances.methods(api[scope])
    ]
    placed = {(m["scope"], m["wire"]) for m in json.loads(text_of("tests/generated/inventory.json"))["methods"]}
    yield from (f"method {scope} {wire} is in no language" for scope, wire in wires if (scope, wire) not in placed)
    for scope, wire in wires:
        short = wire.removeprefix("session.") if scope == "session" else wire
        for language, text in sources.items():
            found = f'"{wire}"' in text or (language == "typescript" and short in text.split())
            if not found:
                yield f"method {wire} is missing in {language}"


def event_problems(schemas, sources):
    definitions = schemas["events"]["definitions"]
    for variant in definitions["SessionEvent"]["anyOf"]:
        wire = definitions[variant["$ref"].rpartition("/")[2]]["properties"]["type"]["const"]
        for language, text in sources.items():
            if f'"{wire}"' not in text:
                yield f"event {wire} is missing in {language}"


def type_problems(schemas):
    inventory = json.loads(text_of("tests/generated/inventory.json"))["types"]
    placed = {(t["origin"], t["name"]) for t in inventory}
    wrappers = {e["$ref"].rpartition("/")[2] for e in schemas["events"]["definitions"]["SessionEvent"]["anyOf"]}
    for origin, schema in schemas.items():
        for name in schema["definitions"]:
            # Shared definitions belong to the events; event wrappers are one class.
            if name in wrappers | {"SessionEvent"} or ("events", name) in placed:
                continue
            if (origin, name) not in placed and referenced(schema, name):
                yield f"definition {origin} {name} is in no language"


def referenced(schema, name):
    return f'/{name}"' in json.dumps(schema) or schema.get("title") == "CopilotApi"


def main():
    schemas = instances.load(pathlib.Path(sys.argv[1]))
    generated = "core/src/protocol/generated"
    methods = {
        "rust": text_of(generated, "names.rs"),
        "python": text_of("bindings/python/copilot/generated/_rpc_table.py"),
        "typescript": text_of("bindings/node/js/generated/methods.ts").replace('"', " "),
        "c": text_of("include/copilot_protocol.h"),
    }
    events = {
        "rust": text_of(generated, "events.rs"),
        "python": text_of("bindings/python/copilot/generated/_events_table.py"),
        "typescript": text_of("bindings/node/js/generated/session-events.ts"),
        "c": text_of("include/copilot_protocol.h"),
    }
    problems = [*method_problems(schemas, methods), *event_problems(schemas, events), *type_problems(schemas)]
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"inventory: {len(problems)} problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
