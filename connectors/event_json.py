"""Domain events as plain JSON data and back: the one shape of Kafka values and of recordings.

Every decimal is a string, every enum its value, every time an integer of ns. Reading is strict: a wrong type, an unknown
field value or a failed check raises `BadInput` with the field, the value and the source. Unknown fields are left alone, so
that a producer may add some.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from monitor.domain.errors import BadInput
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.tables import TABLE_TYPES, TableChanged, TableKey, TableKind, TableVersion

T = TypeVar("T")


def to_plain(value: object) -> Any:
    """A domain value as dicts, lists, strings, integers, booleans and None, ready for `orjson.dumps`."""
    return msgspec.to_builtins(value)


def from_plain(plain: object, kind: type[T], source: str, within: str = "") -> T:
    """The domain value of JSON data; raises `BadInput` naming the field (of `within`, when that is given), value and source."""
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        whole = ".".join(name for name in (within, field) if name)
        raise BadInput(reason, field=whole, value=_value_at(plain, field), source=source) from error


def table_changed_to_plain(changed: TableChanged) -> dict[str, Any]:
    """A table's schedule: `{table: "venue/kind/symbol", versions: [{version, effective_ns, table, ...}], ts_recv_ns}`."""
    return {
        "table": str(changed.key),
        "versions": [to_plain(version) for version in changed.versions],
        "ts_recv_ns": changed.ts_recv_ns,
    }


def table_changed_from_plain(plain: object, source: str) -> TableChanged:
    """The schedule of one table; the kind in its key says which table type each version holds."""
    if not isinstance(plain, dict):
        raise BadInput("expected an object", value=plain, source=source)
    key = table_key(plain.get("table"), source)
    versions = plain.get("versions")
    if not isinstance(versions, list):
        raise BadInput("expected a list", field="versions", value=versions, source=source)
    return TableChanged(
        key=key,
        versions=tuple(_version(key, index, row, source) for index, row in enumerate(versions)),
        ts_recv_ns=from_plain(plain.get("ts_recv_ns"), int, source, "ts_recv_ns"),
    )


def table_key(text: object, source: str) -> TableKey:
    """The key written as `venue/kind/symbol`."""
    parts = text.split("/", 2) if isinstance(text, str) else []
    if len(parts) != 3 or not all(parts):
        raise BadInput("expected venue/kind/symbol", field="table", value=text, source=source)
    try:
        return TableKey(parts[0], TableKind(parts[1]), parts[2])
    except ValueError:
        kinds = ", ".join(kind.value for kind in TableKind)
        raise BadInput(f"unknown table kind, expected one of {kinds}", field="table", value=text, source=source) from None


def driver_key(text: str, source: str) -> DriverKey:
    """The driver written as `kind/venue:SYMBOL`."""
    kind, _, subject = text.partition("/")
    try:
        return DriverKey(DriverKind(kind), subject)
    except ValueError:
        raise BadInput("unknown driver kind", field="driver", value=text, source=source) from None


def decimal(text: object, field: str, source: str) -> Decimal:
    """A finite decimal from its source text."""
    value = from_plain(text, Decimal, source, field) if isinstance(text, str) else None
    if value is None or not value.is_finite():
        raise BadInput("expected a finite decimal in a string", field=field, value=text, source=source)
    return value


def _version(key: TableKey, index: int, row: object, source: str) -> TableVersion:
    place = f"versions[{index}]"
    if not isinstance(row, dict):
        raise BadInput("expected an object", field=place, value=row, source=source)
    # The table is converted by its own type; the union in TableVersion cannot tell its members apart.
    table = from_plain(row.get("table"), TABLE_TYPES[key.kind], f"{source} {key}", f"{place}.table")
    version = from_plain(row.get("version"), str, source, f"{place}.version")
    retrieved = row.get("retrieved_ns")
    return TableVersion(
        version=version,
        effective_ns=from_plain(row.get("effective_ns"), int, source, f"{place}.effective_ns"),
        table=table,
        source=from_plain(row.get("source", ""), str, source, f"{place}.source"),
        retrieved_ns=None if retrieved is None else from_plain(retrieved, int, source, f"{place}.retrieved_ns"),
        verified=from_plain(row.get("verified", True), bool, source, f"{place}.verified"),
    )


def _value_at(plain: object, path: str) -> object:
    """What stands at a path such as `positions[2].size`, for the text of an error; None when there is nothing."""
    value = plain
    for step in path.replace("]", "").replace("[", ".").split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
    return None if isinstance(value, (dict, list)) else value
