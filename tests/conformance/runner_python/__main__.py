"""Runs the conformance cases through the package: ``python -m runner_python --fake … [--model … --runtime …]``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from .runner import Run

CASES = Path(__file__).parent.parent / "cases"
FEATURES = {"stdio", "tcp", "uri", "tools", "permission", "user_input"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="runner_python", description=__doc__)
    parser.add_argument("--fake", required=True, help="the fake runtime")
    parser.add_argument("--model", help="the scripted model")
    parser.add_argument("--runtime", default=os.environ.get("COPILOT_CLI_PATH"), help="the real runtime")
    parser.add_argument("--level", default="full", choices=["smoke", "full", "stress"])
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--verbose", action="store_true", help="tracebacks of failures")
    parser.add_argument("names", nargs="*", help="only these cases")
    return parser.parse_args()


def one(case: dict[str, Any], runtime: str, args: argparse.Namespace) -> tuple[str, str]:
    """The outcome of a case with one of the runtimes, and why."""
    if not set(case["features"]) <= FEATURES:
        return "skip", "needs " + ", ".join(set(case["features"]) - FEATURES)
    if runtime == "real" and not (args.runtime and args.model):
        return "skip", "no real runtime was named"
    paths = {"fake": args.fake, "model": args.model, "runtime": args.runtime}
    try:
        asyncio.run(Run(case, runtime, paths).run())
    except Exception as error:
        if args.verbose:
            traceback.print_exc()
        return "FAIL", f"{type(error).__name__}: {error}"[:600]
    return "ok", ""


def main() -> int:
    args = arguments()
    results: list[dict[str, Any]] = []
    for path in sorted(CASES.glob("*.json")):
        case = json.loads(path.read_text())
        if (args.names and case["name"] not in args.names) or (not args.names and args.level not in case["levels"]):
            continue
        for runtime in case["runtime"]:
            started = time.monotonic()
            outcome, why = one(case, runtime, args)
            spent = time.monotonic() - started
            print(f"{outcome:4} {case['name']} ({runtime}, {spent:.2f} s) {why}", flush=True)
            results.append({"case": case["name"], "runtime": runtime, "outcome": outcome, "why": why})
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    counts = {each: sum(result["outcome"] == each for result in results) for each in ("ok", "FAIL", "skip")}
    print(f"python: {counts['ok']} ok, {counts['FAIL']} failed, {counts['skip']} skipped")
    return 1 if counts["FAIL"] or not results else 0


if __name__ == "__main__":
    sys.exit(main())
