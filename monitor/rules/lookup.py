"""Reads tables and prices of one venue, and keeps what was missing."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.ids import DriverKey
from monitor.domain.tables import ClassWeights, TableKey, TableKind, TableVersion
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY
from monitor.rules.rulebook import Prices, Tables


class TableLookup:
    """What a valuation reads, collected: what is missing is a reason, never a default."""

    def __init__(self, venue: str, tables: Tables) -> None:
        self._venue = venue
        self._tables = tables
        self._reasons: dict[str, None] = {}
        self.verified = True

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was missing, each named once, in the order of reading."""
        return tuple(self._reasons)

    def miss(self, *reasons: str) -> None:
        """Note what is missing."""
        self._reasons.update(dict.fromkeys(reasons))

    def weights(self) -> ClassWeights | None:
        """The class weights in force."""
        found = self._tables.find(CLASS_WEIGHTS_KEY)
        if found is None or not isinstance(found.table, ClassWeights):
            self.miss(f"table {CLASS_WEIGHTS_KEY} not loaded")
            return None
        return found.table

    def price(self, driver: DriverKey, prices: Prices) -> Decimal | None:
        """The price of a driver, None (with the reason noted) when it was never seen."""
        found = prices(driver)
        if found is None:
            self.miss(f"price {driver} never seen")
        return found

    def table(self, kind: TableKind, symbol: str) -> TableVersion | None:
        """The version in force of one table, None (with the reason noted) without one."""
        found = self.optional(kind, symbol)
        if found is None:
            self.miss(f"table {TableKey(self._venue, kind, symbol)} not loaded")
        return found

    def optional(self, kind: TableKind, symbol: str) -> TableVersion | None:
        """The version in force of a table that need not be there."""
        found = self._tables.find(TableKey(self._venue, kind, symbol))
        if found is None:
            return None
        self.verified = self.verified and found.verified
        return found
