"""What the tables say about a pool's positions; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.account import MarginMode
from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, symbol_of
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import BorrowTiers, CollateralTiers, LeverageBrackets, TableKind, TableVersion
from monitor.rules.bybit.documents import VENUE
from monitor.rules.exact import exact, quotient
from monitor.rules.lookup import TableLookup
from monitor.rules.rulebook import Tables

_LINEAR = frozenset({InstrumentKind.LINEAR_PERPETUAL, InstrumentKind.LINEAR_FUTURE})


@dataclass(frozen=True, slots=True)
class PositionTerms:
    """One position with its instrument and risk tiers; `quantity` is signed, in base units.

    `leverage` and `taker_fee_rate` are known of every cross position; in isolated mode the leverage may be None.
    """

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
    def settle_asset(self) -> str:
        """The coin in which profit and margin are counted."""
        return self.instrument.settle_asset

    @property
    def is_isolated(self) -> bool:
        """Whether margins stand on the entry value, without fees (isolated), instead of on the mark."""
        return self.position.margin_mode is MarginMode.ISOLATED

    @property
    def driver(self) -> DriverKey:
        """The mark price of the instrument."""
        return mark_driver(self.position.instrument)

    @property
    def closing_fee_per_price(self) -> Decimal:
        """The fee to close at the bankruptcy price, for each unit of mark: `|q| * (1 -+ 1/leverage) * fee`, long -, short +."""
        fee_rate, leverage = self.position.taker_fee_rate, self.position.leverage
        return fee_to_close(self.quantity, Decimal(1), leverage or Decimal(1), fee_rate or Decimal(0))

    @property
    def initial_margin_per_price(self) -> Decimal:
        """Initial margin of a cross position for each unit of mark: `|q| / leverage` and the fee to close."""
        with exact():
            return quotient(abs(self.quantity), self.position.leverage or Decimal(1)) + self.closing_fee_per_price


def fee_to_close(quantity: Decimal, price: Decimal, leverage: Decimal, fee_rate: Decimal) -> Decimal:
    """The taker fee of closing at the bankruptcy price `price * (1 -+ 1/leverage)`; `quantity` signed; rounded once."""
    with exact():
        side = Decimal(1) if quantity > 0 else Decimal(-1)
        return quotient(abs(quantity) * price * fee_rate * (leverage - side), leverage)


def mark_driver(instrument: str) -> DriverKey:
    """The driver of an instrument's mark price: it values profit, margin and trigger."""
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
            if terms.settle_asset not in pool.wallets:
                self.miss(f"wallet of {terms.settle_asset} for {position.instrument} not in the pool")
                continue
            found.append(terms)
        return tuple(found)

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when something is missing or its kind is not covered."""
        symbol = symbol_of(position.instrument)
        instrument = self.table(TableKind.INSTRUMENT, symbol)
        terms = None if instrument is None else instrument.table
        if isinstance(terms, Instrument) and terms.kind not in _LINEAR:
            self.miss(f"{position.instrument} is {terms.kind.value}: not covered by the Bybit rules")
            return None
        brackets = self.table(TableKind.LEVERAGE_BRACKETS, symbol)
        if not self._is_told(position) or instrument is None or brackets is None:
            return None
        if not isinstance(terms, Instrument) or not isinstance(brackets.table, LeverageBrackets):
            self.miss(f"tables of {symbol} hold another kind than their key says")
            return None
        with exact():
            quantity = position.size * terms.contract_size
        return PositionTerms(position, terms, brackets.table, brackets, quantity)

    def _is_told(self, position: Position) -> bool:
        """Whether leverage and fee rate are known of a cross position, whose closing fee is part of its margin."""
        if position.margin_mode is MarginMode.ISOLATED:
            return True
        reasons = []
        if position.taker_fee_rate is None:
            reasons.append(f"taker fee rate of {position.instrument} not known")
        if position.leverage is None:
            reasons.append(f"leverage of {position.instrument} not known")
        elif position.leverage < 1:
            reasons.append(f"leverage of {position.instrument} is below 1: it has no bankruptcy price")
        self.miss(*reasons)
        return not reasons

    def collateral_tiers(self, coin: str) -> CollateralTiers | None:
        """The collateral ratios of a coin."""
        found = self.table(TableKind.COLLATERAL_TIERS, coin)
        return found.table if found is not None and isinstance(found.table, CollateralTiers) else None

    def borrow_tiers(self, coin: str) -> BorrowTiers | None:
        """The margin rates of a borrowed coin."""
        found = self.table(TableKind.BORROW_TIERS, coin)
        return found.table if found is not None and isinstance(found.table, BorrowTiers) else None
