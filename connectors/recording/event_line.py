"""One domain event as one JSON object with a `kind`, as on Kafka, and back."""

from __future__ import annotations

from typing import Any

import orjson

from connectors.event_json import from_plain, table_changed_from_plain, table_changed_to_plain, to_plain
from monitor.domain.errors import BadInput
from monitor.domain.events import (
    ACCOUNT_EVENT_KINDS,
    AccountEventType,
    ClockOffset,
    DriverDeclared,
    Heartbeat,
    ValuationStarted,
    VenueStatus,
)
from monitor.domain.inputs import DomainEvent
from monitor.domain.tables import TableChanged

RISK_PARAMETERS = "risk_parameters"

OTHER_EVENT_KINDS: dict[str, type[Heartbeat | VenueStatus | DriverDeclared | ClockOffset | ValuationStarted]] = {
    "heartbeat": Heartbeat,
    "venue_status": VenueStatus,
    "driver_declared": DriverDeclared,
    "clock_offset": ClockOffset,
    "valuation_started": ValuationStarted,
}
"""The kinds of events that belong to no account, by their name in recordings."""

EVENT_KINDS: dict[str, Any] = {**ACCOUNT_EVENT_KINDS, **OTHER_EVENT_KINDS}
_KIND_OF: dict[type[object], str] = {event_type: kind for kind, event_type in EVENT_KINDS.items()}


def event_kind(event: DomainEvent) -> str:
    """The name of an event's kind; `risk_parameters` for a table."""
    return RISK_PARAMETERS if isinstance(event, TableChanged) else _KIND_OF[type(event)]


def event_to_line(event: DomainEvent) -> bytes:
    """The event as one JSON object, `kind` first, without a line end."""
    plain = table_changed_to_plain(event) if isinstance(event, TableChanged) else to_plain(event)
    return orjson.dumps({"kind": event_kind(event), **plain})


def event_from_line(line: bytes, source: str) -> DomainEvent:
    """The event of a JSON object; raises `BadInput` naming what does not fit."""
    try:
        plain = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error}", source=source) from error
    return event_from_plain(plain, source)


def event_from_plain(plain: object, source: str) -> DomainEvent:
    """The event of a parsed JSON object; raises `BadInput` naming what does not fit."""
    if not isinstance(plain, dict):
        raise BadInput("expected an object", value=plain, source=source)
    kind = plain.get("kind")
    if kind == RISK_PARAMETERS:
        return table_changed_from_plain(plain, source)
    event_type: type[AccountEventType] | None = EVENT_KINDS.get(kind) if isinstance(kind, str) else None
    if event_type is None:
        known = ", ".join([*EVENT_KINDS, RISK_PARAMETERS])
        raise BadInput(f"unknown kind, expected one of {known}", field="kind", value=kind, source=source)
    return from_plain(plain, event_type, source)
