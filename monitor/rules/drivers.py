"""The drivers that rules of every venue name."""

from __future__ import annotations

from monitor.domain.ids import DriverKey, DriverKind, subject_id


def mark_driver(instrument: str) -> DriverKey:
    """The mark price of an instrument: it values profit, margin and trigger, the last price never does."""
    return DriverKey(DriverKind.MARK, instrument)


def index_driver(venue: str, coin: str) -> DriverKey:
    """The index of a coin at a venue, in USD."""
    return DriverKey(DriverKind.ASSET_INDEX, subject_id(venue, coin))
