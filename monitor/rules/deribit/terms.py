"""A position's margin rates by its size: `rate = base + |size in coin| * increase per coin`, the same at every price.

Source: support.deribit.com 25944738177565 (Linear Perpetual, standard margin examples); margin = size * rate * price.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.holdings import Position
from monitor.domain.ids import symbol_of
from monitor.domain.market_margin import SizeMargin
from monitor.domain.tables import Bracket, LeverageBrackets, TableKind
from monitor.rules.exact import exact
from monitor.rules.rulebook import Tables
from monitor.rules.terms import LINEAR, PositionLookup, PositionTerms

VENUE = "deribit"
COVERED = LINEAR
REFUSAL = "only linear contracts are covered: margin of inverse ones is no multiple of the price, options are not modelled"


class Lookup(PositionLookup):
    """Reads the rates by size in place of brackets by notional."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(VENUE, tables, COVERED, REFUSAL)

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when a table is missing or its kind is not covered."""
        instrument = self.instrument(position.instrument)
        version = self.table(TableKind.SIZE_MARGIN, symbol_of(position.instrument))
        table = None if version is None else version.table
        if instrument is None or version is None or not isinstance(table, SizeMargin):
            return None
        with exact():
            quantity = position.size * instrument.contract_size
            increase = abs(quantity) * table.increase_per_coin
            maintenance, initial = table.maintenance_base + increase, table.initial_base + increase
        flat = Bracket(floor=Decimal(0), cap=None, maintenance_margin_rate=maintenance, deduction=Decimal(0))
        brackets = LeverageBrackets(brackets=(flat,))
        return PositionTerms(position, instrument, brackets, version, quantity, initial_rate=initial, is_flat=True)
