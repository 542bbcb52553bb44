"""What the tables say about a pool's positions and assets; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, symbol_of
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import (
    AssetIndexBuffers,
    LeverageBrackets,
    TableKind,
    TableVersion,
)
from monitor.rules.binance_usdm.documents import VENUE
from monitor.rules.exact import exact, quotient
from monitor.rules.lookup import TableLookup
from monitor.rules.rulebook import Tables

_LINEAR = frozenset({InstrumentKind.LINEAR_PERPETUAL, InstrumentKind.LINEAR_FUTURE})


@dataclass(frozen=True, slots=True)
class PositionTerms:
    """One position with its instrument and brackets; `quantity` is signed, in base units."""

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
    def driver(self) -> DriverKey:
        """The mark price of the instrument."""
        return mark_driver(self.position.instrument)

    @property
    def initial_margin_per_price(self) -> Decimal | None:
        """Initial margin for each unit of mark price, `|quantity| / leverage`; None while the leverage is not known."""
        leverage = self.position.leverage
        return None if leverage is None else quotient(abs(self.quantity), leverage)


def mark_driver(instrument: str) -> DriverKey:
    """The driver of an instrument's mark price: it values profit, margin and trigger, the last price never does."""
    return DriverKey(DriverKind.MARK, instrument)


class Lookup(TableLookup):
    """Reads what values a pool of this venue."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(VENUE, tables)

    def positions(self, pool: PoolHoldings) -> tuple[PositionTerms, ...]:
        """The terms of a pool's positions, without those for which something is missing (noted)."""
        found = []
        for position in pool.positions:
            terms = self.position(position)
            if terms is None:
                continue
            if terms.instrument.settle_asset not in pool.wallets:
                self.miss(f"wallet of {terms.instrument.settle_asset} for {position.instrument} not in the pool")
                continue
            found.append(terms)
        return tuple(found)

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when a table is missing or its kind is not covered."""
        symbol = symbol_of(position.instrument)
        instrument = self.table(TableKind.INSTRUMENT, symbol)
        brackets = self.table(TableKind.LEVERAGE_BRACKETS, symbol)
        if instrument is None or brackets is None:
            return None
        terms, schedule = instrument.table, brackets.table
        if not isinstance(terms, Instrument) or not isinstance(schedule, LeverageBrackets):
            self.miss(f"tables of {symbol} hold another kind than their key says")
            return None
        if terms.kind not in _LINEAR:
            self.miss(f"{position.instrument} is {terms.kind.value}: not covered by the USDⓈ-M rules")
            return None
        with exact():
            quantity = position.size * terms.contract_size
        return PositionTerms(position, terms, schedule, brackets, quantity)

    def buffers(self, asset: str) -> AssetIndexBuffers | None:
        """How an asset converts in multi-assets mode."""
        found = self.table(TableKind.ASSET_INDEX, asset)
        return found.table if found is not None and isinstance(found.table, AssetIndexBuffers) else None
