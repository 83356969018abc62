"""``python -m copilot``: the command line of the package.

``download-runtime`` takes the arguments that programs and scripts know, but this version downloads nothing: it says how
to get a runtime, on the error stream, and ends with code 1, so that a script that relies on a download notices.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ._cli_version import CLI_VERSION

_INSTRUCTIONS = """\
Error: this version of copilot-native does not download the Copilot runtime.
Install it yourself{version} and say where it is, in one of these ways:
  1. npm install --global @github/copilot{tag}
     then set COPILOT_CLI_PATH=copilot (a path, or a name that is looked up on PATH)
  2. unpack the release archive for your platform
     then set COPILOT_CLI_PATH to the program in it
  3. in the program: CopilotClient(connection=RuntimeConnection.for_stdio(path=...))"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m copilot", description="Copilot SDK for Python.")
    commands = parser.add_subparsers(dest="command")
    about = "say how to get the Copilot runtime (this version downloads nothing; always ends with code 1)"
    download = commands.add_parser("download-runtime", help=about, description=about)
    download.add_argument("--force", action="store_true", help="accepted, without effect")
    download.add_argument("--version", metavar="V", help="the wanted version of the runtime")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; the result is the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 1
    wanted = given.version or CLI_VERSION
    version, tag = (f" (version {wanted})", f"@{wanted}") if wanted else ("", "")
    print(_INSTRUCTIONS.format(version=version, tag=tag), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
