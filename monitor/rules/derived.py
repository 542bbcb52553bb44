"""Drivers that follow from others: what depends on market data alone is a driver of its own, so that it enters a tape linearly.

The reciprocal `u = 1 / P` of a mark makes every inverse contract linear: profit `-s*Q*(u - 1/E)`, notional `Q*u`, both in the
coin. A derived driver has no ticks, no age and no state of its own: those of the driver that it is derived from.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.ids import DriverKey, DriverKind
from monitor.rules.exact import reciprocal
from monitor.rules.rulebook import Prices

_SOURCES = {DriverKind.RECIPROCAL_MARK: DriverKind.MARK}


def reciprocal_driver(instrument: str) -> DriverKey:
    """The reciprocal of an instrument's mark: base per quote."""
    return DriverKey(DriverKind.RECIPROCAL_MARK, instrument)


def source_of(driver: DriverKey) -> DriverKey:
    """The driver whose ticks move this one: itself, unless it is derived."""
    kind = _SOURCES.get(driver.kind)
    return driver if kind is None else DriverKey(kind, driver.subject)


def value_of(driver: DriverKey, prices: Prices) -> Decimal | None:
    """The value of a driver, primitive or derived, None when it was never seen."""
    source = source_of(driver)
    price = prices(source)
    return price if source == driver or price is None else reciprocal(price)
