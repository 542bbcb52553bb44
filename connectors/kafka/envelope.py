"""What every record has: a key that is text, a value that is a JSON object with `schema_version` and `kind`."""

from __future__ import annotations

from typing import Any

import orjson

from monitor.domain.checks import ACCOUNT_PATTERN
from monitor.domain.errors import BadInput

SCHEMA_VERSION = 1
_EXCERPT_BYTES = 80


def source_of(topic: str) -> str:
    """How errors name where a record came from: a metric's label, so without its offset, which goes beside it."""
    return f"kafka:{topic}"


def key_text(key: bytes | None, source: str) -> str:
    """The key as text; raises `BadInput` when there is none or it is not UTF-8."""
    if key is None:
        raise BadInput("the record has no key", field="key", source=source)
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise BadInput("the key is not UTF-8", field="key", value=key[:_EXCERPT_BYTES], source=source) from error


def account_in(key: bytes | None) -> str | None:
    """The account that a key names, None when it names none."""
    text = key.decode("ascii", errors="replace") if key is not None else ""
    return text if ACCOUNT_PATTERN.fullmatch(text) else None


def read_object(value: bytes | None, source: str) -> dict[str, Any]:
    """The JSON object of a value in a schema version that we know; raises `BadInput` otherwise."""
    if value is None:
        raise BadInput("the record has no value", field="value", source=source)
    try:
        plain = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise BadInput("not JSON", field="value", value=value[:_EXCERPT_BYTES], source=source) from error
    if not isinstance(plain, dict):
        raise BadInput("expected a JSON object", field="value", value=value[:_EXCERPT_BYTES], source=source)
    version = plain.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise BadInput(f"expected schema version {SCHEMA_VERSION}", field="schema_version", value=version, source=source)
    return plain


def require_key(key: bytes | None, expected: str, field: str, source: str) -> None:
    """Raise `BadInput` unless the key says the same as the value: the key decides the partition, so one of them is wrong."""
    if key_text(key, source) != expected:
        raise BadInput("the key says otherwise", field=field, value=expected, source=source)


def write_object(kind: str, plain: dict[str, Any]) -> bytes:
    """The value of a record: the envelope, then the fields."""
    return orjson.dumps({"schema_version": SCHEMA_VERSION, "kind": kind, **plain})
