"""The drivers and schedules of a coin at this venue; what they hold is the shared form (`monitor.rules.coin_tiers`)."""

from __future__ import annotations

from monitor.domain.ids import DriverKey, DriverKind, subject_id
from monitor.rules.generic.documents import VENUE
from monitor.rules.tape import ScheduleKey


def index_driver(coin: str) -> DriverKey:
    """The coin's index in USD."""
    return DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, coin))


def collateral_schedule(coin: str, variant: str) -> ScheduleKey:
    """The schedule of a coin's equity: `on` as collateral, `off` where the account has switched it off."""
    return ScheduleKey(VENUE, "collateral_tiers", coin, variant)


def borrow_schedule(coin: str, which: str) -> ScheduleKey:
    """The schedule of the margin that a coin needs below 0: `maintenance` or `initial`."""
    return ScheduleKey(VENUE, "borrow_tiers", coin, which)
