"""What programs that read annotations at run time find: pydantic, FastAPI, Sphinx."""

from __future__ import annotations

import typing

import pytest
from pydantic import TypeAdapter

import copilot

# Their types would have to be loaded before a session is opened, which costs half of the start.
LOADED_LATER = {"AttributedPermissionResult", "CopilotSession", "Factory", "ToolInvocation"}
CLASSES = [
    name
    for name in copilot.__all__
    if isinstance(getattr(copilot, name), type) and name not in copilot._MODULES and name not in LOADED_LATER
]


@pytest.mark.parametrize("name", CLASSES)
def test_the_annotations_of_a_class_can_be_read(name: str) -> None:
    typing.get_type_hints(getattr(copilot, name))


def test_a_model_of_pydantic_holds_a_model_of_the_runtime() -> None:
    reader = TypeAdapter(copilot.ModelInfo)
    found = reader.validate_python({"id": "m", "name": "M", "capabilities": {"supports": {}, "limits": {}}})
    assert found == copilot.ModelInfo.from_dict(
        {"id": "m", "name": "M", "capabilities": {"supports": {}, "limits": {"x": 1}}}
    )
