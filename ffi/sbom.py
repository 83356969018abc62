"""Writes what a library is made of as CycloneDX JSON: the crates that are linked into it, and Rust's own library.

    ffi/sbom.py [--package CRATE] [--features LIST] [--target TRIPLE] [--output FILE]

Without a package: the C library. `copilot-python` is what the wheel holds, `copilot-node` what the npm packages hold.

Cargo says what is linked, with which features; Cargo.lock has the hashes. The same sources give the same file. A time
is written only where SOURCE_DATE_EPOCH says which. `scripts/sbom_check.py` holds it to the schema.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
#: Crate of a door: what programs know it as, and the kind of package it comes in.
PACKAGES = {
    "copilot-ffi": ("libcopilot", ""),
    "copilot-python": ("copilot-native", "pypi"),
    "copilot-node": ("copilot-native", "npm"),
}
SPEC = "1.6"
#: Numbers of documents are made of their content, in a space of names of our own.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/copilot-native/copilot-native/sbom")


@dataclass
class Crate:
    """A package that is linked, as `cargo tree` tells it."""

    name: str
    version: str
    features: str
    licence: str
    repository: str
    needs: set[tuple[str, str]] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.version

    @property
    def ref(self) -> str:
        return f"pkg:cargo/{quote(self.name)}@{quote(self.version)}"


def run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def linked(package: str, features: str, target: str) -> list[Crate]:
    """All crates of the library, itself first. Macros and what builds it are not linked."""
    command = ["cargo", "tree", "--locked", "-p", package, "--target", target, "-e", "normal,no-proc-macro"]
    command += ["--features", features] if features else []
    lines = run(*command, "--prefix", "depth", "--format", "|{p}|{f}|{l}|{r}").splitlines()
    crates: dict[tuple[str, str], Crate] = {}
    path: list[Crate] = []
    for line in lines:
        depth, crate_line, features, licence, repository = line.removesuffix(" (*)").split("|")
        name, version = crate_line.split(" ")[:2]
        crate = Crate(name, version.removeprefix("v"), features, licence, repository)
        crate = crates.setdefault(crate.key, crate)
        del path[int(depth) :]
        if path:
            path[-1].needs.add(crate.key)
        path.append(crate)
    return list(crates.values())


def checksums() -> dict[tuple[str, str], str]:
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(each["name"], each["version"]): each["checksum"] for each in packages if "checksum" in each}


def component(crate: Crate, checksum: str | None) -> dict[str, object]:
    made: dict[str, object] = {"type": "library", "bom-ref": crate.ref, "name": crate.name, "version": crate.version}
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if crate.licence:
        # Older packages write a slash for a choice.
        made["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", crate.licence)}]
    made["purl"] = crate.ref
    if crate.repository:
        made["externalReferences"] = [{"type": "vcs", "url": crate.repository}]
    if crate.features:
        made["properties"] = [{"name": "cargo:features", "value": crate.features}]
    return made


def standard_library() -> dict[str, object]:
    told = dict(line.split(": ", 1) for line in run("rustc", "-vV").splitlines() if ": " in line)
    ref = f"pkg:github/rust-lang/rust@{told['release']}"
    return {
        "type": "library",
        "bom-ref": ref,
        "name": "rust-std",
        "version": told["release"],
        "description": "The standard library of Rust, as the compiler brings it",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": ref,
        "properties": [{"name": "rustc:commit-hash", "value": told["commit-hash"]}],
    }


def document(package: str, features: str, target: str) -> dict[str, object]:
    library, *crates = sorted(linked(package, features, target), key=lambda crate: (crate.name != package, crate.key))
    sums, std = checksums(), standard_library()
    name, kind = PACKAGES[package]
    own = component(library, None) | {"name": name}
    if kind:
        own["purl"] = f"pkg:{kind}/{name}@{library.version}"
    refs = {crate.key: crate.ref for crate in [library, *crates]}
    needs = [
        {"ref": crate.ref, "dependsOn": sorted([*(refs[key] for key in crate.needs), str(std["bom-ref"])])}
        for crate in [library, *crates]
    ]
    properties = [{"name": "rust:target", "value": target}, {"name": "cargo:features", "value": features}]
    metadata: dict[str, object] = {"component": own, "properties": properties}
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        moment = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        metadata = {"timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), **metadata}
    body = {
        "metadata": metadata,
        "components": [*(component(crate, sums.get(crate.key)) for crate in crates), std],
        "dependencies": [*needs, {"ref": std["bom-ref"]}],
    }
    number = uuid.uuid5(NAMESPACE, json.dumps(body, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": SPEC, "serialNumber": f"urn:uuid:{number}", "version": 1}
    return {"$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json", **head, **body}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", choices=PACKAGES, default="copilot-ffi")
    parser.add_argument("--features", default="", help="those that it was built with")
    parser.add_argument("--target", help="the platform of the library, by default this machine's")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    host = next(line for line in run("rustc", "-vV").splitlines() if line.startswith("host: "))
    text = (
        json.dumps(document(args.package, args.features, args.target or host.removeprefix("host: ")), indent=1) + "\n"
    )
    if args.output:
        args.output.write_text(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
