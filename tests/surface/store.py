"""The store of surfaces: which public names every release of an official package has, with their members.

One line per name, sorted, under a `[module]` line:

    Name 1.0.0..1.0.27 member member:1.0.9..1.0.14 …

A range is left out where it is the name's own. Members are `field`, `method()`, `method(param)` and `NAME=value` of
an enum.
"""

from __future__ import annotations

import pathlib
import re

FOLDER = pathlib.Path(__file__).parent
RANGE = re.compile(r":(\d[^:]*\.\.\d[^:]*)$")
# name of the module -> name -> (releases, member -> releases)
Surface = dict[str, dict[str, set[str]]]


def order(release: str) -> tuple[list[int], bool, str]:
    numbers, _, preview = release.partition("-")
    return [int(part) for part in numbers.split(".")], not preview, preview


def span(releases: set[str]) -> str:
    there = sorted(releases, key=order)
    return f"{there[0]}..{there[-1]}"


def write(path: pathlib.Path, surfaces: dict[str, Surface]) -> None:
    """`surfaces` is by release."""
    names: dict[tuple[str, str], set[str]] = {}
    members: dict[tuple[str, str], dict[str, set[str]]] = {}
    for release, surface in surfaces.items():
        for module, found in surface.items():
            for name, its in found.items():
                names.setdefault((module, name), set()).add(release)
                for member in its:
                    members.setdefault((module, name), {}).setdefault(member, set()).add(release)
    lines = ["# " + " ".join(sorted(surfaces, key=order))]
    last = None
    for module, name in sorted(names):
        if module != last:
            lines.append(f"[{module}]")
            last = module
        own = span(names[module, name])
        parts = [name, own]
        for member, releases in sorted(members.get((module, name), {}).items()):
            its = span(releases)
            parts.append(member if its == own else f"{member}:{its}")
        lines.append(" ".join(parts))
    path.write_text("\n".join(lines) + "\n")


def read(path: pathlib.Path) -> dict[str, Surface]:
    head, *lines = path.read_text().splitlines()
    releases = head.removeprefix("# ").split(" ")
    surfaces: dict[str, Surface] = {release: {} for release in releases}
    within = {
        f"{a}..{b}": releases[i : j + 1] for i, a in enumerate(releases) for j, b in enumerate(releases) if i <= j
    }
    module = ""
    for line in lines:
        if line.startswith("["):
            module = line.strip("[]")
            continue
        name, own, *members = line.split(" ")
        for release in within[own]:
            surfaces[release].setdefault(module, {})[name] = set()
        for member in members:
            its = RANGE.search(member)
            bare = member[: its.start()] if its else member
            for release in within[its.group(1) if its else own]:
                surfaces[release][module][name].add(bare)
    return surfaces
