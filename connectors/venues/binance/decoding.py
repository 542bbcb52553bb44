"""Strict decoding of JSON into a struct, with an error that names the field and its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
import orjson

from monitor.domain.errors import BadInput

T = TypeVar("T")


def decode(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw, source: str) -> T:
    """The struct of a JSON text; raises `BadInput` with field, value and source."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        raise BadInput(reason, field=field, value=_value_at(bytes(raw), field), source=source) from error
    except msgspec.DecodeError as error:
        raise BadInput(
            f"not JSON: {error}", value=bytes(raw[:80]) if isinstance(raw, bytes) else None, source=source
        ) from error


def build(make: Callable[[], T], source: str) -> T:
    """A domain value; what its constructor refuses becomes `BadInput` of this source."""
    try:
        return make()
    except BadInput:
        raise
    except ValueError as error:
        field, _, _ = str(error).partition(" ")
        raise BadInput(str(error), field=field, source=source) from error


def _value_at(raw: bytes, path: str) -> object:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    for step in path.replace("]", "").replace("[", ".").split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
    return value if not isinstance(value, (dict, list)) else type(value).__name__
