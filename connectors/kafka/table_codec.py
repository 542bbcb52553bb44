"""`<prefix>.risk-parameters` (compacted): a table's whole schedule a record, key = `venue/table/symbol`, null = withdrawn."""

from __future__ import annotations

from connectors.event_json import table_changed_from_plain, table_changed_to_plain, table_key
from connectors.kafka.envelope import key_text, read_object, require_key, write_object
from connectors.kafka.strict_json import StrictShape, shape_of
from monitor.domain.errors import BadInput
from monitor.domain.tables import TABLE_TYPES, TableChanged, TableKey

TABLE_CHANGED = "table_changed"
_NS_PER_MS = 1_000_000
_TABLE_SHAPES = {kind: shape_of(table) for kind, table in TABLE_TYPES.items()}


def decode_table_record(key: bytes | None, value: bytes | None, timestamp_ms: int, source: str) -> TableChanged:
    """The schedule that a record tells; `timestamp_ms` is the record's own time, the receive time of a withdrawal.

    Raises `BadInput` with the field, its value and the record's place.
    """
    named = table_key(key_text(key, source), source)
    if value is None:
        return TableChanged(key=named, versions=(), ts_recv_ns=timestamp_ms * _NS_PER_MS)
    plain = read_object(value, source)
    if plain.get("kind") != TABLE_CHANGED:
        raise BadInput(f"unknown kind, expected {TABLE_CHANGED}", field="kind", value=plain.get("kind"), source=source)
    require_key(key, str(plain.get("table")), "table", source)
    return strict_table(plain, source)


def strict_table(plain: object, source: str) -> TableChanged:
    """A table's schedule from outside, a record or a file: decimals only as plain strings, integers of 64 bits.

    Raises `BadInput` with the field and its value.
    """
    if isinstance(plain, dict):
        _check_versions(table_key(plain.get("table"), source), plain.get("versions"), source)
    return table_changed_from_plain(plain, source)


def encode_table_changed(changed: TableChanged) -> bytes | None:
    """The value of a schedule's record, None (withdrawn) for an empty one; its key is `str(changed.key)`."""
    return write_object(TABLE_CHANGED, table_changed_to_plain(changed)) if changed.versions else None


def _check_versions(key: TableKey, versions: object, source: str) -> None:
    shape = StrictShape(
        frozenset(), frozenset(), frozenset({"effective_ns", "retrieved_ns"}), {"table": _TABLE_SHAPES[key.kind]}
    )
    for index, version in enumerate(versions if isinstance(versions, list) else ()):
        shape.check(version, source, f"versions[{index}].")
        if not isinstance(version, dict) or not isinstance(version.get("effective_ns"), int):
            value = version.get("effective_ns") if isinstance(version, dict) else None
            raise BadInput("expected an integer", field=f"versions[{index}].effective_ns", value=value, source=source)
