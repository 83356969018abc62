"""What is installed here, and whether another distribution owns the same files."""

from __future__ import annotations

import os
import warnings

OFFICIAL = "github_copilot_sdk-"


def overlap(folder: str | None = None) -> str | None:
    """The official distribution that was installed over this package, or under it; its stand-in has no files."""
    folder = folder or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    for name in names:
        if name.startswith(OFFICIAL) and name.endswith(".dist-info") and "+native." not in name:
            return name.removesuffix(".dist-info").replace("_", "-")
    return None


def warn_of_overlap() -> None:
    """Warns once, when the package is imported."""
    found = overlap()
    if found is not None:
        warnings.warn(advice(found), RuntimeWarning, stacklevel=3)


def advice(found: str) -> str:
    """What to do about it."""
    return (
        f"{found} and copilot-native own the same files of the package 'copilot': uninstalling one breaks the other. "
        "Uninstall both, then install copilot-native and its stand-in for github-copilot-sdk (docs/swap.md)."
    )


def report() -> tuple[list[str], bool]:
    """Lines for people, and whether all is well."""
    from importlib import metadata

    from . import __version__
    from ._native import VERSION

    folder = os.path.dirname(os.path.abspath(__file__))
    lines = [f"copilot-native {__version__} (engine {VERSION}) in {folder}"]
    try:
        lines.append(f"github-copilot-sdk {metadata.version('github-copilot-sdk')}")
    except metadata.PackageNotFoundError:
        lines.append("github-copilot-sdk: not installed; programs that ask for its version need the stand-in")
    runtime = os.environ.get("COPILOT_CLI_PATH")
    lines.append(f"runtime: {runtime or 'none is named by COPILOT_CLI_PATH'}")
    missing = bool(runtime) and not os.path.exists(runtime or "")
    if missing:
        lines.append(f"problem: there is no file {runtime}; unset COPILOT_CLI_PATH or name the runtime's program")
    found = overlap()
    if found is not None:
        lines.append(f"problem: {advice(found)}")
    return lines, found is None and not missing
