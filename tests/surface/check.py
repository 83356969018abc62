"""How much of every official release is here, as a table, and whether each name that is missing has its reason.

    python check.py [--write]        compares with docs/surface.md, or writes its table

`reasons.json` holds pairs of a pattern, matched against `module.name.member` in full, and why what it matches is
missing. A pattern that matches nothing is out of date and fails too.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import store

ROOT = store.FOLDER.parent.parent
PAGE = ROOT / "docs" / "surface.md"
START, END = "<!-- surface: begin -->\n", "<!-- surface: end -->\n"


def python_of_ours(asked: dict[str, list[str]]) -> store.Surface:
    with tempfile.TemporaryDirectory() as folder:
        names = pathlib.Path(folder, "names.json")
        names.write_text(json.dumps(asked))
        command = [sys.executable, str(store.FOLDER / "look.py"), str(names)]
        done = subprocess.run(command, capture_output=True, check=True)
    return {module: {n: set(m) for n, m in found.items()} for module, found in json.loads(done.stdout).items()}


def node_of_ours(_: dict[str, list[str]]) -> store.Surface:
    command = ["node", str(store.FOLDER / "look.mjs"), str(ROOT / "bindings" / "node")]
    done = subprocess.run(command, capture_output=True, check=True)
    return {module: {n: set(m) for n, m in found.items()} for module, found in json.loads(done.stdout).items()}


class Counts:
    def __init__(self) -> None:
        self.there = {"names": 0, "members": 0}
        self.all = {"names": 0, "members": 0}

    def add(self, what: str, there: bool) -> None:
        self.all[what] += 1
        self.there[what] += there

    def row(self, release: str) -> str:
        cells = [f"{self.there[what]:,} of {self.all[what]:,}" for what in ("names", "members")]
        return f"| {release} | {cells[0]} | {cells[1]} |"


def compare(theirs: store.Surface, ours: store.Surface, missing: dict[str, None]) -> Counts:
    counts = Counts()
    for module, names in theirs.items():
        for name, members in names.items():
            found = ours.get(module, {}).get(name)
            counts.add("names", found is not None)
            if found is None:
                missing[f"{module}.{name}"] = None
                continue
            for member in sorted(members):
                there = member in found or (member.strip("()") in found and not member.endswith("()"))
                counts.add("members", there)
                if not there:
                    missing[f"{module}.{name}.{member}"] = None
    return counts


def section(title: str, file: str, look: object, missing: dict[str, None]) -> str:
    surfaces = store.read(store.FOLDER / file)
    asked: dict[str, set[str]] = {}
    for surface in surfaces.values():
        for module, names in surface.items():
            asked.setdefault(module, set()).update(names)
    ours = look({module: sorted(names) for module, names in asked.items()})  # type: ignore[operator]
    rows = [compare(surface, ours, missing).row(release) for release, surface in surfaces.items()]
    return "\n".join([f"### {title}", "", "| release | names | members |", "|---|---|---|", *rows, "", ""])


def main() -> int:
    missing: dict[str, None] = {}
    text = section("Python, `github-copilot-sdk`", "python.txt", python_of_ours, missing)
    text += section("Node, `@github/copilot-sdk`", "node.txt", node_of_ours, missing)
    reasons = json.loads((store.FOLDER / "reasons.json").read_text())
    used, failures = set(), []
    table: dict[str, list[str]] = {}
    for each in missing:
        hit = next((at for at, (pattern, _) in enumerate(reasons) if re.fullmatch(pattern, each)), None)
        if hit is None:
            failures.append(f"{each} is missing without a reason")
        else:
            used.add(hit)
            table.setdefault(reasons[hit][1], []).append(each)
    failures += [f"nothing is missing for the reason {reasons[at]}" for at in range(len(reasons)) if at not in used]
    text += "### What is missing, and why\n\n| how many | why | for example |\n|---|---|---|\n"
    for reason, names in table.items():
        text += f"| {len(names)} | {reason} | `{names[0]}` |\n"
    before, _, rest = PAGE.read_text().partition(START)
    after = rest.partition(END)[2]
    page = before + START + text + END + after
    if "--write" in sys.argv:
        PAGE.write_text(page)
    elif PAGE.read_text() != page:
        failures.append("docs/surface.md is not up to date; run `make surface`")
    print(*failures[:60], sep="\n", end="\n" if failures else "")
    print(f"surface: {len(missing)} missing, {len(failures)} failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
