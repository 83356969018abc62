"""Small SVG plots: rows and columns of panels, each with lines over time and a scale of its own. No dependency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

Points = Sequence[tuple[float, float]]
COLOURS = ("#2563a8", "#c2541b", "#3b8753", "#7a4fa3")
WIDTH, HEIGHT = 250, 96
LEFT, TOP, BOTTOM = 46, 24, 16


@dataclass(frozen=True)
class Panel:
    """Lines by name; the scale begins at 0, so that what looks flat is flat."""

    title: str
    lines: Mapping[str, Points] = field(default_factory=dict)


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def top_of(panel: Panel) -> float:
    """A little above the highest point, in round steps."""
    highest = max((y for points in panel.lines.values() for _, y in points), default=1.0) or 1.0
    step = 1.0
    while step * 10 <= highest:
        step *= 10
    while step > highest:
        step /= 10
    return next(step * part for part in (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15) if step * part >= highest * 1.05)


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 10, colour: str = "#444") -> str:
    style = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def draw(panel: Panel, longest: float, unit: str) -> list[str]:
    """One panel with its corner at 0, 0."""
    width, height, top = WIDTH - LEFT - 10, HEIGHT - TOP - BOTTOM, top_of(panel)
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{width}" height="{height}" fill="#fafafa" stroke="#ddd"/>']
    parts.append(text(LEFT, TOP - 6, panel.title, size=11, colour="#111"))
    for part in (0, 0.5, 1):
        parts.append(text(LEFT - 4, TOP + height * (1 - part) + 3, number(top * part), "end", 9))
    parts.append(text(LEFT, HEIGHT - 4, "0", "middle", 9))
    parts.append(text(LEFT + width, HEIGHT - 4, f"{number(longest)} {unit}", "end", 9))
    for index, (name, points) in enumerate(panel.lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        places = " ".join(
            f"{LEFT + width * x / longest:.1f},{TOP + height * (1 - min(y / top, 1)):.1f}" for x, y in points
        )
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.2"/>')
        if len(panel.lines) > 1:
            parts.append(text(LEFT + width - 34 * (len(panel.lines) - 1 - index), TOP - 6, name, "end", 9, colour))
    return parts


def plot(title: str, rows: Sequence[Sequence[Panel]], longest: float, unit: str) -> str:
    """A whole picture. `longest` is where the time axis of every panel ends, in `unit`."""
    columns = max(len(row) for row in rows)
    width, height = columns * WIDTH, len(rows) * HEIGHT + 30
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
    parts = [
        head,
        f'<rect width="{width}" height="{height}" fill="white"/>',
        text(10, 18, title, size=13, colour="#111"),
    ]
    for y, row in enumerate(rows):
        for x, panel in enumerate(row):
            parts.append(f'<g transform="translate({x * WIDTH},{y * HEIGHT + 30})">')
            parts += [*draw(panel, longest or 1.0, unit), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"
