"""The public surface, row by row. ``data/surface.json`` says what programs written for the official package rely on."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import copilot

SURFACE: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "surface.json").read_text())
MODULES = [name for name in SURFACE if name.startswith("copilot.")]


def rows(*kinds: str) -> list[Any]:
    return list(_rows(*kinds))


def _rows(*kinds: str) -> Iterator[Any]:
    for module in MODULES:
        for name, row in SURFACE[module].items():
            if row["kind"] in kinds:
                yield pytest.param(module, name, row, id=f"{module}.{name}")


def find(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _default(parameter: inspect.Parameter) -> Any:
    return None if parameter.default is parameter.empty else parameter.default


def check_parameters(function: Any, expected: list[list[Any]], *, skip_first: bool) -> None:
    found = list(inspect.signature(function).parameters.values())
    if skip_first and found and found[0].name in ("self", "cls"):
        found = found[1:]
    by_name = {parameter.name: parameter for parameter in found}
    for name, kind, default in expected:
        assert name in by_name, f"parameter {name} is missing"
        parameter = by_name.pop(name)
        if kind == "keyword":
            assert parameter.kind is parameter.KEYWORD_ONLY, name
        else:
            assert parameter.kind is not parameter.KEYWORD_ONLY, name
        assert (default is None) == (parameter.default is parameter.empty), name
        if default is not None and default != "_UNSET":
            assert repr(_default(parameter)) == default, name
    # What is newer than the table must not get into the way of calls that are older.
    assert [name for name, each in by_name.items() if each.default is each.empty and each.kind < 2] == []


def test_all_names() -> None:
    for name in SURFACE["all"] + SURFACE["all_newer"]:
        assert name in copilot.__all__, name
        assert getattr(copilot, name) is not None
    assert len(copilot.__all__) == len(set(copilot.__all__))


@pytest.mark.parametrize(("module", "name", "row"), rows("alias", "class", "Protocol", "dataclass", "TypedDict"))
def test_exists(module: str, name: str, row: dict[str, Any]) -> None:
    assert find(module, name) is not None


@pytest.mark.parametrize(("module", "name", "row"), rows("dataclass"))
def test_dataclasses(module: str, name: str, row: dict[str, Any]) -> None:
    cls = find(module, name)
    found = [field for field in dataclasses.fields(cls) if not field.name.startswith("_")]
    names = [field.name for field in found]
    wanted = [field for field, _ in row["fields"]]
    assert [each for each in names if each in wanted] == wanted
    for field in (each for each in found if each.name in wanted):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        expected = dict(map(tuple, row["fields"])).get(field.name, False)
        assert required == expected, field.name


@pytest.mark.parametrize(("module", "name", "row"), rows("TypedDict"))
def test_typed_dicts(module: str, name: str, row: dict[str, Any]) -> None:
    cls = find(module, name)
    assert typing.is_typeddict(cls)
    assert {key for key, _ in row["fields"]} <= set(cls.__annotations__)


METHODS = [
    pytest.param(module, name, method, expected, id=f"{name}.{method}")
    for module in MODULES
    for name, row in SURFACE[module].items()
    for method, expected in row.get("methods", {}).items()
]


@pytest.mark.parametrize(("module", "name", "method", "expected"), METHODS)
def test_methods(module: str, name: str, method: str, expected: dict[str, Any]) -> None:
    function = getattr(find(module, name), method)
    if expected["async"]:
        assert inspect.iscoroutinefunction(function)
    if method not in ("from_dict", "to_dict"):
        check_parameters(function, [each for each in expected["params"] if each[0] != "self"], skip_first=True)


@pytest.mark.parametrize(("module", "name", "row"), rows("function"))
def test_functions(module: str, name: str, row: dict[str, Any]) -> None:
    check_parameters(find(module, name), row["params"], skip_first=False)


@pytest.mark.parametrize("method", sorted(SURFACE["keywords"]))
def test_keywords(method: str) -> None:
    function = getattr(copilot.CopilotClient, method)
    parameters = inspect.signature(function).parameters
    for name in SURFACE["keywords"][method]:
        assert name in parameters, name
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY, name
        assert parameters[name].default is not inspect.Parameter.empty, name
