"""Writes the page of benchmarks from the numbers of one run: tables, two plots, and the raw data beside them."""

from __future__ import annotations

import argparse
import json
import math
import textwrap
from pathlib import Path
from typing import Any

import table

Medians = dict[str, dict[str, float]]

#: Doors of the plot, with the columns they are compared with.
PAIRS = {"Python": ("python", "py-peer"), "Node": ("node", "node-peer"), "Rust": ("rust-mt", "rust-peer")}
COLOURS = {"Python": "#3b75af", "Node": "#519e3e", "Rust": "#c1582c"}
#: Measures of the plot.
PLOTTED = {
    "import_ms": "import",
    "ping_p50_us": "ping",
    "pings_per_s": "pings, 64 in flight",
    "flood64_per_s": "64-byte deltas",
    "fields64_per_s": "64-byte deltas, every field read",
    "flood4k_per_s": "4-KiB deltas",
    "delta_p50_us": "delta latency p50",
    "delta_p99_us": "delta latency p99",
    "tools1_per_s": "tool calls",
    "tools16_per_s": "tool calls, 16 in flight",
    "sessions_per_s": "sessions made",
    "streams_ms": "200 sessions streaming",
}
#: Longest line of the page.
WIDTH = 132
#: The sign for "times".
TIMES = "\u00d7"
#: Both themes of a page: the text has a tone that both can show.
STYLE = "font-family='sans-serif' font-size='12' fill='#808080'"


def ratio(medians: Medians, measure: str, own: str, peer: str) -> float | None:
    more = {name: more for name, _, more in table.MEASURES}[measure]
    if measure not in medians.get(own, {}) or measure not in medians.get(peer, {}):
        return None
    return table.better(more, medians[own][measure], medians[peer][measure])


def titles() -> dict[str, str]:
    """Full titles of all measures: those that stand under another one in the terminal begin with its title."""
    found, above = {}, ""
    for name, title, _ in table.MEASURES:
        above = above if title.startswith(" ") else title.removesuffix("/s").removesuffix(" made")
        found[name] = f"{above}: {title.strip()}" if title.startswith(" ") else title
    return found


