"""Holds docs/protocol/coverage.md against the reference and the tests. Run by `make coverage`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "protocol"
CASES = ROOT / "tests" / "conformance" / "cases"
HEADING = re.compile(r"^#{2,4} ([CS][\dA]+(?:\.\d+)*) ", re.M)
ROW = re.compile(r"^\| ([CS][\dA]+(?:\.\d+)*) \| (.+) \|$", re.M)


def sections() -> dict[str, str]:
    """Section -> text, for those that say something before their first subsection."""
    found = {}
    for page in sorted(PAGES.glob("*.md")):
        if page.name == "coverage.md":
            continue
        text = page.read_text()
        marks = [*HEADING.finditer(text)]
        if not marks:
            continue
        ends = [mark.start() for mark in marks[1:]] + [len(text)]
        for mark, end in zip(marks, ends, strict=True):
            found[mark.group(1)] = text[text.index("\n", mark.start()) : end].strip()
    return found


def is_heading_only(name: str, text: str, names: set[str]) -> bool:
    return any(other.startswith(f"{name}.") for other in names) and len(text) < 1500


def wrong(reference: str, cases: set[str]) -> str | None:
    """What is wrong with one thing that holds a section; marks the case as used."""
    if reference.startswith("case:"):
        name = reference.removeprefix("case:")
        cases.discard(name)
        return None if (CASES / f"{name}.json").is_file() else f"there is no conformance case {name}"
    path, _, test = reference.partition(":")
    file = ROOT / path
    if not file.is_file():
        return f"there is no file {path}"
    return None if not test or test in file.read_text() else f"{path} has no test {test!r}"


def main() -> int:
    found = sections()
    rows = dict(ROW.findall((PAGES / "coverage.md").read_text()))
    cases = {file.stem for file in CASES.glob("*.json")}
    faults = [f"{name}: in no page of the reference" for name in rows if name not in found]
    open_rows = 0
    for name, text in found.items():
        row = rows.get(name)
        if row is None:
            if not is_heading_only(name, text, set(found)):
                faults.append(f"{name}: not in coverage.md")
        elif row.startswith("not held: "):
            open_rows += 1
        else:
            references = re.findall(r"`([^`]+)`", row)
            faults += [f"{name}: names nothing"] if not references else []
            faults += [f"{name}: {fault}" for each in references if (fault := wrong(each, cases))]
    faults += [f"case {name}: holds no section" for name in sorted(cases)]
    print(
        "\n".join(faults)
        or f"coverage: {len(rows) - open_rows} of {len(rows)} sections are held, the others say why not"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
