"""What the tables say about a pool over all coins; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.tables import BorrowTiers, CollateralTiers
from monitor.rules.generic.documents import ONE_CURRENCY
from monitor.rules.rulebook import Tables
from monitor.rules.terms import PositionLookup


class Lookup(PositionLookup):
    """Reads what values a pool."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(ONE_CURRENCY.venue, tables, ONE_CURRENCY.covered, ONE_CURRENCY.refusal)

    def coin(self, coin: str, constant: Decimal, *, has_positions: bool) -> tuple[CollateralTiers | None, BorrowTiers | None]:
        """The tables that a coin needs: both where positions may move its equity to either side of 0, else that of its side."""
        return (
            self.collateral_tiers(coin) if has_positions or constant > 0 else None,
            self.borrow_tiers(coin) if has_positions or constant < 0 else None,
        )
