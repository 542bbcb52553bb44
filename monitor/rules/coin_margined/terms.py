"""What the tables say about a pool's positions; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, symbol_of, venue_of
from monitor.domain.instrument import Instrument
from monitor.domain.tables import LeverageBrackets, TableKind, TableVersion
from monitor.rules.exact import exact, quotient
from monitor.rules.lookup import TableLookup
from monitor.rules.rulebook import Tables


@dataclass(frozen=True, slots=True)
class PositionTerms:
    """One position with its instrument and brackets (in the coin); `quantity` is signed, in quote units (USD)."""

    position: Position
    instrument: Instrument
    brackets: LeverageBrackets
    brackets_version: TableVersion
    quantity: Decimal

    @property
    def symbol(self) -> str:
        """The symbol as the venue spells it."""
        return symbol_of(self.position.instrument)

    @property
    def initial_margin_per_reciprocal(self) -> Decimal | None:
        """Initial margin for each unit of `1 / mark`: `|quantity| / leverage`; None while the leverage is not known."""
        leverage = self.position.leverage
        return None if leverage is None else quotient(abs(self.quantity), leverage)


def mark_driver(instrument: str) -> DriverKey:
    """The driver of an instrument's mark price."""
    return DriverKey(DriverKind.MARK, instrument)


class Lookup(TableLookup):
    """Reads what values a pool or an instrument (`subject`) of a venue."""

    def __init__(self, subject: str, tables: Tables) -> None:
        super().__init__(venue_of(subject), tables)

    def positions(self, pool: PoolHoldings) -> tuple[PositionTerms, ...]:
        """The terms of a pool's positions, without those for which something is missing (noted)."""
        found = [self.position(position) for position in pool.positions]
        return tuple(terms for terms in found if terms is not None)

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when a table is missing or its kind is not covered."""
        symbol = symbol_of(position.instrument)
        instrument = self.instrument(position)
        brackets = self.table(TableKind.LEVERAGE_BRACKETS, symbol)
        if instrument is None or brackets is None:
            return None
        if not isinstance(brackets.table, LeverageBrackets):
            self.miss(f"tables of {symbol} hold another kind than their key says")
            return None
        with exact():
            quantity = position.size * instrument.contract_size
        return PositionTerms(position, instrument, brackets.table, brackets, quantity)

    def instrument(self, position: Position) -> Instrument | None:
        """The instrument, None (noted) when it is not loaded or no inverse contract."""
        found = self.table(TableKind.INSTRUMENT, symbol_of(position.instrument))
        terms = None if found is None else found.table
        if isinstance(terms, Instrument) and not terms.kind.is_inverse:
            self.miss(f"{position.instrument} is {terms.kind.value}: not coin-margined")
            return None
        return terms if isinstance(terms, Instrument) else None
