"""Bytes of an account file to its typed form; whatever is wrong is refused with the field and the value."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from monitor.assess.account_file import AccountFile
from monitor.domain.errors import BadInput

_PATH_STEP = re.compile(r"[^.\[\]]+")
_NAMED_FIELD = re.compile(r"^(\w+) (?:must|falls|jumps)")
_SCHEMA_VERSION = "schema_version"
_MOST_PLACES = 60


def decode_account_file(content: bytes, source: str) -> AccountFile:
    """The account file; raises `BadInput` naming field, value and source."""
    plain = _parse(content, source)
    _refuse_numbers(plain, "", source)
    try:
        file = msgspec.convert(plain, AccountFile)
    except msgspec.ValidationError as error:
        raise _bad_input(str(error), plain, source) from error
    _refuse_odd_figures(file, "", source)
    return file


def _parse(content: bytes, source: str) -> Any:
    """JSON as it stands. The standard library's parser, since orjson keeps the last of two equal keys without a word."""

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise BadInput("the same key twice in one object", field=key, value=value, source=source)
            found[key] = value
        return found

    def refuse_constant(text: str) -> object:
        raise BadInput("not JSON", value=text, source=source)

    try:
        return json.loads(content, object_pairs_hook=refuse_duplicates, parse_constant=refuse_constant)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"not JSON: {error}", source=source) from error
    except RecursionError as error:
        raise BadInput("nested too deep", source=source) from error


def _refuse_numbers(plain: object, path: str, source: str) -> None:
    """Figures must be strings: a number in JSON is a float to most that write or read it."""
    if isinstance(plain, dict):
        for key, value in plain.items():
            _refuse_numbers(value, f"{path}.{key}" if path else str(key), source)
    elif isinstance(plain, list):
        for index, value in enumerate(plain):
            _refuse_numbers(value, f"{path}[{index}]", source)
    elif isinstance(plain, (int, float)) and not isinstance(plain, bool) and path != _SCHEMA_VERSION:
        raise BadInput("a figure must be a decimal in a string", field=path, value=plain, source=source)


def _refuse_odd_figures(value: object, path: str, source: str) -> None:
    """Figures must be finite and of a size that a margin can have: no exact sum holds 1e999999 beside a cent."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _refuse_odd_figures(getattr(value, name), f"{path}.{name}" if path else name, source)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_odd_figures(inner, f"{path}[{index}]", source)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _refuse_odd_figures(inner, f"{path}.{name}", source)
    elif isinstance(value, Decimal):
        digits, exponent = len(value.as_tuple().digits), value.as_tuple().exponent
        if not isinstance(exponent, int):
            raise BadInput("a figure must be a finite number", field=path, value=str(value), source=source)
        if digits > _MOST_PLACES or abs(exponent) > _MOST_PLACES:
            raise BadInput(f"a figure has at most {_MOST_PLACES} places", field=path, value=str(value), source=source)


def _bad_input(message: str, plain: object, source: str) -> BadInput:
    """The error of the decoder, with the value that stands at its path."""
    reason, _, path = message.partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    value = _value_at(plain, _PATH_STEP.findall(field))
    named = _NAMED_FIELD.match(reason)
    if isinstance(value, dict) and named is not None:
        # A check of a whole object says in its text which of the fields it means.
        name = named.group(1)
        return BadInput(reason, field=f"{field}.{name}" if field else name, value=value.get(name), source=source)
    return BadInput(reason, field=field, value=value if not isinstance(value, (dict, list)) else None, source=source)


def _value_at(plain: object, steps: Sequence[str]) -> object:
    value = plain
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
    return value
