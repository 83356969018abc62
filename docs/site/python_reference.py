"""Makes the reference of the Python package, by pdoc. Run by `make docs`; the argument is the folder."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pdoc

# `copilot` brings `copilot.session_events` along.
MODULES = [
    "copilot",
    "copilot.client",
    "copilot.session",
    "copilot.tools",
    "copilot.canvas",
    "copilot.copilot_request_handler",
    "copilot.session_fs_provider",
    "copilot.installation_confirmation",
    "copilot.sync",
]


def main() -> None:
    for name in [*MODULES, "copilot.session_events"]:
        module = importlib.import_module(name)
        # Names are loaded when they are first used; pdoc looks at those that are there.
        for member in getattr(module, "__all__", ()):
            setattr(module, member, getattr(module, member))
    pdoc.render.configure(docformat="google", show_source=False, footer_text="copilot-native for Python")
    # The types of all the runtime's methods are ten times the rest together.
    pdoc.pdoc(*MODULES, "!copilot.rpc", output_directory=Path(sys.argv[1]))


if __name__ == "__main__":
    main()
