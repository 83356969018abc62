"""Checks what the C library, a wheel or an npm package says it is made of.

    sbom_check.py DIST | WHEEL | TARBALL...   in an environment that has cyclonedx-python-lib[json-validation]

The file in it follows the schema of CycloneDX, is what ffi/sbom.py writes, names every crate that the debug symbols
name, or without those the messages of panics, and has neither a time nor a place of this machine in it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "ffi" / "sbom.py"


def output(*command: str, **env: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=kept | env).stdout


def crates_in(code: bytes) -> set[tuple[str, str]]:
    """Crates and versions from which code came: debug symbols name the files of every line, panics those of some."""
    found = re.findall(rb"/registry/src/[^/\0]+/([\w-]+?)-(\d+\.\d+\.\d+[^/\0]*)[/\0]", code)
    return {(name.decode(), version.decode()) for name, version in found}


def contents(dist: Path) -> tuple[str, str, bytes]:
    """The crate of the door, what is said of it, and the code that shows what is in it."""
    if dist.suffix == ".whl":
        with zipfile.ZipFile(dist) as wheel:
            [place] = [name for name in wheel.namelist() if "/sboms/" in name]
            [code] = [name for name in wheel.namelist() if name.endswith((".so", ".pyd"))]
            return "copilot-python", wheel.read(place).decode(), wheel.read(code)
    if dist.suffix == ".tgz":
        with tarfile.open(dist) as tarball:
            read = {
                name: tarball.extractfile(f"package/{name}") for name in ("copilot-native.cdx.json", "copilot.node")
            }
            text, code = (file.read() if file else b"" for file in read.values())
            return "copilot-node", text.decode(), code
    symbols = next((dist / "debug/copilot/lib").glob("libcopilot.so.*.debug"))
    return "copilot-ffi", (dist / "copilot/share/doc/copilot/copilot.cdx.json").read_text(), symbols.read_bytes()


def problems(dist: Path) -> list[str]:
    package, text, code = contents(dist)
    found = [
        f"schema: {str(error.data).splitlines()[0]}"
        for error in JsonStrictValidator(SchemaVersion.V1_6).validate_str(text, all_errors=True) or ()
    ]
    document = json.loads(text)
    told = {each["name"]: each["value"] for each in document["metadata"]["properties"]}
    same = ["--package", package, "--target", told["rust:target"], "--features", told["cargo:features"]]
    if text != output(sys.executable, str(SCRIPT), *same):
        found.append("ffi/sbom.py writes something else than what is in the package")
    dated = json.loads(output(sys.executable, str(SCRIPT), *same, SOURCE_DATE_EPOCH="0"))
    if "timestamp" in document["metadata"] or dated["metadata"].get("timestamp") != "1970-01-01T00:00:00Z":
        found.append("a time is written exactly where SOURCE_DATE_EPOCH says which")
    if str(ROOT) in text or str(Path.home()) in text:
        found.append("names a place of this machine")
    named = {(each["name"], each["version"]) for each in document["components"]}
    crates = crates_in(code)
    found += [f"{name} {version} is linked and not named" for name, version in sorted(crates - named)]
    if len(crates) < 10:
        found.append(f"the code names only {len(crates)} crates: nothing to compare with")
    bare = [each["name"] for each in document["components"] if not each.get("licenses")]
    found += [f"{name} has no licence" for name in bare]
    refs = {each["bom-ref"] for each in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    for each in document["dependencies"]:
        found += [f"{ref} is needed and not described" for ref in {each["ref"], *each.get("dependsOn", [])} - refs]
    if not found:
        print(f"sbom: {len(named)} components; the {len(crates)} crates that the code names are among them")
    return found


def main() -> int:
    found = [f"{name}: {problem}" for name in sys.argv[1:] for problem in problems(Path(name))]
    for problem in found:
        print(f"sbom: REFUSED: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
