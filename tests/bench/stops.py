"""How long stopping a client of the real runtime takes, beside other packages. `README.md` says how to run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
#: Every program does so many rounds, so many times; in turns, so that all see the same noise.
ROUNDS, TURNS = 4, 5
TITLES = {
    "stop": "stop, no session, ms",
    "session": "stop, one session, ms",
    "force": "force-stop, ms",
    "kill": "kill of the process alone, ms",
}


def debug() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"


def programs() -> dict[str, tuple[list[str], dict[str, str]]]:
    """Name, command and variables of every program that is there."""
    found = {"rust": ([str(debug() / "bench-stops")], {})}
    python, node = [str(HERE / "stops_python.py")], ["node", str(HERE / "stops_node.mjs")]
    found["python"] = ([os.environ.get("BENCH_PYTHON", "python3"), *python], {})
    package = os.environ.get("BENCH_NODE_PACKAGE", str(ROOT / "bindings" / "node"))
    found["node"] = (node, {"BENCH_NODE_PACKAGE": package})
    if peer := os.environ.get("PEER_PYTHON"):
        found["py-peer"] = ([peer, *python], {"PYTHONPATH": ""})
    if folder := os.environ.get("PEER_NODE_DIR"):
        peer_package = Path(folder) / "node_modules" / "@github" / "copilot-sdk"
        found["node-peer"] = (node, {"BENCH_NODE_PACKAGE": str(peer_package)})
    return found


def run(name: str, command: list[str], env: dict[str, str]) -> dict[str, list[float]]:
    ended = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=300, check=False)
    if ended.returncode != 0:
        raise SystemExit(f"{name} failed ({ended.returncode}): {ended.stderr[-1000:]}")
    report: dict[str, list[float]] = json.loads(ended.stdout.strip().splitlines()[-1])
    return report


def table(times: dict[str, dict[str, list[float]]]) -> str:
    rows = [["", *times]]
    for name, title in TITLES.items():
        rows.append([title, *(f"{median(of[name]):.1f}" if name in of else "-" for of in times.values())])
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    )


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        model = subprocess.Popen(
            [os.environ.get("COPILOT_SCRIPTED_MODEL", str(debug() / "copilot-scripted-model"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert model.stdout is not None
            env = {"STOPS_MODEL": model.stdout.readline().split()[-1], "STOPS_ROUNDS": str(ROUNDS)}
            env |= {"STOPS_RUNTIME": os.environ["COPILOT_CLI_PATH"], "COPILOT_HOME": home}
            times: dict[str, dict[str, list[float]]] = {}
            for turn in range(TURNS):
                for name, (command, more) in programs().items():
                    for measure, values in run(name, command, env | more).items():
                        times.setdefault(name, {}).setdefault(measure, []).extend(values)
                    print(f"turn {turn + 1}/{TURNS} {name}: done", file=sys.stderr)
        finally:
            model.kill()
            model.communicate()
    print(f"medians of {ROUNDS * TURNS}; cores: {os.cpu_count()}, load: {os.getloadavg()[0]:.1f}")
    print(table(times))
    return 0


if __name__ == "__main__":
    sys.exit(main())
