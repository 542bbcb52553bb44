"""What a venue with a pool over all coins says of it, besides what it says of pools in one currency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.account import AccountMode
from monitor.domain.holdings import PoolHoldings
from monitor.rules import single_currency
from monitor.rules.exact import exact
from monitor.rules.multi_currency.coins import CoinValue
from monitor.rules.multi_currency.extra_margin import ExtraMargin
from monitor.rules.rulebook import PoolFigures

OTHER_MAINTENANCE = "other_maintenance_margin"
"""Name of the figure an account may give: maintenance margin, in USD, of positions that are not told. It counts in full."""

Printed = Callable[[PoolFigures, tuple[CoinValue, ...]], dict[str, Decimal]]
"""The venue's own figures of a pool, under its own names and cut off as it prints them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents(single_currency.Documents):
    """A venue's documents. `modes`: the account modes with a pool over all coins; others are refused unless `by_asset`, when
    an account may also keep a pool a coin.

    `margins_loans`: what needs margin as borrowed is what the account was lent, told a coin, not what its equity is short of.
    `extra`: margin that positions need together, besides or instead of their own (a grid of scenarios).
    `tiers_by_value`: collateral tiers are slices of the value in USD, not of the quantity. `owed`: names of figures in USD that
    the account may give and that are taken off its equity.
    """

    modes: frozenset[AccountMode] = frozenset({AccountMode.MULTI_CURRENCY})
    by_asset: bool = False
    has_isolated: bool = True
    margins_loans: bool = False
    tiers_by_value: bool = False
    owed: tuple[str, ...] = ()
    printed: Printed | None = None
    extra: ExtraMargin | None = None

    def given(self, pool: PoolHoldings) -> tuple[Decimal, Decimal]:
        """What the account gives: what is taken off its equity, and the margin of positions that are not told; in USD."""
        with exact():
            owed = sum((pool.venue_given.get(name, Decimal(0)) for name in self.owed), Decimal(0))
        return owed, pool.venue_given.get(OTHER_MAINTENANCE, Decimal(0))
