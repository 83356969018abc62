"""Medians and the table."""

from __future__ import annotations

import math
from statistics import median

from doors import Door

#: Measure, title, and whether more is better.
MEASURES = [
    ("import_ms", "import, ms", False),
    ("import_mb", "import, MB", False),
    ("start_ms", "start, ms", False),
    ("ping_p50_us", "ping p50, µs", False),
    ("ping_p99_us", "ping p99, µs", False),
    ("pings_per_s", "pings/s, 64 in flight", True),
    ("flood64_framing_per_s", "64 B deltas/s, framing only", True),
    ("flood64_per_s", "64 B deltas/s", True),
    ("flood64_cpu_s", "  CPU s per 100k", False),
    ("flood64_peak_mb", "  memory it adds, MB", False),
    ("fields64_per_s", "64 B deltas/s, every field read", True),
    ("fields64_cpu_s", "  CPU s per 100k", False),
    ("flood4k_framing_per_s", "4 KiB deltas/s, framing only", True),
    ("flood4k_per_s", "4 KiB deltas/s", True),
    ("flood4k_cpu_s", "  CPU s per 100k", False),
    ("flood4k_peak_mb", "  memory it adds, MB", False),
    ("delta_p50_us", "delta latency p50, µs", False),
    ("delta_p99_us", "delta latency p99, µs", False),
    ("tools1_per_s", "tool calls/s, 1 in flight", True),
    ("tools16_per_s", "tool calls/s, 16 in flight", True),
    ("sessions_per_s", "sessions made/s", True),
    ("session_kb", "  memory of each, KB", False),
    ("streams_ms", "all sessions streaming, ms", False),
    ("stop_ms", "stop, ms", False),
]

Runs = dict[str, list[dict[str, float]]]


def medians(runs: Runs) -> dict[str, dict[str, float]]:
    """Median of each measure; a measure that some run lacks is taken from the others."""
    result: dict[str, dict[str, float]] = {}
    for door, reports in runs.items():
        names = sorted({name for report in reports for name in report})
        result[door] = {name: median(report[name] for report in reports if name in report) for name in names}
    return result


def losses(runs: Runs) -> list[str]:
    """A line per door and measure that lost something in any run."""
    lines = []
    for door, reports in runs.items():
        for name in sorted({name for report in reports for name in report if name.endswith("_lost")}):
            lost = [report.get(name, 0) for report in reports]
            if any(lost):
                lines.append(f"{door}: {name.removesuffix('_lost')}: {', '.join(f'{n:g}' for n in lost)} by run")
    return lines


def better(name_is_rate: bool, own: float, peer: float) -> float | None:
    """How many times better `own` is; None when that has no meaning."""
    if own <= 0 or peer <= 0:
        return None
    return own / peer if name_is_rate else peer / own


def shown(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def compared(doors: list[Door], found: dict[str, dict[str, float]]) -> list[tuple[str, str, str]]:
    """The columns of ratios: title, door, its peer."""
    pairs = [(f"{door.name}/{door.peer}", door.name, door.peer) for door in doors if door.peer in found]
    if "rust-peer" in found:
        pairs.append(("rust/rust-peer", "rust", "rust-peer"))
    return [pair for pair in pairs if pair[1] in found]


def ratios(doors: list[Door], found: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """For every pair and measure, how many times better the first is."""
    table: dict[str, dict[str, float]] = {}
    for title, own, peer in compared(doors, found):
        for name, _, more in MEASURES:
            if name in found[own] and name in found[peer]:
                ratio = better(more, found[own][name], found[peer][name])
                if ratio is not None:
                    table.setdefault(title, {})[name] = ratio
    return table


def render(doors: list[Door], found: dict[str, dict[str, float]]) -> str:
    """The table as text: medians, then how many times better each door is than what it is compared with."""
    columns = [door.name for door in doors if door.name in found]
    quotients = ratios(doors, found)
    rows = [["", *columns, *quotients]]
    for name, title, _ in MEASURES:
        if any(name in found[column] for column in columns):
            values = [shown(found[column].get(name)) for column in columns]
            rows.append([title, *values, *(shown(quotients[pair].get(name)) for pair in quotients)])
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)
