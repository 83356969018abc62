"""A session on an older runtime: every value its schema allows is read by the present types and written back.

    python compat.py OLD_SCHEMAS [RUST_CHECKER]
"""

import json
import pathlib
import sys

import instances
import roundtrip

HERE = pathlib.Path(__file__).parent


def main():
    maker = instances.Maker(instances.load(pathlib.Path(sys.argv[1])))
    inventory = json.loads((HERE / "inventory.json").read_text())
    cases = []
    for entry in inventory["types"]:
        node = maker.definition(entry["origin"], entry["name"])
        if node is None:
            continue
        for choice in range(maker.branches(entry["origin"], node)):
            for full in (False, True):
                value = maker.value(entry["origin"], node, full, 0, choice)
                cases.append((entry, "full" if full else "least", json.dumps(value)))
    bad = roundtrip.report("python", cases, roundtrip.check_python(cases))
    if len(sys.argv) > 2:
        bad |= roundtrip.report("rust", cases, roundtrip.check_rust(cases, sys.argv[2]))
    return bad


if __name__ == "__main__":
    sys.exit(main())
