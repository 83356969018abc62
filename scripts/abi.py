"""Holds that the C header only ever gains: no function, type or number that programs were built with changes.

The header becomes a library of empty functions, whose debug information has the types as C sees them, and `abidiff`
(of Debian's abigail-tools) compares it with the description of the last release, `ffi/abi/copilot.abi`. `--write` makes
that anew: for a release, or for a change that breaks programs on purpose. Without abidiff it says so and holds.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = ROOT / "include" / "copilot.h"
BASELINE = ROOT / "ffi" / "abi" / "copilot.abi"
PROTOTYPE = re.compile(r"^(?!static|typedef)((?:const )?\w[\w ]*?\**\s*\**copilot_\w+\([^;{}]*\));", re.MULTILINE)


def empty_library(folder: Path) -> Path:
    """The header as a library."""
    text = subprocess.run(["cc", "-E", "-P", str(HEADER)], check=True, capture_output=True, text=True).stdout
    prototypes = [" ".join(found.split()) for found in PROTOTYPE.findall(text)]
    if len(prototypes) < 50:
        raise SystemExit(f"abi: only {len(prototypes)} functions were found in {HEADER.name}")
    source, library = folder / "copilot.c", folder / "libcopilot.so"
    bodies = "".join(f"{prototype} {{ __builtin_trap(); }}\n" for prototype in prototypes)
    source.write_text(f'#include "copilot.h"\n{bodies}')
    flags = ["-g", "-w", "-shared", "-fPIC", f"-I{HEADER.parent}", "-Wl,-soname,libcopilot.so.0"]
    # By its name alone: the description must not hold the place of this folder.
    subprocess.run(["cc", *flags, source.name, "-o", library.name], check=True, cwd=folder)
    return library


def main() -> int:
    if shutil.which("abidiff") is None:
        print("abi: abidiff is not installed (Debian: abigail-tools): the C header is not compared")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        library = empty_library(Path(folder))
        if "--write" in sys.argv:
            BASELINE.parent.mkdir(exist_ok=True)
            plain = ["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs"]
            subprocess.run(["abidw", *plain, "--out-file", str(BASELINE), str(library)], check=True)
            return 0
        compared = subprocess.run(
            ["abidiff", "--no-added-syms", str(BASELINE), str(library)], text=True, capture_output=True
        )
    if compared.returncode != 0:
        print(f"abi: the C header breaks programs that were built with it\n{compared.stdout}{compared.stderr}")
        return 1
    print("abi: the C header only gained")
    return 0


if __name__ == "__main__":
    sys.exit(main())
