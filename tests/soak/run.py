"""All doors at once for hours: nothing may grow. `README.md` says what they do and what is looked at."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TextIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "faults"))

import doors
from host import Cell, Fault, state_of

from plot import Panel, plot

DOCS = doors.ROOT / "docs"
#: C++ is the C library.
DOORS = [name for name in doors.MAKERS if name != "cpp"]
CALLS = {"toolRoundtrips": {"toolName": "probe", "count": 3, "inFlight": 2, "timeoutMs": 60_000}}
SCRIPT = [
    {"on": {"method": "session.send", "where": {"prompt": prompt}}, "do": actions}
    for prompt, actions in {
        "tool": [CALLS, {"builtin": True}],
        "long": [{"reply": "default"}],
        "die": [{"reply": "default"}, {"exit": 9}],
    }.items()
]
#: What the last quarter may have more than the second: a part of that, and an amount. Latency is told, not judged: the
#: machine's other work decides it.
MEASURES: dict[str, tuple[str, float, float]] = {
    "rss_mb": ("memory, MiB", 0.10, 4.0),
    "fds": ("descriptors", 0.0, 1.0),
    "threads": ("threads", 0.0, 1.0),
}
LATENCIES = {"p50_ms": "p50", "p99_ms": "p99"}


@dataclass
class Run:
    """One door at work."""

    cell: Cell
    read: int = 0
    looks: list[tuple[int, int, int]] = field(default_factory=list)
    samples: list[dict[str, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def look(self) -> None:
        try:
            self.looks.append(state_of(self.cell.process.pid))
        except (OSError, StopIteration):
            if not self.wrong:
                self.wrong.append(f"ended early: {self.cell.stderr()}")

    def told(self) -> Iterator[dict[str, list[float]]]:
        """What the program has said since the last time."""
        lines, self.read = self.cell.lines[self.read :], len(self.cell.lines)
        return (json.loads(line) for line in lines if line.startswith(('{"micros"', '{"failed"')))

    def sample(self, seconds: float) -> dict[str, float]:
        """The medians of what was seen since the last sample."""
        fds, threads, memory = (median(column) for column in zip(*self.looks, strict=True))
        sample: dict[str, float] = {
            "t": round(seconds, 1),
            "rss_mb": round(memory / 1024, 2),
            "fds": fds,
            "threads": threads,
        }
        micros: list[float] = []
        failed = 0.0
        for line in self.told():
            micros += line["micros"] or []
            failed += float(line["failed"])  # type: ignore[arg-type]
        sample |= {"ops": len(micros), "failed": failed}
        if micros:
            micros.sort()
            sample["p50_ms"] = round(micros[len(micros) // 2] / 1000, 2)
            sample["p99_ms"] = round(micros[len(micros) * 99 // 100] / 1000, 2)
        self.looks.clear()
        self.samples.append(sample)
        return sample

    def end(self) -> None:
        """The program ends by itself, and nothing of it is left."""
        try:
            result = self.cell.result()
            if result["step"]:
                raise Fault(f"{result['step']} failed: {result['message']}")
            self.cell.alone("what it started")
        except Fault as fault:
            self.wrong.append(str(fault))


def quarters(run: Run, name: str) -> tuple[float, float]:
    """The medians of the second and of the last quarter."""
    values = [sample[name] for sample in run.samples if name in sample]
    part = max(len(values) // 4, 1)
    return median(values[part : 2 * part] or values), median(values[-part:] or [0.0])


def judge(run: Run) -> tuple[list[str], list[str]]:
    """The cells of a row of the table, and what is wrong."""
    cells, wrong = [], list(run.wrong)
    for name, (title, part, amount) in MEASURES.items():
        early, late = quarters(run, name)
        cells.append(f"{early:g} → {late:g}")
        if late > early * (1 + part) + amount:
            wrong.append(f"{title} grew: {early:g} → {late:g}")
    for name in LATENCIES:
        early, late = quarters(run, name)
        cells.append(f"{early:.1f} → {late:.1f}")
    failed = sum(sample["failed"] for sample in run.samples)
    if failed:
        wrong.append(f"{failed:.0f} operations failed: {run.cell.stderr()}")
    if not sum(sample["ops"] for sample in run.samples):
        wrong.append("it has done nothing")
    return [*cells, f"{sum(sample['ops'] for sample in run.samples):,.0f}"], wrong


def watch(runs: list[Run], seconds: float, interval: float, file: TextIO) -> None:
    begun = last = time.monotonic()
    while any(run.cell.process.poll() is None for run in runs):
        time.sleep(1)
        now = time.monotonic()
        active = [run for run in runs if run.cell.process.poll() is None]
        if now - begun < seconds:
            for run in active:
                run.look()
        if now - last >= interval and now - begun <= seconds:
            last = now
            for run in active:
                if run.looks:
                    file.write(json.dumps({"door": run.cell.door.name, **run.sample(now - begun)}) + "\n")
            file.flush()
        if now - begun > seconds + 300:
            return


def picture(runs: list[Run], seconds: float) -> str:
    scale, unit = (3600, "h") if seconds >= 7200 else (60, "min")
    rows = []
    for run in runs:
        panels = []
        for name, (title, _, _) in MEASURES.items():
            points = [(sample["t"] / scale, sample[name]) for sample in run.samples]
            panels.append(Panel(f"{run.cell.door.name}: {title}", {name: points}))
        latency = {
            title: [(sample["t"] / scale, sample[name]) for sample in run.samples if name in sample]
            for name, title in LATENCIES.items()
        }
        rows.append([*panels, Panel(f"{run.cell.door.name}: operation, ms", latency)])
    return plot(f"{seconds / 3600:g} hours, all doors at once", rows, seconds / scale, unit)


def document(runs: list[Run], rows: list[list[str]], wrong: list[str], seconds: float) -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    titles = [title for title, _, _ in MEASURES.values()] + [f"operation {title}, ms" for title in LATENCIES.values()]
    table = [["door", *titles, "operations"], ["---"] * (len(titles) + 2), *rows]
    lines = "\n".join("| " + " | ".join(row) + " |" for row in table)
    verdict = "\n".join(f"* {line}" for line in wrong) or "Nothing grew, nothing failed, nothing was left."
    return f"""# Soak

