"""Looks up every public name in an interpreter of its own: a program, run by ``test_names.py``.

Nothing of the package is imported here. Each name is looked up in a fork of this process; what fails is written as a
JSON object on standard output.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys

WORKERS = 2


def names() -> list[tuple[str, str]]:
    """Every public name, asked for in a process of its own."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        found = _names()
        with open(write, "w", encoding="utf-8") as out:
            json.dump(found, out)
        os._exit(0)
    os.close(write)
    with open(read, encoding="utf-8") as source:
        listed = json.load(source)
    os.waitpid(pid, 0)
    return [(module, name) for module, name in listed]


def _names() -> list[tuple[str, str]]:
    import pkgutil

    import copilot

    with open(sys.argv[1], encoding="utf-8") as source:
        surface = json.load(source)
    modules = ["copilot", *(f"copilot.{each.name}" for each in pkgutil.iter_modules(copilot.__path__))]
    found: list[tuple[str, str]] = []
    for module in modules:
        if "._" in module or module == "copilot.generated":
            continue
        loaded = importlib.import_module(module)
        public = {*getattr(loaded, "__all__", ()), *surface.get(module, ())}
        if module == "copilot.session":
            # It also hands on what the generated modules share, which no star import carries.
            public |= {*importlib.import_module("copilot.generated._rpc_table").IMPORTED}
        if not public:
            public = {name for name in dir(loaded) if not name.startswith("_")}
        found.extend((module, name) for name in sorted(public))
    return found


def look_up(module: str, name: str) -> None:
    value = getattr(importlib.import_module(module), name)
    if value is None:
        raise ValueError("it is None")


def check(listed: list[tuple[str, str]]) -> dict[str, str]:
    failed: dict[str, str] = {}
    for module, name in listed:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                look_up(module, name)
            except BaseException as error:
                os.write(write, f"{type(error).__name__}: {error}"[:500].encode())
            os._exit(0)
        os.close(write)
        with open(read, "rb") as source:
            text = source.read().decode()
        os.waitpid(pid, 0)
        if text:
            failed[f"{module}.{name}"] = text
    return failed


def main() -> None:
    gc.disable()
    listed = names()
    assert not [each for each in sys.modules if each.split(".")[0] == "copilot"]
    pipes = []
    for worker in range(WORKERS):
        read, write = os.pipe()
        if os.fork() == 0:
            with open(write, "w", encoding="utf-8") as out:
                json.dump(check(listed[worker::WORKERS]), out)
            os._exit(0)
        os.close(write)
        pipes.append(read)
    failed: dict[str, str] = {}
    for read in pipes:
        with open(read, encoding="utf-8") as source:
            failed |= json.load(source)
    print(json.dumps({"count": len(listed), "failed": failed}))


# What the package needs of others is loaded once, so that a fork costs little.
for _each in ("abc", "asyncio", "base64", "concurrent.futures", "contextvars", "dataclasses", "datetime", "enum"):
    importlib.import_module(_each)
for _each in (
    "inspect",
    "json",
    "logging",
    "msgspec",
    "pathlib",
    "queue",
    "re",
    "threading",
    "typing",
    "uuid",
    "weakref",
):
    importlib.import_module(_each)
if __name__ == "__main__":
    main()
