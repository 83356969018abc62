"""Runs the conformance cases through the package: ``python -m runner_python [--level …] [--runtime …] [NAME…]``.

Programs: ``COPILOT_FAKE_RUNTIME`` and ``COPILOT_SCRIPTED_MODEL`` (else looked for in the cargo target directory), and
``COPILOT_CLI_PATH`` for the real runtime; without it, real cases are skipped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from .runner import Run

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent


def arguments() -> argparse.Namespace:
    env = os.environ.get
    parser = argparse.ArgumentParser(prog="runner_python", description=(__doc__ or "").partition("\n")[0])
    levels, runtimes = ["smoke", "full", "stress", "all"], ["fake", "real", "all"]
    parser.add_argument("--level", default=env("CONFORMANCE_LEVEL") or "all", choices=levels)
    parser.add_argument("--runtime", default=env("CONFORMANCE_RUNTIME") or "all", choices=runtimes)
    parser.add_argument("--verbose", action="store_true", help="tracebacks of failures")
    parser.add_argument("names", nargs="*", help="only these cases")
    return parser.parse_args()


def program(variable: str, name: str) -> str:
    """A program of the test kit."""
    given = os.environ.get(variable)
    if given:
        return given
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    found = next((path for path in (target / "release" / name, target / "debug" / name) if path.exists()), None)
    if found is None:
        sys.exit(f"{name} is not built; set {variable}")
    return str(found)


class Report:
    """The results: a line each for people, and one for the parity table in the file named ``CONFORMANCE_REPORT``."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        name = os.environ.get("CONFORMANCE_REPORT")
        self._file = open(name, "w", encoding="utf-8", buffering=1) if name else None  # noqa: SIM115

    def add(self, case: dict[str, Any], runtime: str, status: str, reason: str, spent: float) -> None:
        self.counts[status] += 1
        print(f"{status} {case['name']} ({runtime}, {spent:.2f} s) {reason}".rstrip(), flush=True)
        if self._file:
            name = case["name"] + ("@real" if runtime == "real" and len(case["runtime"]) > 1 else "")
            line = {"surface": "python", "case": name, "status": status} | ({"reason": reason} if reason else {})
            self._file.write(json.dumps(line) + "\n")


def one(case: dict[str, Any], runtime: str, paths: dict[str, str], verbose: bool) -> tuple[str, str]:
    """How a case ends with one of the runtimes, and why."""
    try:
        asyncio.run(Run(case, runtime, paths).run())
    except Exception as error:
        if verbose:
            traceback.print_exc()
        return "fail", f"{type(error).__name__}: {error}"[:600]
    return "pass", ""


def main() -> int:
    args = arguments()
    lacking = json.loads((HERE / "surfaces.json").read_text(encoding="utf-8"))["python"]
    paths = {
        "fake": program("COPILOT_FAKE_RUNTIME", "copilot-fake-runtime"),
        "library": program("COPILOT_FAKE_LIBRARY", "libcopilot_fake_runtime.so"),
        "model": program("COPILOT_SCRIPTED_MODEL", "copilot-scripted-model"),
        "runtime": os.environ.get("COPILOT_CLI_PATH", ""),
    }
    report = Report()
    for path in sorted((HERE / "cases").glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        wanted = case["name"] in args.names if args.names else args.level in ("all", *case["levels"])
        if not wanted:
            continue
        missing = [feature for feature in case["features"] if feature in lacking]
        for runtime in case["runtime"]:
            if args.runtime not in ("all", runtime):
                continue
            started = time.monotonic()
            if missing:
                status, reason = "skip", "needs " + ", ".join(missing)
            elif runtime == "real" and not paths["runtime"]:
                status, reason = "skip", "no COPILOT_CLI_PATH"
            else:
                status, reason = one(case, runtime, paths, args.verbose)
            report.add(case, runtime, status, reason, time.monotonic() - started)
    counts = report.counts
    print(f"{counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped")
    return 1 if counts["fail"] or not counts.total() else 0


if __name__ == "__main__":
    sys.exit(main())
