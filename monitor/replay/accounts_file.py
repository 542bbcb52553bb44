"""The file of accounts and tables that `recording build` takes (docs/recording.md). Events are as they are on Kafka."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from connectors.event_json import decimal, driver_key, from_plain, table_changed_to_plain
from connectors.kafka.account_codec import require_strict
from connectors.kafka.table_codec import strict_table
from connectors.recording.event_line import event_from_plain, event_kind, event_to_line
from monitor.domain.errors import BadInput
from monitor.domain.events import ACCOUNT_EVENT_KINDS, AccountEventType
from monitor.domain.ids import DriverKey
from monitor.domain.tables import TableChanged

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsFile:
    """Tables, what candles move, constant prices, and the accounts' events in order of their receive time.

    `feeds`: the drivers that the candles of a symbol move. `constants`: drivers whose price is assumed and repeated, such as
    the index of a stablecoin; it is an assumption of the file, never of the program. `starts_ns`: when the book opens.
    """

    starts_ns: int
    tables: tuple[TableChanged, ...]
    feeds: dict[str, tuple[DriverKey, ...]]
    constants: dict[DriverKey, Decimal]
    events: tuple[AccountEventType, ...]
    notes: tuple[str, ...] = ()


def read_accounts_file(path: Path) -> AccountsFile:
    """The file read and checked as a whole; raises `BadInput` naming field, value and file."""
    source = str(path)
    try:
        plain = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadInput(error.strerror or str(error), field="--accounts", value=source) from error
    except orjson.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error}", source=source) from error
    if not isinstance(plain, dict) or plain.get("format_version") != FORMAT_VERSION:
        version = plain.get("format_version") if isinstance(plain, dict) else None
        raise BadInput(f"expected {FORMAT_VERSION}", field="format_version", value=version, source=source)
    events = tuple(_event(row, f"{source} events[{index}]") for index, row in enumerate(_list(plain, "events", source)))
    return AccountsFile(
        starts_ns=from_plain(plain.get("starts_ns"), int, f"{source} starts_ns"),
        tables=tuple(
            strict_table(row, f"{source} tables[{index}]") for index, row in enumerate(_list(plain, "tables", source))
        ),
        feeds={
            symbol: tuple(driver_key(text, f"{source} feeds.{symbol}") for text in from_plain(drivers, list[str], source))
            for symbol, drivers in _object(plain, "feeds", source).items()
        },
        constants={
            driver_key(text, f"{source} constants"): _constant(price, f"constants.{text}", source)
            for text, price in _object(plain, "constants", source).items()
        },
        events=tuple(sorted(events, key=lambda event: event.ts_recv_ns)),
        notes=tuple(from_plain(plain.get("notes", []), list[str], f"{source} notes")),
    )


def write_accounts_file(path: Path, accounts: AccountsFile) -> None:
    """Write the file, one event a line so that people can search it."""
    head = {
        "format_version": FORMAT_VERSION,
        "notes": list(accounts.notes),
        "starts_ns": accounts.starts_ns,
        "feeds": {symbol: [str(driver) for driver in drivers] for symbol, drivers in accounts.feeds.items()},
        "constants": {str(driver): str(price) for driver, price in accounts.constants.items()},
        "tables": [table_changed_to_plain(table) for table in accounts.tables],
    }
    text = orjson.dumps(head, option=orjson.OPT_INDENT_2)[:-2]
    lines = b",\n".join(b"    " + event_to_line(event) for event in accounts.events)
    path.write_bytes(text + b',\n  "events": [\n' + lines + b"\n  ]\n}\n")


def sources_of(events: Sequence[AccountEventType]) -> list[tuple[str, int]]:
    """Each (source, epoch) of the events, in order of first mention."""
    return list(dict.fromkeys((event.source, event.source_epoch) for event in events))


def _event(row: object, source: str) -> AccountEventType:
    require_strict(row, source)
    event = event_from_plain(row, source)
    if not isinstance(event, tuple(ACCOUNT_EVENT_KINDS.values())):
        raise BadInput("not an account event", field="kind", value=event_kind(event), source=source)
    return event  # type: ignore[return-value]  # checked against the members of the union above


def _constant(price: object, field: str, source: str) -> Decimal:
    value = decimal(price, field, f"{source} {field}")
    if value <= 0:
        raise BadInput("must be above 0", field=field, value=price, source=source)
    return value


def _list(plain: dict[str, Any], field: str, source: str) -> list[Any]:
    value = plain.get(field)
    if not isinstance(value, list):
        raise BadInput("expected a list", field=field, value=value, source=source)
    return value


def _object(plain: dict[str, Any], field: str, source: str) -> dict[str, Any]:
    value = plain.get(field, {})
    if not isinstance(value, dict):
        raise BadInput("expected an object", field=field, value=value, source=source)
    return value