def svg(width: int, height: int, parts: list[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'>"
    return "\n".join([head, *parts, "</svg>", ""])


def text(x: float, y: float, content: str, anchor: str = "start") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' {STYLE} text-anchor='{anchor}'>{content}</text>"


def line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}'/>"


def bars(medians: Medians) -> str:
    """How many times better each door is than the official package of its language, on a logarithmic axis."""
    left, scale, row, top, below = 250, 150, 14, 40, 30
    parts, y = [text(left, 16, "times better than the official package (logarithmic)")], float(top)
    for measure, title in PLOTTED.items():
        parts.append(text(left - below - 10, y + row * 1.6, title, "end"))
        for door, (own, peer) in PAIRS.items():
            value = ratio(medians, measure, own, peer)
            if value is not None:
                length = max(math.log10(value) * scale, -below)
                x, width = (left, length) if length >= 0 else (left + length, -length)
                bar = f"<rect x='{x:.1f}' y='{y:.0f}' width='{width:.1f}' height='{row - 3}'"
                parts.append(f"{bar} fill='{COLOURS[door]}'/>")
                parts.append(text(left + max(length, 0) + 6, y + row - 4, f"{door} {table.shown(value)}"))
            y += row
        y += 8
    for power in range(4):
        x = left + power * scale
        parts += [line(x, top - 6, x, y, "#80808060"), text(x, top - 10, f"{10**power} {TIMES}", "middle")]
    return svg(left + 3 * scale + 130, round(y) + 10, parts)


def curves(rows: list[dict[str, float]]) -> str:
    """Cost over size, each as a multiple of what it is at the smallest: flat is good."""
    left, top, wide, high = 60, 30, 640, 220
    kinds = {
        "ping, by open sessions": ("sessions", "ping_p50_us", False, "#3b75af"),
        "a delta, by open sessions": ("sessions", "flood64_per_s", True, "#519e3e"),
        "one more session": ("sessions", "session_p50_us", False, "#c1582c"),
        "ping, by waiting events": ("events", "ping_p50_us", False, "#8d69b8"),
    }
    parts = [text(left, 16, "cost, as a multiple of that at the smallest size")]
    for multiple in (0, 1, 2, 3, 4):
        y = top + high - multiple * high / 4
        parts += [line(left, y, left + wide, y, "#80808040"), text(left - 8, y + 4, f"{multiple} {TIMES}", "end")]
    for power in range(7):
        parts.append(text(left + power * wide / 6, top + high + 18, f"{10**power:,}", "middle"))
    for number, (title, (size, measure, rate, colour)) in enumerate(kinds.items()):
        points = [(row[size], row[measure]) for row in rows if size in row and measure in row]
        if not points:
            continue
        first = points[0][1]
        places = []
        for at, value in points:
            multiple = min((first / value) if rate else (value / first), 4)
            x, y = left + math.log10(at) * wide / 6, top + high - multiple * high / 4
            places.append(f"{x:.1f},{y:.1f}")
        parts.append(f"<polyline points='{' '.join(places)}' fill='none' stroke='{colour}' stroke-width='2'/>")
        y = top + high + 44 + number * 18
        parts += [line(left, y - 4, left + 24, y - 4, colour), text(left + 32, y, title)]
    return svg(left + wide + 40, top + high + 120, parts)


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def all_numbers(medians: Medians) -> str:
    columns = list(medians)
    rows = []
    for name, title in titles().items():
        if any(name in medians[column] for column in columns):
            rows.append([title, *(table.shown(medians[column].get(name)) for column in columns)])
    return markdown(["", *columns], rows)


def against_peers(medians: Medians) -> str:
    rows = []
    for name, title in titles().items():
        cells = []
        for own, peer in PAIRS.values():
            value = ratio(medians, name, own, peer)
            numbers = [table.shown(medians.get(column, {}).get(name)) for column in (own, peer)]
            cells.append(
                "-" if value is None else f"**{table.shown(value)} {TIMES}** ({numbers[0]} against {numbers[1]})"
            )
        if any(cell != "-" for cell in cells):
            rows.append([title, *cells])
    return markdown(["", *PAIRS], rows)


def against_raw(medians: Medians) -> str:
    """Every door against a blocking reader of the same pipe: the distance to the limit."""
    doors = [door for door in medians if door != "raw" and not door.endswith("-peer")]
    rows = []
    for name, title in titles().items():
        if name in medians.get("raw", {}) and "framing" not in name and "peak" not in name:
            rows.append([title, *(table.shown(ratio(medians, name, door, "raw")) for door in doors)])
    return markdown(["", *doors], rows)


def growth_table(rows: list[dict[str, float]]) -> str:
    titles = {
        "ping_p50_us": "ping p50, µs",
        "session_p50_us": "one more session, µs",
        "session_kb": "memory of each session, KB",
        "flood64_per_s": "64-byte deltas/s",
        "event_bytes": "memory of each waiting event, bytes",
        "taken_per_s": "waiting events taken/s",
    }
    lines = []
    for row in rows:
        size = f"{row['sessions']:,.0f} sessions" if "sessions" in row else f"{row['events']:,.0f} events"
        lines.append([size, *(table.shown(row.get(name)) for name in titles)])
    return markdown(["", *titles.values()], lines)


def page(found: dict[str, Any], template: str) -> str:
    medians: Medians = found["medians"]
    versions = ", ".join(f"{name} {version}" for name, version in found.get("versions", {}).items())
    machine = found["machine"]
    facts = f"{machine['cores']} cores, {machine['processor']}, {machine['system']} {machine['machine']}"
    parts = {
        "peers": against_peers(medians),
        "raw": against_raw(medians),
        "all": all_numbers(medians),
        "growth": growth_table(found.get("growth", [])),
        "machine": f"{facts}; medians of {found['rounds']} runs;\n" + textwrap.fill(f"{versions}.", WIDTH),
    }
    for name, content in parts.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
        before, rest = template.split(begin)
        template = before + begin + content + end + rest.split(end, 1)[1]
    return template


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", type=Path, help="what run.py --json wrote")
    parser.add_argument(
        "page", type=Path, help="the page, whose marked parts are written anew; plots and data go beside"
    )
    args = parser.parse_args()
    found = json.loads(args.numbers.read_text())
    args.page.write_text(page(found, args.page.read_text()))
    folder = args.page.with_suffix("")
    folder.mkdir(exist_ok=True)
    (folder / "peers.svg").write_text(bars(found["medians"]))
    (folder / "growth.svg").write_text(curves(found.get("growth", [])))
    (folder / "numbers.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
