"""Every type reads every instance and mutant and writes it back equal, in Python and in Rust.

    python roundtrip.py SCHEMAS [RUST_CHECKER]
"""

import collections
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
import instances  # noqa: E402


def make_cases(folder):
    maker = instances.Maker(instances.load(folder))
    inventory = json.loads((HERE / "inventory.json").read_text())
    out = []
    for entry in inventory["types"]:
        if maker.definition(entry["origin"], entry["name"]) is None:
            continue
        for kind, text in instances.cases(maker, entry["origin"], entry["name"]):
            out.append((entry, kind, text))
    return out


def check_python(cases):
    sys.path.insert(0, str(HERE.parent.parent / "bindings" / "python"))
    from copilot.generated import _runtime as runtime

    failures = []
    for entry, kind, text in cases:
        try:
            space = runtime.SPACES[entry["module"]]
            value = runtime.decode(entry["module"], entry["python"], text.encode())
            back = runtime.writer(space, runtime.parse(entry["python"])[0])(value)
            if back != json.loads(text) and runtime.plain(value) != json.loads(text):
                failures.append((entry["name"], kind, text, json.dumps(back)))
        except Exception as error:
            failures.append((entry["name"], kind, text, repr(error)))
    return failures


def check_rust(cases, checker):
    lines = "".join(f"{entry['origin']}.{entry['name']}\t{text}\n" for entry, _, text in cases)
    done = subprocess.run([checker], input=lines, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(cases)
    failures = []
    for (entry, kind, text), answer in zip(cases, answers):
        try:
            equal = json.loads(answer) == json.loads(text)
        except ValueError:
            equal = False
        if not equal:
            failures.append((entry["name"], kind, text, answer))
    return failures


def report(language, cases, failures):
    kinds = collections.Counter(kind for _, kind, _ in cases)
    types = len({(e["origin"], e["name"]) for e, _, _ in cases})
    print(f"{language}: {types} types, {len(cases)} cases {dict(kinds)}, {len(failures)} failures")
    for name, kind, text, got in failures[:15]:
        print(f"  {name} [{kind}]\n    {text[:300]}\n    {got[:300]}")
    return bool(failures)


def main():
    cases = make_cases(pathlib.Path(sys.argv[1]))
    bad = report("python", cases, check_python(cases))
    if len(sys.argv) > 2:
        bad |= report("rust", cases, check_rust(cases, sys.argv[2]))
    return bad


if __name__ == "__main__":
    sys.exit(main())
