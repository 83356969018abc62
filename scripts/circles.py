"""Finds files that use each other in circles: none in the engine and the C door, at most two files elsewhere.

Imports that exist for type checkers only do not count. Run by `make layers`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
Graph = dict[str, set[str]]

# Where, in which language, and how many files a circle may have.
PLACES = (
    ("core/src", "rust", 1),
    ("ffi/src", "rust", 1),
    ("xtask/src", "rust", 2),
    ("bindings/python/src", "rust", 1),
    ("bindings/node/src", "rust", 1),
    ("bindings/python/copilot", "python", 2),
    ("bindings/node/js", "typescript", 2),
)

# -- Rust --------------------------------------------------------------------------------------------------------------


def _leaves(prefix: str, tree: str) -> Iterator[str]:
    """The single paths of a `use` tree."""
    head, brace, rest = tree.partition("{")
    if not brace:
        yield (prefix + tree).split(" as ")[0].strip()
        return
    depth, part = 0, ""
    for char in rest[: rest.rfind("}")] + ",":
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            if part.strip():
                yield from _leaves(prefix + head.strip(), part.strip())
            part = ""
        else:
            part += char


def _rust_target(path: str, module: tuple[str, ...], modules: dict[tuple[str, ...], str]) -> str | None:
    first, *rest = path.split("::")
    base: list[str] = list(module) if first == "self" else []
    if first == "super":
        base = list(module[:-1])
        while rest and rest[0] == "super":
            base, rest = base[:-1], rest[1:]
    found = tuple(base)
    for part in rest:
        if (*found, part) not in modules:
            break
        found = (*found, part)
    return modules.get(found) if found and found != module else None


def rust(source: Path) -> Graph:
    """Which file uses which; a `mod` declaration is no use, and neither are tests."""
    modules: dict[tuple[str, ...], str] = {}
    for path in source.rglob("*.rs"):
        parts = list(path.relative_to(source).with_suffix("").parts)
        if "generated" not in parts and not path.stem.endswith("tests"):
            named = parts[:-1] if parts[-1] == "mod" else [] if parts in (["lib"], ["main"]) else parts
            modules[tuple(named)] = str(path.relative_to(source))
    graph: Graph = {}
    for module, name in modules.items():
        text = re.sub(
            r"#\[cfg\(test\)\]\s*(#\[.*?\]\s*)?mod .*",
            "",
            (source / name).read_text(),
            flags=re.S,
        )
        text = re.sub(r"//.*", "", text)
        paths = [
            leaf for found in re.findall(r"\buse\s+((?:crate|super|self)::[^;]+);", text) for leaf in _leaves("", found)
        ]
        paths += re.findall(r"\b(?:crate|super)::(?:\w+::)*\w+", re.sub(r"\buse\s[^;]+;", "", text))
        graph[name] = {target for path in paths if (target := _rust_target(path, module, modules))}
    return graph


# -- Python ------------------------------------------------------------------------------------------------------------


def _imports(nodes: list[ast.stmt]) -> Iterator[ast.ImportFrom]:
    """All `from … import` that run, those inside functions too."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _imports(node.orelse)
        else:
            for field in ("body", "orelse", "finalbody", "handlers"):
                yield from _imports(getattr(node, field, []) or [])


def python(source: Path) -> Graph:
    """Which module uses which, lazily or not."""
    names = {path.stem: path.name for path in source.glob("*.py") if path.stem not in ("__init__", "__main__")}
    graph: Graph = {}
    for name in names.values():
        used: set[str] = set()
        for node in _imports(ast.parse((source / name).read_text()).body):
            if node.level == 1:
                targets = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
                used |= {names[target] for target in targets if target in names}
        graph[name] = used - {name}
    return graph


# -- TypeScript --------------------------------------------------------------------------------------------------------


def typescript(source: Path) -> Graph:
    """Which file uses which at run time."""
    graph: Graph = {}
    statement = re.compile(r"^(?:import|export)\s+(?!type\b)([^;]*?)\bfrom\s+\"(\.[^\"]+)\"", re.M | re.S)
    for path in source.rglob("*.ts"):
        if "generated" in path.parts:
            continue
        used: set[str] = set()
        for names, target in statement.findall(path.read_text()):
            listed = re.search(r"\{(.*)\}", names, re.S)
            every = [each.strip() for each in listed[1].split(",") if each.strip()] if listed else [names]
            other = (path.parent / target).resolve().with_suffix(".ts")
            if other.exists() and not all(each.startswith("type ") for each in every):
                used.add(str(other.relative_to(source)))
        graph[str(path.relative_to(source))] = used
    return graph


# -- circles -----------------------------------------------------------------------------------------------------------


def circles(graph: Graph) -> list[list[str]]:
    """Groups of files each of which can reach all others of its group."""

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for other in graph.get(todo.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return seen

    reached = {name: reach(name) & graph.keys() for name in graph}
    found = {frozenset({name, *(other for other in reached[name] if name in reached[other])}) for name in graph}
    return sorted(sorted(group) for group in found if len(group) > 1)


def main() -> int:
    readers = {"rust": rust, "python": python, "typescript": typescript}
    wrong = []
    for place, language, most in PLACES:
        for circle in circles(readers[language](ROOT / place)):
            if len(circle) > most:
                wrong.append(f"{place}: {len(circle)} files use each other in a circle: {', '.join(circle)}")
    print("\n".join(wrong) if wrong else "circles: none")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
