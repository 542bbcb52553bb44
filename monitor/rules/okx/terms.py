"""What the tables say of a position at OKX: the rate of the tier of its whole size, and the fee to close it.

margin needed = notional * (rate of the tier + taker fee)
"""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.holdings import Position
from monitor.domain.ids import symbol_of
from monitor.domain.position_tiers import PositionTiers
from monitor.domain.tables import Bracket, LeverageBrackets, TableKind
from monitor.rules.exact import exact
from monitor.rules.rulebook import Tables
from monitor.rules.terms import INVERSE, LINEAR, PositionLookup, PositionTerms

VENUE = "okx"
COVERED = LINEAR | INVERSE
REFUSAL = "not covered by the OKX rules"


class Lookup(PositionLookup):
    """Reads what values a pool of this venue. The taker fee rate must be known of every position."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(VENUE, tables, COVERED, REFUSAL)

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when something is missing or its kind is not covered."""
        instrument = self.instrument(position.instrument)
        version = self.table(TableKind.POSITION_TIERS, symbol_of(position.instrument))
        if position.taker_fee_rate is None:
            self.miss(f"taker fee rate of {position.instrument} not known")
        table = None if version is None else version.table
        if instrument is None or version is None or position.taker_fee_rate is None or not isinstance(table, PositionTiers):
            return None
        with exact():
            rate = table.tier_at(abs(position.size)).maintenance_margin_rate + position.taker_fee_rate
            quantity = position.size * instrument.contract_size
        flat = Bracket(floor=Decimal(0), cap=None, maintenance_margin_rate=rate, deduction=Decimal(0))
        return PositionTerms(position, instrument, LeverageBrackets(brackets=(flat,)), version, quantity, is_flat=True)
