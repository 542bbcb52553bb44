"""What the tables say about a pool's positions and coins; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.ids import DriverKey, symbol_of
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.scenario_tables import RiskArray
from monitor.domain.tables import BorrowTiers, Bracket, CollateralTiers, LeverageBrackets, TableKind, TableVersion
from monitor.rules.derived import reciprocal_driver
from monitor.rules.drivers import mark_driver
from monitor.rules.exact import exact, quotient, reciprocal
from monitor.rules.lookup import TableLookup
from monitor.rules.rulebook import Tables
from monitor.rules.schedules import bracket_schedule
from monitor.rules.tape import ScheduleKey

LINEAR = frozenset({InstrumentKind.LINEAR_PERPETUAL, InstrumentKind.LINEAR_FUTURE})
INVERSE = frozenset({InstrumentKind.INVERSE_PERPETUAL, InstrumentKind.INVERSE_FUTURE})


@dataclass(frozen=True, slots=True)
class PositionTerms:
    """One position with its instrument and brackets; `quantity` signed, in base units (linear) or quote units (inverse).

    `is_flat`: the brackets are one rate at every notional, which no table of brackets tells. `initial_rate`: part of the
    notional, of venues that take no leverage from the account.
    """

    position: Position
    instrument: Instrument
    brackets: LeverageBrackets
    brackets_version: TableVersion
    quantity: Decimal
    initial_rate: Decimal | None = None
    is_flat: bool = False

    @property
    def symbol(self) -> str:
        """The symbol as the venue spells it."""
        return symbol_of(self.position.instrument)

    @property
    def settle_asset(self) -> str:
        """The asset in which profit and margin are counted."""
        return self.instrument.settle_asset

    @property
    def mark(self) -> DriverKey:
        """The mark price of the instrument."""
        return mark_driver(self.position.instrument)

    @property
    def driver(self) -> DriverKey:
        """What the position is linear in: the mark, or its reciprocal."""
        return reciprocal_driver(self.position.instrument) if self.instrument.kind.is_inverse else self.mark

    @property
    def value_quantity(self) -> Decimal:
        """What the position is worth for each unit of its driver: an inverse long loses as the reciprocal rises."""
        return self.quantity.copy_negate() if self.instrument.kind.is_inverse else self.quantity

    @property
    def has_margin(self) -> bool:
        """Whether the position has a margin of its own, by its brackets and leverage."""
        return self.brackets is not NO_BRACKETS

    @property
    def schedule(self) -> ScheduleKey | None:
        """The schedule of its maintenance margin, None where it has none or a flat one."""
        return bracket_schedule(self.position.instrument) if self.has_margin and not self.is_flat else None

    @property
    def flat_margin_per_unit(self) -> Decimal:
        """Maintenance margin for each unit of the driver where it is flat, else 0."""
        if not self.is_flat:
            return Decimal(0)
        with exact():
            return self.quantity.copy_abs() * self.brackets.brackets[0].maintenance_margin_rate

    @property
    def initial_margin_per_unit(self) -> Decimal | None:
        """Initial margin for each unit of the driver, `|quantity| / leverage`; None while the leverage is not known."""
        leverage = self.position.leverage
        if not self.has_margin:
            return Decimal(0)
        if self.initial_rate is not None:
            with exact():
                return self.quantity.copy_abs() * self.initial_rate
        return None if leverage is None else quotient(self.quantity.copy_abs(), leverage)

    def taken(self, mark_price: Decimal) -> Decimal:
        """The driver's value at a mark price."""
        return reciprocal(mark_price) if self.instrument.kind.is_inverse else mark_price


NO_BRACKETS = LeverageBrackets(
    brackets=(Bracket(floor=Decimal(0), cap=None, maintenance_margin_rate=Decimal(0), deduction=Decimal(0)),)
)
"""Of a position whose margin is not its own: it is that of the class or the portfolio that it stands in."""


class PositionLookup(TableLookup):
    """Reads what values a pool of a venue. `covered`: the contracts that its rules know; others are missed with `refusal`."""

    def __init__(self, venue: str, tables: Tables, covered: Iterable[InstrumentKind], refusal: str) -> None:
        super().__init__(venue, tables)
        self._covered = frozenset(covered)
        self._refusal = refusal

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
        """The terms of a position, None (with reasons noted) when a table is missing or its kind is not covered."""
        instrument = self.instrument(position.instrument)
        brackets = self.table(TableKind.LEVERAGE_BRACKETS, symbol_of(position.instrument))
        if instrument is None or brackets is None:
            return None
        if not isinstance(brackets.table, LeverageBrackets):
            self.miss(f"tables of {symbol_of(position.instrument)} hold another kind than their key says")
            return None
        with exact():
            quantity = position.size * instrument.contract_size
        return PositionTerms(position, instrument, brackets.table, brackets, quantity)

    def instrument(self, name: str) -> Instrument | None:
        """The terms of an instrument, None (with the reason noted) when they are not loaded or of a kind not covered."""
        found = self.table(TableKind.INSTRUMENT, symbol_of(name))
        if found is None:
            return None
        if not isinstance(found.table, Instrument):
            self.miss(f"tables of {symbol_of(name)} hold another kind than their key says")
            return None
        if found.table.kind not in self._covered:
            self.miss(f"{name} is {found.table.kind.value}: {self._refusal}")
            return None
        return found.table

    def risk_array(self, terms: PositionTerms) -> RiskArray | None:
        """The published array of an instrument, None where there is none: most have none."""
        found = self.optional(TableKind.RISK_ARRAY, terms.symbol)
        return found.table if found is not None and isinstance(found.table, RiskArray) else None

    def collateral_tiers(self, coin: str) -> CollateralTiers | None:
        """The collateral ratios of a coin."""
        found = self.table(TableKind.COLLATERAL_TIERS, coin)
        return found.table if found is not None and isinstance(found.table, CollateralTiers) else None

    def borrow_tiers(self, coin: str) -> BorrowTiers | None:
        """The margin rates of a borrowed coin."""
        found = self.table(TableKind.BORROW_TIERS, coin)
        return found.table if found is not None and isinstance(found.table, BorrowTiers) else None


class PooledLookup(PositionLookup):
    """Reads what values a pool whose positions have no margin of their own: it is that of their class, or of their side."""

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when its instrument is not loaded or not covered."""
        instrument = self.instrument(position.instrument)
        version = self.table(TableKind.INSTRUMENT, symbol_of(position.instrument))
        if instrument is None or version is None:
            return None
        with exact():
            quantity = position.size * instrument.contract_size
        return PositionTerms(position, instrument, NO_BRACKETS, version, quantity)
