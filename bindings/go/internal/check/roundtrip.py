"""Every type of package rpc reads every instance and mutant of the schemas; what it names is written back equal.

python roundtrip.py SCHEMAS CHECKER

Go's structs hold what they name: members that a schema does not name are skipped, and a text that may be missing is
the same as an empty one.
"""

import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "tests" / "generated"))
import roundtrip  # noqa: E402


def same(given, back, skipped):
    """Whether `back` is `given`, but for what may be skipped."""
    if isinstance(given, dict) and isinstance(back, dict):
        missing = [key for key in given if key not in back and given[key] not in ("", None)]
        if missing and not skipped:
            return False
        return all((key in given and same(given[key], value, skipped)) or value is None for key, value in back.items())
    if isinstance(given, list) and isinstance(back, list):
        return len(given) == len(back) and all(same(a, b, skipped) for a, b in zip(given, back, strict=True))
    return given == back and isinstance(given, bool) == isinstance(back, bool)


def whole(value):
    if isinstance(value, dict):
        return {whole(key): whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def main():
    cases = roundtrip.make_cases(pathlib.Path(sys.argv[1]))
    lines = "".join(f"{entry['origin']}.{entry['name']}\t{text}\n" for entry, _, text in cases)
    done = subprocess.run([sys.argv[2]], input=lines, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(cases), (len(answers), len(cases))
    failures, kinds = [], collections.Counter()
    for (entry, kind, text), answer in zip(cases, answers, strict=True):
        kinds[kind] += 1
        # Go has no text with half a surrogate pair: encoding/json reads it as the replacement character.
        text = json.dumps(whole(json.loads(text)))
        try:
            fine = same(json.loads(text), whole(json.loads(answer)), kind not in ("least", "full"))
        except ValueError:
            fine = False
        if not fine:
            failures.append((kind, entry["name"], text, answer))
    print(
        f"go: {len({e['name'] for e, _, _ in cases})} types, {len(cases)} cases {dict(kinds)}, {len(failures)} failures"
    )
    for kind, name, text, answer in failures[:12]:
        print(f"  {name} [{kind}]\n    {text[:300]}\n    {answer[:300]}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
