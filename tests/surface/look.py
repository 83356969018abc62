"""What the Python package of the interpreter that runs this offers; prints JSON for `collect.py` and `check.py`.

python look.py [NAMES.json]      with names that are also asked for, by module
"""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import pathlib
import sys

MODULES = [
    *("copilot", "copilot.client", "copilot.session", "copilot.tools", "copilot.canvas", "copilot.rpc"),
    *("copilot.session_events", "copilot.copilot_request_handler", "copilot.session_fs_provider"),
]


def parameters(function: object) -> list[str]:
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name if p.kind < p.VAR_POSITIONAL or p.kind is p.KEYWORD_ONLY else "*" for p in found if p.name != "self"]


def members(value: object) -> list[str]:
    if not inspect.isclass(value):
        return [f"({name})" for name in parameters(value)] if callable(value) else []
    if issubclass(value, enum.Enum):
        return [f"{member.name}={member.value}".replace(" ", "_") for member in value]
    if hasattr(value, "__total__"):
        return [f"[{key}]" for key in inspect.get_annotations(value)]
    given = {name for name in parameters(value) if name not in ("*", "args", "kwargs")}
    found = [f"({name})" for name in given]
    common = dir(BaseException) if issubclass(value, BaseException) else dir(dict) if issubclass(value, dict) else ()
    for name in dir(value):
        # A keyword of the constructor is an attribute too.
        if name.startswith("_") or name in given or name in common:
            continue
        member = inspect.getattr_static(value, name)
        if callable(member) or isinstance(member, (classmethod, staticmethod)):
            found += [f"{name}()"] + [
                f"{name}({param})" for param in parameters(getattr(value, name)) if param != "obj"
            ]
        else:
            found.append(name)
    return found


def belongs(name: str, value: object) -> bool:
    """Names of the package, not of what its modules import; no functions of code generators."""
    if name.startswith("_") or inspect.ismodule(value) or name == "RPC":
        return False
    home = getattr(value, "__module__", "copilot") or "copilot"
    return home.split(".")[0] == "copilot" or (home in ("types", "typing") and name[0].isupper() and home == "types")


def main() -> None:
    asked = json.loads(pathlib.Path(sys.argv[1]).read_text()) if len(sys.argv) > 1 else None
    out = {}
    for name in MODULES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        found = {}
        for each in sorted(asked.get(name, ()) if asked is not None else dir(module)):
            value = getattr(module, each, None)
            if value is not None and (asked is not None or belongs(each, value)):
                found[each] = sorted(set(members(value)))
        out[name] = found
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
