"""JSON text, the same way in the whole package: what leaves for the engine, and what came from it."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import msgspec


def _plain(value: Any) -> Any:
    """What stands for a value that has no JSON form of its own; a ``TypeError`` when there is nothing."""
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    to_dict = getattr(value, "to_dict", None)
    if to_dict is None:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return to_dict()


def _plain_or_raw(value: Any) -> Any:
    return json.loads(bytes(value)) if isinstance(value, msgspec.Raw) else _plain(value)


def _finite(value: Any) -> Any:
    """The same with ``null`` for numbers that JSON does not have, which is what the fast way writes."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


_fast = msgspec.json.Encoder(enc_hook=_plain).encode
_read = msgspec.json.Decoder().decode


def encode(value: Any) -> bytes:
    """JSON text of a value.

    Text with unpaired surrogates, such as a file name that is not UTF-8, goes out as escapes; the engine puts U+FFFD in
    their place. A value without a JSON form is a ``TypeError``.
    """
    try:
        return _fast(value)
    except UnicodeEncodeError:
        builtins = msgspec.to_builtins(value, enc_hook=_plain_or_raw, str_keys=True)
        return json.dumps(_finite(builtins)).encode("ascii")


def decode(raw: bytes | str) -> Any:
    """The value of JSON text; escapes of unpaired surrogates are kept as they are."""
    try:
        return _read(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(raw)


def readable(text: str) -> str:
    """The same text with U+FFFD in place of unpaired surrogates, for what crosses as plain text."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
