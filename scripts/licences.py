"""Holds that every crate comes from the registry under a licence that this project can ship. Run by `make licences`.

The rules are those of deny.toml. Crates of features that no package turns on are looked at too, and those that only
build or test.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
RULES = tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]
ALLOWED = set(RULES["allow"])
TOOLS = {rule["crate"]: rule["allow"] for rule in RULES["exceptions"]}


def is_allowed(expression: str) -> bool:
    """Of a choice one is enough, of what goes together all is needed. Older packages write a slash for a choice."""
    text = expression.replace("/", " OR ").strip()
    while (inner := re.search(r"\(([^()]*)\)", text)) is not None:
        # What is in brackets counts as one licence: a known one if it is allowed.
        text = text.replace(inner[0], "MIT" if is_allowed(inner[1]) else "unknown")
    choices = [[part.strip() for part in choice.split(" AND ")] for choice in text.split(" OR ")]
    return any(all(part in ALLOWED for part in choice) for choice in choices)


def problems() -> list[str]:
    command = ["cargo", "metadata", "--locked", "--all-features", "--format-version", "1"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = []
    for package in json.loads(told)["packages"]:
        name = f"{package['name']} {package['version']}"
        licence = package["license"] or "none"
        if not is_allowed(licence) and licence not in TOOLS.get(package["name"], ()):
            found.append(f"{name}: the licence {licence} is not among those allowed")
        if package["source"] not in (None, REGISTRY):
            found.append(f"{name}: comes from {package['source']}")
    return found


def main() -> int:
    found = problems()
    for problem in found:
        print(f"licences: {problem}", file=sys.stderr)
    if not found:
        print("licences: every crate comes from the registry under a licence that is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
