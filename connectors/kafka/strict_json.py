"""What a typed conversion alone would let through: decimals that are not plain strings, integers beyond 64 bits.

A JSON number loses digits before anybody can look, `NaN`, `1_000` and ` 1` are decimals to Python: all are refused here,
by the very schema that is published (`connectors/kafka/schema.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import msgspec

from monitor.domain.errors import BadInput

DECIMAL_PATTERN = r"^-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?$"
_is_decimal = re.compile(DECIMAL_PATTERN[1:-1]).fullmatch
MAX_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class StrictShape:
    """Which fields of an object hold decimals, maps of decimals, integers and further objects; others are left alone."""

    decimals: frozenset[str]
    decimal_maps: frozenset[str]
    integers: frozenset[str]
    objects: dict[str, StrictShape] = field(default_factory=dict)

    def check(self, plain: object, source: str, path: str = "") -> None:
        """Raise `BadInput` at the first field that is not as published; other wrong types are left to the conversion."""
        if not isinstance(plain, dict):
            return
        for name, value in plain.items():
            if value is None or isinstance(value, bool):
                continue
            if name in self.decimals:
                _require_decimal(value, path + name, source)
            elif name in self.integers:
                _require_int64(value, path + name, source)
            elif name in self.decimal_maps and isinstance(value, dict):
                for key, entry in value.items():
                    _require_decimal(entry, f"{path}{name}.{key}", source)
            elif name in self.objects:
                self._check_objects(name, value, path, source)

    def _check_objects(self, name: str, value: object, path: str, source: str) -> None:
        shape = self.objects[name]
        if isinstance(value, list):
            for index, entry in enumerate(value):
                shape.check(entry, source, f"{path}{name}[{index}].")
        else:
            shape.check(value, source, f"{path}{name}.")


def shape_of(kind: type) -> StrictShape:
    """The shape of a domain dataclass, read off its types."""
    _, components = msgspec.json.schema_components([kind])
    return _shape(kind.__name__, components)


def is_decimal(text: str) -> bool:
    """Whether a text is a decimal as the contract prints it."""
    return _is_decimal(text) is not None


def _shape(name: str, components: dict[str, Any]) -> StrictShape:
    decimals, decimal_maps, integers = set(), set(), set()
    objects: dict[str, StrictShape] = {}
    for field_name, schema in components[name].get("properties", {}).items():
        for option in schema.get("anyOf", [schema]):
            target = option.get("items", option)
            reference = target.get("$ref", "") if isinstance(target, dict) else ""
            component = reference.rpartition("/")[2]
            if option.get("format") == "decimal":
                decimals.add(field_name)
            elif option.get("type") == "integer":
                integers.add(field_name)
            elif isinstance(entry := option.get("additionalProperties"), dict) and entry.get("format") == "decimal":
                decimal_maps.add(field_name)
            elif component and "properties" in components[component]:
                objects[field_name] = _shape(component, components)
    return StrictShape(frozenset(decimals), frozenset(decimal_maps), frozenset(integers), objects)


def _require_decimal(value: object, path: str, source: str) -> None:
    if not isinstance(value, str) or _is_decimal(value) is None:
        raise BadInput("expected a decimal in a string", field=path, value=value, source=source)


def _require_int64(value: object, path: str, source: str) -> None:
    if isinstance(value, int) and not 0 <= value <= MAX_INT64:
        raise BadInput("expected an integer from 0 to 2^63 - 1", field=path, value=value, source=source)
