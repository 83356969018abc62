"""Runs the benchmarks of all doors beside a raw reader of the same pipe. `README.md` says what is measured."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import doors
import table

#: How much of everything. `--quick` divides by ten.
PLAN = {
    "PINGS": 2000,
    "FLIGHT": 20_000,
    "FLOOD": 200_000,
    "FLOOD_BIG": 20_000,
    "PACED": 2000,
    "TOOLS": 2000,
    "SESSIONS": 500,
    "STREAMS": 200,
    "STREAM_EVENTS": 200,
}
#: What deltas say: text as people and models write it, not ASCII alone. `README.md` says why.
PASSAGE = 'He said “naïve” — größer als 5 °C: "ok", 東京 🙂.\nThen came a longer part in plain English, as most is. '
#: How many events wait in turn, for `bench-growth`.
GROWTH = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)
#: Seconds that one measure may take, and one run of a program.
MEASURE_LIMIT, RUN_LIMIT = 100, 300


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="fresh processes per door; the table shows medians")
    parser.add_argument("--doors", default=",".join(doors.GROUPS), help="comma list of %(default)s")
    parser.add_argument("--peer", action="store_true", help="also PEER_PYTHON, PEER_NODE_DIR, PEER_RUST")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: does it work?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers here")
    parser.add_argument("--growth", action="store_true", help="also what a client costs as it grows")
    parser.add_argument("--no-build", action="store_true", help="take the programs as they are")
    return parser.parse_args()


def plan_of(quick: bool) -> dict[str, int]:
    return {name: max(value // 10, 1) if quick else value for name, value in PLAN.items()}


def script(plan: dict[str, int], growth: bool) -> list[dict[str, object]]:
    """Rules of the fake runtime: what each prompt of the programs sets off."""
    prompts: dict[str, dict[str, object]] = {}
    deltas = {"plain": True, "text": PASSAGE}
    for count, size in ((plan["FLOOD"], 64), (plan["FLOOD_BIG"], 4096), (plan["STREAM_EVENTS"], 64)):
        prompts[f"flood {count} {size}"] = {"flood": {"count": count, "bytes": size, **deltas}}
    prompts[f"paced {plan['PACED']}"] = {"flood": {"count": plan["PACED"], "perSecond": 1000, **deltas}}
    for in_flight in (1, 16):
        calls = {"toolName": "bench", "count": plan["TOOLS"], "inFlight": in_flight}
        calls["timeoutMs"] = MEASURE_LIMIT * 1000
        prompts[f"tools {plan['TOOLS']} {in_flight}"] = {"toolRoundtrips": calls}
    for size in GROWTH if growth else ():
        prompts[f"flood {size} 64"] = {"flood": {"count": size, "bytes": 64, **deltas}}
    idle = {"event": {"type": "session.idle", "data": {}, "ephemeral": True}}
    return [
        {"on": {"method": "session.send", "where": {"prompt": prompt}}, "do": [{"reply": "default"}, action, idle]}
        for prompt, action in prompts.items()
    ]


def selected(args: argparse.Namespace) -> list[doors.Door]:
    """The doors that are there; one that was asked for and is missing is told."""
    makers = [doors.GROUPS[name] for name in args.doors.split(",")]
    found: list[doors.Door] = []
    for maker in [*makers, *([doors.peers] if args.peer else [])]:
        try:
            found += maker()
        except doors.Missing as reason:
            print(f"left out: {maker.__name__}: {reason}", file=sys.stderr)
    return found


def run_once(door: doors.Door, env: dict[str, str]) -> dict[str, float]:
    """One fresh process; whatever it started ends with it."""
    process = subprocess.Popen(
        door.command,
        env={**os.environ, **env, **door.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=RUN_LIMIT)
    except subprocess.TimeoutExpired:
        out, err = "", f"not done after {RUN_LIMIT} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    lines = out.strip().splitlines()
    if process.returncode != 0 or not lines:
        raise RuntimeError(f"{door.name} failed ({process.returncode}): {err.strip()[-2000:]}")
    return json.loads(lines[-1])


def run_all(found: list[doors.Door], env: dict[str, str], runs: int) -> tuple[table.Runs, list[str]]:
    """Door after door, then the next round, so that all see the same noise."""
    results: table.Runs = {}
    failures = []
    for turn in range(1, runs + 1):
        for door in found:
            started = time.monotonic()
            try:
                results.setdefault(door.name, []).append(run_once(door, env))
                state = "done"
            except RuntimeError as error:
                failures.append(str(error))
                state = "FAILED"
            print(f"run {turn}/{runs} {door.name}: {state} in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return {name: reports for name, reports in results.items() if reports}, failures


def grow(env: dict[str, str]) -> list[dict[str, float]]:
    """Sizes in one process, one after the other."""
    program = [str(doors.executable("bench-growth"))]
    done = subprocess.run(program, env={**os.environ, **env}, capture_output=True, text=True, timeout=900, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def processor() -> str:
    with contextlib.suppress(OSError):
        for text in Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                return text.split(":", 1)[1].strip()
    return platform.processor()


def machine() -> dict[str, object]:
    load = os.getloadavg() if hasattr(os, "getloadavg") else ()
    kind = {"system": platform.system(), "machine": platform.machine(), "processor": processor()}
    return {**kind, "cores": os.cpu_count(), "load": load}


def main() -> int:
    args = parse_args()
    # Ended by others, it ends its programs too: they run in sessions of their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not args.no_build:
        doors.build(ffi=doors.has_ffi() and "c" in args.doors.split(","))
    found, plan = selected(args), plan_of(args.quick)
    before = machine()
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "script.json"
        rules.write_text(json.dumps(script(plan, args.growth)))
        env = {f"BENCH_{name}": str(value) for name, value in plan.items()}
        env |= {"BENCH_LIMIT": str(MEASURE_LIMIT), "COPILOT_FAKE_SCRIPT": str(rules)}
        # A runtime that keeps nothing of what it receives: its own cost would be measured with the client's.
        env |= {"BENCH_FAKE": str(doors.executable("copilot-fake-runtime")), "COPILOT_FAKE_FORGETS": "1"}
        runs, failures = run_all(found, env, args.runs)
        growth = grow(env) if args.growth else []
    medians, lost = table.medians(runs), table.losses(runs)
    print(f"medians of {args.runs}; a/b: how many times better a is than b; cores: {before['cores']}")
    print(f"load before and after: {before['load']}, {machine()['load']}")
    print(table.render(found, medians))
    if args.json:
        result = {"machine": before, "plan": plan, "runs": runs, "medians": medians, "lost": lost}
        result |= {"rounds": args.runs, "versions": doors.versions(), "growth": growth}
        result |= {"ratios": table.ratios(found, medians), "failures": failures}
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    for line in lost:
        print(f"LOST EVENTS OR CALLS: {line}", file=sys.stderr)
    for line in failures:
        print(line, file=sys.stderr)
    own = {door.name for door in found if not door.name.endswith("-peer")}
    return 1 if any(line.split(":")[0].split(" ")[0] in own for line in [*lost, *failures]) else 0


if __name__ == "__main__":
    sys.exit(main())
