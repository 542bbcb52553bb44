"""Which keys of a configuration nobody knows, and what was probably meant."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec


def unknown_keys(plain: object, kind: Any, path: str = "") -> Iterator[tuple[str, str | None]]:
    """The keys of `plain` that the type does not have, each with its whole path and the nearest known key of its section."""
    struct = struct_of(kind)
    if isinstance(plain, dict) and struct is not None:
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
        for key, value in plain.items():
            here = f"{path}.{key}" if path else key
            if key in fields:
                yield from unknown_keys(value, fields[key], here)
            else:
                yield here, next(iter(difflib.get_close_matches(key, fields, 1)), None)
        return
    inner = item_of(kind)
    if inner is not None and isinstance(plain, list):
        for index, value in enumerate(plain):
            yield from unknown_keys(value, inner, f"{path}[{index}]")
    elif inner is not None and isinstance(plain, dict):
        for key, value in plain.items():
            yield from unknown_keys(value, inner, f"{path}.{key}")


def struct_of(kind: Any) -> type[msgspec.Struct] | None:
    """The struct type of a field, looking through `X | None`."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return next((found for found in map(struct_of, typing.get_args(kind)) if found is not None), None)
    return None


def item_of(kind: Any) -> Any:
    """The type of a list's items or of a table's values."""
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is list:
        return arguments[0]
    return arguments[1] if typing.get_origin(kind) is dict else None
