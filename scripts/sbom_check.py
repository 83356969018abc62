"""Checks what the C library says it is made of.

    sbom_check.py DIST            with the interpreter of an environment that has cyclonedx-python-lib[json-validation]

The file in DIST/copilot follows the schema of CycloneDX, is what ffi/sbom.py writes, names every crate that the debug
symbols name, and has neither a time nor a place of this machine in it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "ffi" / "sbom.py"


def output(*command: str, **env: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=kept | env).stdout


def in_symbols(symbols: Path) -> set[tuple[str, str]]:
    """Crates and versions from which code of the library came: the debug symbols name the files of every line."""
    found = re.findall(rb"/registry/src/[^/\0]+/([\w-]+?)-(\d+\.\d+\.\d+[^/\0]*)[/\0]", symbols.read_bytes())
    return {(name.decode(), version.decode()) for name, version in found}


def problems(dist: Path) -> list[str]:
    text = (dist / "copilot/share/doc/copilot/copilot.cdx.json").read_text()
    found = [
        f"schema: {str(error.data).splitlines()[0]}"
        for error in JsonStrictValidator(SchemaVersion.V1_6).validate_str(text, all_errors=True) or ()
    ]
    document = json.loads(text)
    target = document["metadata"]["properties"][0]["value"]
    if text != output(sys.executable, str(SCRIPT), "--target", target):
        found.append("ffi/sbom.py writes something else than what is in the package")
    dated = json.loads(output(sys.executable, str(SCRIPT), "--target", target, SOURCE_DATE_EPOCH="0"))
    if "timestamp" in document["metadata"] or dated["metadata"].get("timestamp") != "1970-01-01T00:00:00Z":
        found.append("a time is written exactly where SOURCE_DATE_EPOCH says which")
    if str(ROOT) in text or str(Path.home()) in text:
        found.append("names a place of this machine")
    named = {(each["name"], each["version"]) for each in document["components"]}
    crates = in_symbols(next((dist / "debug/copilot/lib").glob("libcopilot.so.*.debug")))
    found += [f"{name} {version} is linked and not named" for name, version in sorted(crates - named)]
    if len(crates) < 10:
        found.append(f"the debug symbols name only {len(crates)} crates: nothing to compare with")
    bare = [each["name"] for each in document["components"] if not each.get("licenses")]
    found += [f"{name} has no licence" for name in bare]
    refs = {each["bom-ref"] for each in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    for each in document["dependencies"]:
        found += [f"{ref} is needed and not described" for ref in {each["ref"], *each.get("dependsOn", [])} - refs]
    if not found:
        print(f"sbom: {len(named)} components; the {len(crates)} crates that the debug symbols name are among them")
    return found


def main() -> int:
    found = problems(Path(sys.argv[1]))
    for problem in found:
        print(f"sbom: REFUSED: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