Written by `make soak HOURS={seconds / 3600:g}`; [tests/soak](../tests/soak/README.md) says what the programs do.
{len(runs)} doors worked at the same time, builds for development, {os.cpu_count()} cores, load at the end {load}.
The machine was busy with other builds and tests as well, which the latencies show.

Medians of the second quarter → of the last quarter. Memory may grow by a tenth and 4 MiB, descriptors and threads by
one; the latency of an operation is told and not judged.

{lines}

{verdict}

![memory, descriptors, threads and latency over time](soak.svg)
"""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=0.5)
    parser.add_argument("--doors", default=",".join(DOORS), help="comma list of %(default)s")
    parser.add_argument("--out", type=Path, default=doors.target() / "soak", help="where samples.jsonl goes")
    parser.add_argument("--write", action="store_true", help="write docs/soak.md and docs/soak.svg")
    return parser.parse_args()


def main() -> int:
    if not Path("/proc/self/fd").exists():
        print("soak: processes are looked at through /proc, which is not here: left out")
        return 0
    args = parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seconds = args.hours * 3600
    interval = max(seconds / 200, 2.0)
    found, missing = doors.found(args.doors.split(","))
    for name, reason in missing.items():
        print(f"left out: {name}: {reason}", file=sys.stderr)
    runs = [Run(Cell(door)) for door in found]
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        for run in runs:
            run.cell.start(
                "soak", run.cell.fake(SCRIPT, record=False), SECONDS=int(seconds), INTERVAL=max(int(interval), 1)
            )
        with open(args.out / "samples.jsonl", "w") as file:
            watch(runs, seconds, interval, file)
        for run in runs:
            run.end()
    finally:
        for run in runs:
            run.cell.close()
    rows, wrong = [], []
    for run in runs:
        cells, faults = judge(run)
        rows.append([run.cell.door.name, *cells])
        wrong += [f"{run.cell.door.name}: {fault}" for fault in faults]
    (args.out / "soak.svg").write_text(picture(runs, seconds))
    text = document(runs, rows, wrong, seconds)
    print(text)
    if args.write:
        (DOCS / "soak.svg").write_text(picture(runs, seconds))
        (DOCS / "soak.md").write_text(text)
    return 1 if wrong or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
