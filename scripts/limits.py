"""Refuses hand-written files over 600 lines. Functions over 60 lines are clippy's and the linters' to find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 600
WORDS = "rs py pyi ts mts cts js mjs c h cpp hpp sh go java rb"
SUFFIXES = {f".{word}" for word in WORDS.split()}


def is_generated(path: Path) -> bool:
    return "generated" in path.parts or path.stem.endswith("_gen") or path.name in {"copilot.h", "copilot_protocol.h"}


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    too_long = []
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if not name or path.suffix not in SUFFIXES or is_generated(Path(name)) or not path.is_file():
            continue
        lines = path.read_text(errors="replace").count("\n")
        if lines > LIMIT:
            too_long.append(f"{name}: {lines} lines, at most {LIMIT}: one idea per file")
    print("\n".join(too_long) if too_long else f"limits: no hand-written file is over {LIMIT} lines")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
