"""Counts the instructions of six small programs by callgrind, and holds them against committed figures.

`gate.py PROGRAM_FILE` compares with `gate.json`; `--write` writes it. Instructions of the work alone: those of a run
that does none of it are taken off. More than 5 % in either direction is a failure: growth is to be mended or explained,
and a gain is to be kept by writing the figures anew. With another compiler than that of the figures nothing is held: it
is only shown.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FIGURES = Path(__file__).resolve().parent / "gate.json"
PROGRAMS = ("ping", "burst", "large", "tools", "sessions", "reading")
ALLOWED = 0.05


def compiler() -> str:
    return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def instructions(program: Path, name: str, *args: str) -> int:
    """Instructions of one run, all threads together."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", str(program), name, *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise SystemExit(f"gate: {name} failed ({done.returncode}): {done.stderr[-2000:]}")
    return int(found[1])


def count(program: Path) -> dict[str, int]:
    runs = [(name, *args) for name in PROGRAMS for args in ((), ("0",))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(zip(runs, pool.map(lambda run: instructions(program, *run), runs), strict=True))
    return {name: counts[name,] - counts[name, "0"] for name in PROGRAMS}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path, help="bench-gate, built with the profile of that name")
    parser.add_argument("--write", action="store_true", help="write the figures instead of comparing with them")
    args = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("bench-gate: valgrind is not installed: instructions are not counted")
        return 0
    counted, here = count(args.program), compiler()
    if args.write:
        FIGURES.write_text(json.dumps({"compiler": here, "instructions": counted}, indent=1) + "\n")
    figures = json.loads(FIGURES.read_text())
    known, failures = figures["compiler"] == here, 0
    for name, now in counted.items():
        before = figures["instructions"][name]
        change = now / before - 1
        failures += abs(change) > ALLOWED
        print(f"bench-gate: {name:9} {now:14,} instructions, committed {before:14,}: {change:+.2%}")
    if failures and not known:
        print(f"bench-gate: not held: the figures are of {figures['compiler']}, this is {here}")
        return 0
    if failures:
        print(f"bench-gate: {failures} changed by more than {ALLOWED:.0%}; `make bench-gate-write` keeps what is meant")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
