"""Asks the registries for known faults in what this project is made of and built with. Run by `make audit`.

Crates by `cargo deny check advisories`, which fetches a database of its own; npm packages by `npm audit`; Python
packages by `pip-audit`. A known fault is a failure. Who does not answer is named, and is none: a mirror often has
packages alone.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Outcome:
    """What one registry said."""

    name: str
    faults: list[str]
    silent: str = ""


def run(command: list[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1].strip() if lines else f"exit code {done.returncode}"


def crates() -> Outcome:
    name = "crates"
    if shutil.which("cargo-deny") is None:
        return Outcome(name, [], "cargo-deny is not installed (cargo install --locked cargo-deny)")
    done = run(["cargo", "deny", "--format", "json", "check", "advisories"])
    told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    found = [entry["fields"] for entry in told if entry.get("type") == "diagnostic"]
    faults = [fault["message"] for fault in found if fault.get("severity") == "error"]
    said = [entry["fields"]["message"] for entry in told if entry.get("type") == "log"] or [last_line(done)]
    return Outcome(name, faults, said[-1].splitlines()[0] if done.returncode != 0 and not faults else "")


def npm(folder: str) -> Outcome:
    name = f"npm ({folder})"
    done = run(["npm", "audit", "--json"], ROOT / folder)
    try:
        told = json.loads(done.stdout)
        packages = told["vulnerabilities"].values()
    except (ValueError, KeyError):
        return Outcome(name, [], "the registry does not answer audits")
    return Outcome(name, [f"{package['name']} {package['range']}: {package['severity']}" for package in packages])


def python(pip_audit: Path, environment: Path) -> Outcome:
    name = "Python"
    places = sorted(environment.glob("lib/python3*/site-packages"))
    paths = [argument for place in places for argument in ("--path", str(place))]
    done = run([str(pip_audit), "--progress-spinner", "off", "--skip-editable", "--format", "json", *paths])
    try:
        told = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return Outcome(name, [], last_line(done))
    asked = [package for package in told if "skip_reason" not in package]
    if not asked:
        return Outcome(name, [], "the index does not answer audits")
    return Outcome(name, [f"{one['name']} {one['version']}: {fault['id']}" for one in asked for fault in one["vulns"]])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("pip_audit", type=Path)
    parser.add_argument("environment", type=Path)
    args = parser.parse_args()
    outcomes = [crates(), npm("bindings/node"), python(args.pip_audit, args.environment)]
    for outcome in outcomes:
        if outcome.silent:
            print(f"audit: {outcome.name}: left out, {outcome.silent}")
        elif not outcome.faults:
            print(f"audit: {outcome.name}: no known fault")
        for fault in outcome.faults:
            print(f"audit: {outcome.name}: {fault}", file=sys.stderr)
    return 1 if any(outcome.faults for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
