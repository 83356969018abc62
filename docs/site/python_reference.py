"""Makes the reference of the Python package, by pdoc. Run by `make docs`; the argument is the folder."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pdoc

import copilot
from copilot._names import MODULES

# The types of all the runtime's methods are ten times the rest together.
LEFT_OUT = "rpc"


def main() -> None:
    names = {"copilot", *(f"copilot.{name}" for name in MODULES)}
    for name in names:
        module = importlib.import_module(name)
        # Names are loaded when they are first used; pdoc looks at those that are there.
        for member in getattr(module, "__all__", ()):
            setattr(module, member, getattr(module, member))
    pdoc.render.configure(docformat="google", show_source=False, footer_text="copilot-native for Python")
    # What `copilot` names comes along with it.
    named = {f"copilot.{name}" for name in copilot.__all__}
    pdoc.pdoc(*sorted(names - named), f"!copilot.{LEFT_OUT}", output_directory=Path(sys.argv[1]))


if __name__ == "__main__":
    main()
