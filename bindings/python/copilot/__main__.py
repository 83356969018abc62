"""``python -m copilot``: the command line of the package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ._cli_download import download_cli
from ._cli_version import CLI_VERSION
from ._doctor import report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m copilot", description="Copilot SDK for Python.")
    commands = parser.add_subparsers(dest="command")
    about = "put the Copilot runtime into this user's cache and print its path"
    download = commands.add_parser("download-runtime", help=about, description=about)
    download.add_argument("--force", action="store_true", help="download even when it is there already")
    download.add_argument("--version", metavar="V", help="another version than the one this package was made for")
    about = "say what is installed, and whether something is in the way"
    commands.add_parser("doctor", help=about, description=about)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; the result is the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 1
    if given.command == "doctor":
        lines, is_well = report()
        print("\n".join(lines))
        return 0 if is_well else 1
    version = given.version or CLI_VERSION
    if not version:
        print("Error: this build is made for no particular runtime; name one with --version.", file=sys.stderr)
        return 1
    print(f"Downloading Copilot runtime v{version}...")
    try:
        print(download_cli(version, force=given.force))
    except (RuntimeError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
