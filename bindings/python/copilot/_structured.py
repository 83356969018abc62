"""Answers that follow a schema."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from ._tool_call import is_pydantic, schema_of

T = TypeVar("T")


def response_format(schema: dict[str, Any] | type[Any]) -> dict[str, Any]:
    """The wire spelling of a wanted answer, from a JSON Schema or a model."""
    json_schema = {"name": "response", "strict": True, "schema": schema_for(schema)}
    return {"type": "json_schema", "jsonSchema": json_schema}


def schema_for(schema: dict[str, Any] | type[Any]) -> dict[str, Any]:
    """The JSON Schema itself."""
    return schema if isinstance(schema, dict) else schema_of(schema)


def check_model(response_type: Any, mode: str | None) -> None:
    """Refuses what cannot work, before anything is sent."""
    if not isinstance(response_type, type):
        raise TypeError(f"response_type must be a model class, not {response_type!r}")
    if mode == "immediate":
        raise ValueError("mode='immediate' cannot be combined with a typed response")


def parse(event: Any, response_type: type[T]) -> T:
    """The model of an ``assistant.message``."""
    content = None if event is None else getattr(event.data, "content", None)
    if not content:
        raise RuntimeError("the turn ended without a structured answer")
    if is_pydantic(response_type):
        model: T = response_type.model_validate_json(content)  # type: ignore[attr-defined]
        return model
    return msgspec.json.decode(content, type=response_type)
