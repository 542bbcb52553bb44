"""Whether the venue's absolute values and ours are the same thing seen twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from monitor.book.ledger import Difference
from monitor.book.pool_entry import PoolEntry
from monitor.domain.events import VenueFigures
from monitor.domain.ids import DriverKey, DriverKind, venue_of
from monitor.domain.level import SWITCHES
from monitor.domain.profile import SwitchSet
from monitor.engine.world import World
from monitor.rules.rulebook import Missing

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


def figures_differ(world: World, entry: PoolEntry, said: VenueFigures) -> str | None:
    """The first of the venue's figures that lies outside the range of ours, in words; None when all lie inside.

    Marks are taken from the venue's own answer. What the answer does not hold (asset indices) may have stood at our last
    price or the one before it, so ours is a range.
    """
    rulebook = world.rulebook(venue_of(entry.account))
    ours = [
        rulebook.figures(entry.holdings, world.tables, prices)
        for prices in (_prices(said, world.drivers.exact_price), _prices(said, _earlier(world)))
    ]
    known = [figures for figures in ours if not isinstance(figures, Missing)]
    if not known:
        return None
    checks = (
        ("collateral_value", said.collateral_value, [figures.collateral_value for figures in known]),
        ("maintenance_margin", said.maintenance_margin, [figures.maintenance_margin for figures in known]),
    )
    for name, theirs, range_of_ours in checks:
        if theirs is None:
            continue
        tolerance = PRINTED_TOLERANCE * (1 + abs(theirs))
        if not min(range_of_ours) - tolerance <= theirs <= max(range_of_ours) + tolerance:
            return f"{name} is {range_of_ours[0]} here and {theirs} at the venue"
    return None


def _prices(said: VenueFigures, otherwise: Callable[[DriverKey], Decimal | None]) -> Callable[[DriverKey], Decimal | None]:
    def price(key: DriverKey) -> Decimal | None:
        if key.kind is DriverKind.MARK and key.subject in said.mark_prices:
            return said.mark_prices[key.subject]
        return otherwise(key)

    return price


def _earlier(world: World) -> Callable[[DriverKey], Decimal | None]:
    def price(key: DriverKey) -> Decimal | None:
        index = world.drivers.index(key)
        if index is None:
            return None
        value = float(world.drivers.previous_price[index])
        return world.drivers.exact_price(key) if value != value else Decimal(repr(value))  # noqa: PLR0124 - NaN

    return price
