"""`<prefix>.prices`: one price of one driver a record, key = instrument or asset; and what can be done at a venue now.

Prices are the hot path: one typed decode, no dictionaries.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec

from connectors.event_json import from_plain, to_plain
from connectors.kafka.envelope import SCHEMA_VERSION, key_text, read_object, require_key, write_object
from connectors.kafka.strict_json import DECIMAL_PATTERN, is_decimal, shape_of
from monitor.domain.checks import require_subject
from monitor.domain.errors import BadInput
from monitor.domain.events import VenueStatus
from monitor.domain.ids import DriverKey, DriverKind

VENUE_STATUS = "venue_status"
# Derived inside (reciprocal_mark) or a matter of the engine's own time (clock): nobody can publish these.
PRICE_KINDS: dict[str, DriverKind] = {
    kind.value: kind for kind in DriverKind if kind not in (DriverKind.CLOCK, DriverKind.RECIPROCAL_MARK)
}
_MAY_BE_NEGATIVE = frozenset({DriverKind.FUNDING_INDEX.value})
_VENUE_STATUS_SHAPE = shape_of(VenueStatus)

Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class PriceRecord(msgspec.Struct, frozen=True, gc=False):
    """The value of a price record. `price` is the printed decimal; times are ns, `ts_recv_ns` stamped by who read the venue."""

    schema_version: int
    kind: str
    price: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": DECIMAL_PATTERN, "format": "decimal"})]
    ts_event_ns: Nanoseconds
    ts_recv_ns: Nanoseconds


decode_price = msgspec.json.Decoder(PriceRecord).decode
"""The typed decode of a value; raises `msgspec.DecodeError` (a `ValueError`) for what is not a price record."""


def price_of(record: PriceRecord) -> float | None:
    """The float64 nearest to the printed price, None when the record may not be used (`explain` says why)."""
    text = record.price
    if record.schema_version != SCHEMA_VERSION or not is_decimal(text):
        return None
    price = float(text)
    if 0.0 < price < math.inf:
        return price
    return price if record.kind in _MAY_BE_NEGATIVE and math.isfinite(price) else None


def driver_of(key: bytes | None, kind: str, source: str) -> DriverKey:
    """The driver that a key and a kind name; raises `BadInput`."""
    if kind not in PRICE_KINDS:
        raise BadInput(f"unknown kind, expected one of {', '.join(PRICE_KINDS)}", field="kind", value=kind, source=source)
    subject = key_text(key, source)
    try:
        require_subject("key", subject)
    except ValueError as error:
        raise BadInput(str(error), field="key", value=subject, source=source) from error
    return DriverKey(PRICE_KINDS[kind], subject)


def decode_venue_status(key: bytes | None, value: bytes | None, source: str) -> VenueStatus:
    """The venue status of a record that is no usable price; raises `BadInput` that says what is wrong with it."""
    plain = read_object(value, source)
    if plain.get("kind") != VENUE_STATUS:
        _refuse_price(key, plain, source)
    _VENUE_STATUS_SHAPE.check(plain, source)
    status = from_plain(plain, VenueStatus, source)
    require_key(key, status.venue, "venue", source)
    return status


def encode_price(kind: DriverKind, price: str, ts_event_ns: int, ts_recv_ns: int) -> bytes:
    """The value of a price record; `price` as the venue printed it."""
    return msgspec.json.encode(PriceRecord(SCHEMA_VERSION, kind.value, price, ts_event_ns, ts_recv_ns))


def encode_venue_status(status: VenueStatus) -> bytes:
    """The value of a venue status record; its key is the venue."""
    return write_object(VENUE_STATUS, to_plain(status))


def _refuse_price(key: bytes | None, plain: dict[str, Any], source: str) -> None:
    record = from_plain(plain, PriceRecord, source)
    driver_of(key, record.kind, source)
    sign = "" if record.kind in _MAY_BE_NEGATIVE else " above 0"
    raise BadInput(f"expected a finite decimal{sign} in a string", field="price", value=record.price, source=source)
