"""Every fault through every door, as a table. `README.md` says what is done and what must be seen."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import doors
from faults import Row, all_faults
from host import Cell, Fault
from owners import owner_rows

DOC = doors.ROOT / "docs" / "faults.md"
Cells = dict[tuple[str, str], str]


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="fewer cycles, no second transport, less of the real runtime"
    )
    parser.add_argument("--doors", default=",".join(doors.MAKERS), help="comma list of %(default)s")
    parser.add_argument("--faults", default="", help="comma list of names; all without")
    parser.add_argument("--jobs", type=int, default=max(os.cpu_count() or 1, 2), help="cells at a time")
    parser.add_argument("--write", action="store_true", help=f"write the table to {DOC.relative_to(doors.ROOT)}")
    parser.add_argument("--owners", action="store_true", help="only who owns a session, in every store that is there")
    parser.add_argument("--list", action="store_true", help="name the faults")
    return parser.parse_args()


def one(row: Row, door: doors.Door, short: bool) -> str:
    """A cell: `ok` and perhaps a remark, `-` and the reason, or what went wrong."""
    if door.name in row.without:
        return f"-{row.without[door.name]}"
    if short and row.short_doors and door.name not in row.short_doors:
        return "-only in the long form"
    if row.real and not os.environ.get("COPILOT_CLI_PATH"):
        return "-no real runtime here (COPILOT_CLI_PATH)"
    cell, begun = Cell(door), time.monotonic()
    try:
        said = row.run(cell)
    except Fault as fault:
        said = f"FAILED: {fault}"
    except Exception as error:
        said = f"FAILED: the driver: {error!r}"
    finally:
        cell.close()
    if said is None or not said.startswith(("-", "FAILED")):
        said = f"ok {said or ''}".strip()
    print(f"{row.name} {door.name}: {said} ({time.monotonic() - begun:.1f} s)", file=sys.stderr, flush=True)
    return said


def run_all(rows: list[Row], found: list[doors.Door], args: argparse.Namespace) -> Cells:
    with ThreadPoolExecutor(args.jobs) as pool:
        futures = {(row.name, door.name): pool.submit(one, row, door, args.short) for row in rows for door in found}
        return {place: future.result() for place, future in futures.items()}


def short_of(cell: str) -> str:
    return "ok" if cell.startswith("ok") else "-" if cell.startswith("-") else "FAILED"


def lines_of(rows: list[Row], names: list[str], cells: Cells) -> list[list[str]]:
    table = [["fault", *names]]
    for row in rows:
        table.append([row.title, *(short_of(cells[row.name, name]) for name in names)])
    return table


def remarks(rows: list[Row], cells: Cells, missing: dict[str, str]) -> list[str]:
    """What cells say beyond one word, equal texts together."""
    said: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for (name, door), cell in cells.items():
            text = cell.removeprefix("ok").strip()
            if name == row.name and text:
                said.setdefault((row.title, text), []).append(door)
    lines = [f"{title} ({', '.join(names)}): {text.lstrip('-')}" for (title, text), names in said.items()]
    return [*lines, *(f"{name}: left out: {reason}" for name, reason in missing.items())]


def render(table: list[list[str]]) -> str:
    widths = [max(len(line[n]) for line in table) for n in range(len(table[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in table
    )


HEAD = """# Faults through every door

Written by `make faults`; [tests/faults](../tests/faults/README.md) says what is done to whom, and what must be seen.
`ok`: the call that was under way ended, with an error of the right kind where one was due; force-stop ended what hung;
the program ended by itself; no process that carries the cell's mark was left. `-`: does not concern that door; the
reason is below.

"""


def document(table: list[list[str]], notes: list[str]) -> str:
    rows = ["| " + " | ".join(line) + " |" for line in table]
    rows.insert(1, "|" + "---|" * len(table[0]))
    return HEAD + "\n".join(rows) + "\n\n" + "\n".join(wrapped(f"* {note}") for note in notes) + "\n"


def wrapped(text: str) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > 138:
            lines.append(line)
            line = "  " + word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def main() -> int:
    if not Path("/proc/self/environ").exists():
        print("faults: processes are looked at through /proc, which is not here: left out")
        return 0
    args = parse_args()
    # A shell may have let its background jobs ignore Ctrl-C, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    every = owner_rows() if args.owners else [*all_faults(args.short), *owner_rows()]
    rows = [row for row in every if row.short or not args.short]
    if args.faults:
        rows = [row for row in rows if row.name in args.faults.split(",")]
    if args.list:
        print("\n".join(f"{row.name}: {row.title}" for row in rows))
        return 0
    found, missing = doors.found(args.doors.split(","))
    begun = time.monotonic()
    cells = run_all(rows, found, args)
    table = lines_of(rows, [door.name for door in found], cells)
    notes = remarks(rows, cells, missing)
    print(render(table), *notes, sep="\n")
    failed = sum(short_of(cell) == "FAILED" for cell in cells.values())
    print(f"{len(cells)} cells in {time.monotonic() - begun:.0f} s, {failed} failed")
    if args.write:
        DOC.write_text(document(table, notes))
    return 1 if failed or not cells else 0


if __name__ == "__main__":
    sys.exit(main())
