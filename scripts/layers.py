"""Holds the direction of flow in core/src: a file may use its own layer, lower ones, and what every layer may use.

Data goes up, from the runtime to the user; calls go down the same road. Run by `make layers`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "core" / "src"
# Lowest first. Handlers are the user's traits: they know nothing of the engine.
LAYERS = [
    "runtime",
    "framing",
    "rpc",
    "router",
    "session",
    "dispatch",
    "handlers",
    "files",
    "forward",
    "client",
    "typed",
    "host",
]
ANYWHERE = {"protocol", "diagnostics", "error", "sync", "Error", "ErrorKind", "Result"}
# Layer -> higher layers it may use all the same.
EXCEPTIONS = {
    "session": {"dispatch", "handlers"},  # starts handlers, holds them
    "dispatch": {"handlers"},  # the traits
    "protocol": {"handlers"},  # doc links only
}
USE = re.compile(r"\bcrate::(\w+)")


def layer_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".rs")


def uses(path: Path) -> set[str]:
    code = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("//")]
    return set(USE.findall("\n".join(code)))


def offences(path: Path) -> list[str]:
    layer = layer_of(path)
    # `fuzzing` shows inner readers to the fuzzers, and is part of no build.
    if layer in {"lib", "error", "fuzzing"} or path.name.endswith("tests.rs"):
        return []
    rank = LAYERS.index(layer) if layer in LAYERS else -1
    found = []
    for used in sorted(uses(path) - ANYWHERE - {layer} - EXCEPTIONS.get(layer, set())):
        if used not in LAYERS or LAYERS.index(used) > rank:
            found.append(f"{path.relative_to(SOURCE)}: {layer} must not use {used}")
    return found


def main() -> int:
    found = [line for path in sorted(SOURCE.rglob("*.rs")) for line in offences(path)]
    print("\n".join(found) if found else "layers: the direction of flow holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
