"""Answers that follow a schema."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from ._errors import CopilotError
from ._given import shown
from ._tool_schema import is_pydantic, schema_of

T = TypeVar("T")


def response_format(schema: dict[str, Any] | type[Any]) -> dict[str, Any]:
    """The wire spelling of a wanted answer, from a JSON Schema or a model."""
    json_schema = {"name": "response", "strict": True, "schema": schema_for(schema)}
    return {"type": "json_schema", "jsonSchema": json_schema}


def schema_for(schema: dict[str, Any] | type[Any]) -> dict[str, Any]:
    """The JSON Schema itself."""
    if isinstance(schema, dict):
        return schema
    given: Any = schema
    if given is None or isinstance(given, str | bytes | int | float | list | tuple | set | frozenset):
        raise TypeError(f"response_schema: expected a JSON Schema or a model class, got {shown(given)}")
    return schema_of(schema)


def check_model(response_type: Any, mode: str | None) -> None:
    """Refuses what cannot work, before anything is sent."""
    if not isinstance(response_type, type):
        raise TypeError(f"response_type must be a model class, not {shown(response_type)}")
    if mode == "immediate":
        raise ValueError("mode='immediate' cannot be combined with a typed response")


class _Answer(msgspec.Struct):
    """What the engine answers to a message with a schema."""

    value: msgspec.Raw


_read = msgspec.json.Decoder(_Answer).decode


def value_of(answer: bytes, response_type: type[T]) -> T:
    """The model of the answer that the engine has accepted."""
    return validated(bytes(_read(answer).value), response_type, strict=False)


def refused(error: CopilotError, response_type: type[Any]) -> Exception:
    """What the model's own library says of the answer the engine refused; the engine's error when it says nothing."""
    seen: Any = error.data
    text = seen.get("text") if isinstance(seen, dict) else None
    if error.kind != "SchemaMismatch" or not isinstance(text, str) or not text.strip():
        return error
    try:
        validated(text.encode(errors="replace"), response_type, strict=True)
    except ValueError as wrong:
        return wrong
    return error


def validated(text: bytes, response_type: type[T], *, strict: bool) -> T:
    if is_pydantic(response_type):
        model: T = response_type.model_validate_json(text, strict=strict or None)  # type: ignore[attr-defined]
        return model
    return msgspec.json.decode(text, type=response_type)
