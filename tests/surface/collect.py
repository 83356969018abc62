"""Writes `python.txt` or `node.txt` from official releases: what each offers, seen from outside.

python collect.py python.txt RELEASE=FOLDER …   a FOLDER is one of `pip install --target`; this interpreter has
                                                what the releases depend on
python collect.py node.txt RELEASE=FOLDER …     a FOLDER is the `package` folder of a tarball
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import store


def look(file: str, folder: str) -> store.Surface:
    python = [sys.executable, str(store.FOLDER / "look.py")]
    command = python if file == "python.txt" else ["node", str(store.FOLDER / "look.mjs"), folder]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": folder}, capture_output=True, check=True)
    return {module: {n: set(m) for n, m in names.items()} for module, names in json.loads(done.stdout).items()}


def main() -> None:
    file, *sources = sys.argv[1:]
    surfaces = {release: look(file, folder) for release, _, folder in (arg.partition("=") for arg in sources)}
    store.write(store.FOLDER / file, surfaces)


if __name__ == "__main__":
    main()
