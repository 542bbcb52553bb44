"""Whether the venue's absolute values and ours are the same thing seen twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from monitor.book.ledger import Difference
from monitor.domain.events import VenueFigures
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.level import SWITCHES
from monitor.domain.profile import SwitchSet
from monitor.engine.world import World

PRINTED_TOLERANCE = Decimal("0.000001")
"""Venues print figures cut to 8 decimals and sum them over positions; and of the figure itself, the same share."""


def same_differences(one: Sequence[Difference], other: Sequence[Difference]) -> bool:
    """Whether two states of the venue differ from our ledger in the same fields by the same amounts."""
    return {d.field: d.theirs - d.ours for d in one} == {d.field: d.theirs - d.ours for d in other}


def ratio_masks(margin_ratio: Decimal, switches: SwitchSet) -> tuple[int, int]:
    """Which enter and exit boundaries of the ratio kind the venue's own ratio reaches, as masks for `next_level`."""
    enter_mask = exit_mask = 0
    for level in SWITCHES:
        band = switches.switch(level).ratio
        if band is not None:
            enter_mask |= (margin_ratio >= band.enter) << level
            exit_mask |= (margin_ratio >= band.leave) << level
    return enter_mask, exit_mask


def prices_of(said: VenueFigures, otherwise: Callable[[DriverKey], Decimal | None]) -> Callable[[DriverKey], Decimal | None]:
    """The marks of the venue's own answer, and other prices where it holds none."""

    def price(key: DriverKey) -> Decimal | None:
        if key.kind is DriverKind.MARK and key.subject in said.mark_prices:
            return said.mark_prices[key.subject]
        return otherwise(key)

    return price


def earlier_prices(world: World) -> Callable[[DriverKey], Decimal | None]:
    """Each driver's price before its last one."""

    def price(key: DriverKey) -> Decimal | None:
        index = world.drivers.index(key)
        if index is None:
            return None
        value = float(world.drivers.previous_price[index])
        return world.drivers.exact_price(key) if value != value else Decimal(repr(value))  # noqa: PLR0124 - NaN

    return price
