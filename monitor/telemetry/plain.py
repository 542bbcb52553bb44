"""Values of any dataclass as JSON data: for alerts and feeds, whose shapes belong to others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import msgspec

from monitor.analytics.document import decimal_text


def plain(value: object) -> Any:
    """Dataclasses and structs as objects, decimals as strings, enums by name or value, what is not finite as null."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, IntEnum) else plain(value.value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value
    return _composite(value)


def _composite(value: object) -> Any:
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(entry) for entry in value)
    return str(value)
