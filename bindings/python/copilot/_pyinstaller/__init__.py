"""For PyInstaller, which finds this by the wheel's entry point: programs are frozen without any options."""

from __future__ import annotations

import os


def hook_dirs() -> list[str]:
    """Where the hooks are."""
    return [os.path.dirname(__file__)]
