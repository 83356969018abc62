"""Checks the C library that `ffi/package.sh` leaves, beside what the programs of tests/abi/consumer check.

    clib_check.py DIST [--any-size] [--glibc 2.17]
    clib_check.py --program FILE --glibc 2.17          only that: of a program, or of another library

DIST is the folder that was given to package.sh: the tree is DIST/copilot, the debug symbols are DIST/debug/copilot.
Needs binutils (readelf, nm, objdump); without gdb the debug symbols are not tried.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: At most so many bytes, of a build for release.
SHARED_LIMIT, STATIC_LIMIT = 13_500_000, 33_000_000
#: What a program has that runs with the library. Everything else would be a new dependency.
NEEDED = {"libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "librt.so.1", "libutil.so.1"}
#: Inline functions of the header.
INLINE = {"copilot_s", "copilot_sn", "copilot_string_view"}


class Refused(Exception):
    """What is wrong with the library."""


def output(*command: str | Path) -> str:
    # Sections shown as text may hold any bytes.
    return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace", timeout=300).stdout


def hold(right: object, text: str) -> None:
    if not right:
        raise Refused(text if len(text) < 1000 else f"{text[:1000]} …")


def declared() -> set[str]:
    header = (ROOT / "include" / "copilot.h").read_text()
    return set(re.findall(r"\b(copilot_[a-z_0-9]+)\(", header)) - INLINE


def check_exports(shared: Path) -> str:
    exported = {line.split()[-1] for line in output("nm", "-D", "--defined-only", shared).splitlines()}
    wrong = exported ^ declared()
    hold(not wrong, f"exported by either the library or the header alone: {', '.join(sorted(wrong))}")
    return f"{len(exported)} functions, those of the header"


def check_dynamic(shared: Path, version: str) -> str:
    entries = output("readelf", "-dW", shared)
    soname = f"libcopilot.so.{version.split('.')[0]}"
    hold(f"soname: [{soname}]" in entries, f"the soname is not {soname}:\n{entries}")
    hold("NODELETE" in entries, "the library may be unloaded: no NODELETE")
    needed = set(re.findall(r"Shared library: \[(.*?)\]", entries))
    more = {name for name in needed - NEEDED if not name.startswith("ld-linux")}
    hold(not more, f"needs what it did not need before: {', '.join(sorted(more))}")
    return f"{soname}, stays loaded, needs {', '.join(sorted(needed))}"


def as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def check_glibc(file: Path, limit: str | None) -> str:
    """The newest version of the C library that one of the symbols asks for."""
    asked: dict[tuple[int, ...], set[str]] = {}
    for line in output("objdump", "-T", file).splitlines():
        if found := re.search(r"\*UND\*.*?\(?GLIBC_([0-9.]+)\)?\s+(\S+)$", line):
            asked.setdefault(as_numbers(found[1]), set()).add(found[2])
    hold(asked, f"no symbol of {file.name} names a version of the C library")
    newest = max(asked)
    shown = ".".join(map(str, newest))
    text = f"asks for glibc {shown}"
    if limit is None:
        return text
    above = sorted(name for version, names in asked.items() if version > as_numbers(limit) for name in names)
    hold(not above, f"{file.name} {text}, at most {limit} is allowed: {', '.join(above)}")
    return f"{text} (at most {limit})"


def sections(file: Path) -> set[str]:
    return set(re.findall(r"^\s+\[ *\d+\] (\S+)", output("readelf", "-SW", file), re.MULTILINE))


def check_static(static: Path) -> str:
    unwanted = {
        name for name in sections(static) if re.match(r"\.(rela\.)?(debug_(?!gdb_scripts)|llvmbc|llvmcmd)", name)
    }
    hold(not unwanted, f"{static.name} has sections that only compilers and debuggers read: {unwanted}")
    lines = [line.split() for line in output("nm", "--defined-only", "-g", static).splitlines()]
    defined = {line[-1] for line in lines if len(line) == 3 and not line[-1].startswith("DW.ref.")}
    wrong = defined ^ declared()
    hold(
        not wrong,
        f"names of {static.name} for other objects that the header has not, or lacks: {', '.join(sorted(wrong))}",
    )
    return "shows the functions of the header alone, and has nothing for compilers and debuggers"


def check_size(file: Path, limit: int | None) -> str:
    size = file.stat().st_size
    if limit is None:
        return f"{size:,} bytes"
    hold(size <= limit, f"{file.name} has {size:,} bytes, at most {limit:,} are allowed")
    return f"{size:,} bytes (at most {limit:,})"


def gdb_says(shared: Path) -> str:
    questions = ["info line copilot_client_new", "info functions copilot_core::rpc"]
    command = ["gdb", "-nx", "-batch", *(part for text in questions for part in ("-ex", text)), str(shared)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300, check=False)
    return done.stdout + done.stderr


def check_debug(shared: Path, symbols: Path) -> str:
    """The stripped library names its symbols, and a debugger finds them when the two lie side by side."""
    hold(not sections(shared) & {".symtab", ".debug_line"}, f"{shared.name} still has its symbols")
    link = output("readelf", "--string-dump=.gnu_debuglink", shared)
    hold(symbols.name in link, f"{shared.name} does not name {symbols.name}: {link}")
    ids = [re.search(r"Build ID: (\w+)", output("readelf", "-nW", file)) for file in (shared, symbols)]
    hold(ids[0] and ids[1] and ids[0][1] == ids[1][1], "the library and its symbols have different build ids")
    if shutil.which("gdb") is None:
        return "named by the library; gdb is not installed: not tried"
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(shutil.copy(shared, folder))
        without = gdb_says(alone)
        shutil.copy(symbols, folder)
        found = gdb_says(alone)
    line = r'Line \d+ of ".*\.rs"'
    hold(not re.search(line, without), f"gdb knows lines without the symbols:\n{without}")
    hold(re.search(line, found), f"gdb finds no line of copilot_client_new:\n{found}")
    inner = len(re.findall(r"^(?:0x|\s+static fn).*copilot_core::rpc", found, re.MULTILINE))
    hold(inner > 10, f"gdb finds {inner} functions of copilot_core::rpc:\n{found}")
    return f"gdb finds the lines of exported functions and the names of inner ones ({inner} of copilot_core::rpc)"


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dist", type=Path, nargs="?", default=ROOT / "dist")
    parser.add_argument("--program", type=Path)
    parser.add_argument("--any-size", action="store_true", help="for builds that are not for release")
    parser.add_argument("--glibc", metavar="VERSION", help="the newest version of the C library that may be asked for")
    return parser.parse_args()


def library_checks(args: argparse.Namespace) -> dict[str, Callable[[], str]]:
    lib = args.dist / "copilot" / "lib"
    shared, static = (lib / "libcopilot.so").resolve(), lib / "libcopilot.a"
    version = shared.name.removeprefix("libcopilot.so.")
    symbols = args.dist / "debug" / "copilot" / "lib" / f"{shared.name}.debug"
    limits = (None, None) if args.any_size else (SHARED_LIMIT, STATIC_LIMIT)
    return {
        "exports": lambda: check_exports(shared),
        "dynamic": lambda: check_dynamic(shared, version),
        "glibc": lambda: check_glibc(shared, args.glibc),
        "debug symbols": lambda: check_debug(shared, symbols),
        "static": lambda: check_static(static),
        "size, shared": lambda: check_size(shared, limits[0]),
        "size, static": lambda: check_size(static, limits[1]),
    }


def main() -> int:
    args = parse_args()
    program = args.program
    checks = {program.name: lambda: check_glibc(program, args.glibc)} if program else library_checks(args)
    failed = 0
    for name, check in checks.items():
        try:
            print(f"clib-check: {name}: {check()}")
        except Refused as reason:
            failed += 1
            print(f"clib-check: {name}: REFUSED: {reason}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
