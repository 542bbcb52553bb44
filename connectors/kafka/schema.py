"""The published JSON Schemas of the topics, made from the domain types: `python -m connectors.kafka.schema docs/schemas`."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import orjson

from connectors.kafka.account_codec import HEARTBEAT
from connectors.kafka.envelope import SCHEMA_VERSION
from connectors.kafka.price_codec import PRICE_KINDS, VENUE_STATUS, PriceRecord
from connectors.kafka.strict_json import DECIMAL_PATTERN, MAX_INT64
from connectors.kafka.table_codec import TABLE_CHANGED
from monitor.domain.effects import LevelChanged
from monitor.domain.events import ACCOUNT_EVENT_KINDS, Heartbeat, VenueStatus
from monitor.domain.level import Level, level_label
from monitor.domain.tables import TABLE_TYPES, TableKey, TableKind, TableVersion

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """Every schema by its file name. Unknown fields are allowed in all: a producer may add some."""
    return {
        "kafka-prices.schema.json": _document("A record of <prefix>.prices", _prices()),
        "kafka-account-events.schema.json": _document("A record of <prefix>.account-events", _account_events()),
        "kafka-risk-parameters.schema.json": _document("A record of <prefix>.risk-parameters", _risk_parameters()),
        "kafka-levels.schema.json": _document("A record of <prefix>.levels", _levels()),
    }


def write_schemas(folder: Path) -> None:
    """Write every schema into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / name).write_bytes(orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n")


def _document(title: str, body: Schema) -> Schema:
    return {"$schema": DIALECT, "title": title, **body}


def _prices() -> Schema:
    price = _enveloped(PriceRecord, tuple(PRICE_KINDS))
    status = _enveloped(VenueStatus, (VENUE_STATUS,))
    return {"oneOf": [price, status]}


def _account_events() -> Schema:
    kinds = {**ACCOUNT_EVENT_KINDS, HEARTBEAT: Heartbeat}
    components = _components(tuple(kinds.values()))
    named = [_with_envelope(components[kind.__name__], (name,)) for name, kind in kinds.items()]
    return {"oneOf": named, "$defs": components}


def _risk_parameters() -> Schema:
    """One alternative per kind of table: the union in `TableVersion` cannot be told apart by itself."""
    components = _components(tuple(TABLE_TYPES.values()))
    alternatives = [_table_record(kind, _version_fields()) for kind in TableKind]
    return {"oneOf": [*alternatives, {"type": "null", "description": "The table is withdrawn."}], "$defs": components}


def _version_fields() -> Schema:
    """The fields of a version beside its table."""
    hints = get_type_hints(TableVersion)
    fields = [field for field in dataclasses.fields(TableVersion) if field.name != "table"]
    required = [field.name for field in fields if field.default is dataclasses.MISSING]
    properties = {field.name: _tightened(msgspec.json.schema(hints[field.name])) for field in fields}
    return {"type": "object", "properties": properties, "required": [*required, "table"]}


def _table_record(kind: TableKind, version: Schema) -> Schema:
    table = {"$ref": f"#/$defs/{TABLE_TYPES[kind].__name__}"}
    key = str(TableKey("[^/]+", kind, ".+"))
    properties = {
        "table": {"type": "string", "pattern": f"^{key}$"},
        "versions": {"type": "array", "items": {**version, "properties": {**version["properties"], "table": table}}},
        "ts_recv_ns": _int64(),
    }
    record = {"type": "object", "title": kind.value, "properties": properties, "required": ["table", "versions", "ts_recv_ns"]}
    return _with_envelope(record, (TABLE_CHANGED,))


def _levels() -> Schema:
    components = _components((LevelChanged,))
    record = components.pop("LevelChanged")
    labels = [level_label(level) for level in (None, *Level)]
    named = {
        "run_id": {"type": "string", "description": "A seq means nothing without the run that counted it."},
        "old": {"enum": labels},
        "new": {"enum": labels},
        "certainty": {"enum": ["fresh", "unverified", "reconciling", "stale", "unknown"]},
    }
    record = {**record, "properties": {**record["properties"], **named}, "required": ["run_id", *record["required"]]}
    unused = {"Level", "Certainty"}
    kept = {name: schema for name, schema in components.items() if name not in unused}
    return {
        "oneOf": [_with_envelope(record, ("level",)), {"type": "null", "description": "The pool was closed."}],
        "$defs": kept,
    }


def _enveloped(kind: type, names: tuple[str, ...]) -> Schema:
    return _with_envelope(_components((kind,))[kind.__name__], names)


def _with_envelope(record: Schema, names: tuple[str, ...]) -> Schema:
    envelope = {"schema_version": {"const": SCHEMA_VERSION}, "kind": {"enum": list(names)}}
    required = [name for name in record.get("required", []) if name not in envelope]
    return {**record, "properties": {**record["properties"], **envelope}, "required": [*envelope, *required]}


def _components(kinds: tuple[type, ...]) -> dict[str, Schema]:
    _, components = msgspec.json.schema_components(kinds)
    return {name: _tightened(schema) for name, schema in sorted(components.items())}


def _tightened(schema: Any) -> Any:
    """What the codec asks beyond the types: decimals as plain strings, integers of 64 bits."""
    if isinstance(schema, (list, tuple)):
        return [_tightened(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    tightened = {name: _tightened(value) for name, value in schema.items()}
    if tightened.get("format") == "decimal":
        tightened["pattern"] = DECIMAL_PATTERN
    if tightened.get("type") == "integer":
        tightened |= _int64()
    return tightened


def _int64() -> Schema:
    return {"type": "integer", "minimum": 0, "maximum": MAX_INT64}


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
