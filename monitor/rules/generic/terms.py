"""What the tables say about a pool's positions and coins; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, symbol_of
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import BorrowTiers, CollateralTiers, LeverageBrackets, TableKind, TableVersion
from monitor.rules.derived import reciprocal_driver
from monitor.rules.exact import exact, quotient, reciprocal
from monitor.rules.generic.documents import VENUE
from monitor.rules.lookup import TableLookup
from monitor.rules.rulebook import Tables

_NOT_COVERED = frozenset({InstrumentKind.SPOT, InstrumentKind.OPTION})


@dataclass(frozen=True, slots=True)
class PositionTerms:
    """One position with its instrument and brackets; `quantity` signed, in base units (linear) or quote units (inverse)."""

    position: Position
    instrument: Instrument
    brackets: LeverageBrackets
    brackets_version: TableVersion
    quantity: Decimal

    @property
    def mark(self) -> DriverKey:
        """The mark price of the instrument."""
        return mark_driver(self.position.instrument)

    @property
    def driver(self) -> DriverKey:
        """What the position is linear in: the mark, or its reciprocal."""
        is_inverse = self.instrument.kind.is_inverse
        return reciprocal_driver(self.position.instrument) if is_inverse else self.mark

    @property
    def value_quantity(self) -> Decimal:
        """What the position is worth for each unit of its driver: an inverse long loses as the reciprocal rises."""
        return self.quantity.copy_negate() if self.instrument.kind.is_inverse else self.quantity

    @property
    def initial_margin_per_unit(self) -> Decimal | None:
        """Initial margin for each unit of the driver, `|quantity| / leverage`; None while the leverage is not known."""
        leverage = self.position.leverage
        return None if leverage is None else quotient(self.quantity.copy_abs(), leverage)

    def taken(self, mark_price: Decimal) -> Decimal:
        """The driver's value at a mark price."""
        return reciprocal(mark_price) if self.instrument.kind.is_inverse else mark_price


def mark_driver(instrument: str) -> DriverKey:
    """The driver of an instrument's mark price."""
    return DriverKey(DriverKind.MARK, instrument)


class Lookup(TableLookup):
    """Reads what values a pool."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(VENUE, tables)

    def positions(self, pool: PoolHoldings) -> tuple[PositionTerms, ...]:
        """The terms of a pool's positions, without those for which something is missing (noted)."""
        found = [self.position(position) for position in pool.positions]
        return tuple(terms for terms in found if terms is not None)

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when a table is missing or its kind is not covered."""
        symbol = symbol_of(position.instrument)
        instrument = self.table(TableKind.INSTRUMENT, symbol)
        brackets = self.table(TableKind.LEVERAGE_BRACKETS, symbol)
        if instrument is None or brackets is None:
            return None
        terms = instrument.table
        if not isinstance(terms, Instrument) or not isinstance(brackets.table, LeverageBrackets):
            self.miss(f"tables of {symbol} hold another kind than their key says")
            return None
        if terms.kind in _NOT_COVERED:
            self.miss(f"{position.instrument} is {terms.kind.value}: not covered by the plain book")
            return None
        with exact():
            quantity = position.size * terms.contract_size
        return PositionTerms(position, terms, brackets.table, brackets, quantity)

    def coin(self, coin: str, constant: Decimal, *, has_positions: bool) -> tuple[CollateralTiers | None, BorrowTiers | None]:
        """The tables that a coin needs: both where positions may move its equity to either side of 0, else that of its side."""
        ratios = self.table(TableKind.COLLATERAL_TIERS, coin) if has_positions or constant > 0 else None
        rates = self.table(TableKind.BORROW_TIERS, coin) if has_positions or constant < 0 else None
        return (
            ratios.table if ratios is not None and isinstance(ratios.table, CollateralTiers) else None,
            rates.table if rates is not None and isinstance(rates.table, BorrowTiers) else None,
        )
