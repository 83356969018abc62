"""``copilot-native``: the command line of the engine, with the runtime that this package brings."""

from __future__ import annotations

import os
import sys

from ._cli_download import cached_cli, find_cli
from ._native import command_line

#: What needs a runtime, and may wait until it is fetched.
_TALKING = {"chat", "exec"}


def main() -> int:
    """Runs the command line that the arguments of this process are; the result is the exit code."""
    arguments = sys.argv[1:]
    runtime = None
    if not os.environ.get("COPILOT_CLI_PATH") and "--runtime" not in arguments:
        try:
            runtime = find_cli() if _TALKING.intersection(arguments[:1]) else cached_cli()
        except (RuntimeError, OSError) as error:
            print(f"copilot-native: {error}", file=sys.stderr)
            return 5
    return command_line(["copilot-native", *arguments], runtime)
