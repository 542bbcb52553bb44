"""The same pool over all coins as a tape: each coin has cells of equity, maintenance and initial margin."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey
from monitor.rules.coin_tiers import HAIRCUT, HAIRCUT_OFF, INITIAL, MAINTENANCE, OFF, ON
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.multi_currency.documents import Documents
from monitor.rules.multi_currency.extra_margin import TapeBuild
from monitor.rules.multi_currency.terms import CoinTerms, coins_of
from monitor.rules.multi_currency.valuation import initial_reason
from monitor.rules.rulebook import Missing, Tables
from monitor.rules.schedules import borrow_schedule, collateral_schedule
from monitor.rules.tape import (
    COLLATERAL_CELL,
    INITIAL_CELL,
    MAINTENANCE_CELL,
    NO_CELL,
    Leg,
    Node,
    NodeMode,
    ScheduleKey,
    Tape,
)
from monitor.rules.terms import PositionTerms


def compile_tape(pool: PoolHoldings, tables: Tables, documents: Documents) -> Tape | Missing:
    """The pool's tape, or what is missing: a table, or what the holdings themselves do not know."""
    lookup = documents.lookup(tables)
    lookup.miss(*pool.unknown)
    lookup.weights()
    owed, other_maintenance = documents.given(pool)
    terms = lookup.positions(pool)
    build = _Build(documents, base=[owed.copy_negate(), other_maintenance, Decimal(0)])
    for coin in coins_of(pool, terms, lookup, documents):
        build.add_coin(coin)
    if documents.extra is not None:
        documents.extra.compile(terms, lookup, build)
    if lookup.reasons:
        return Missing(lookup.reasons)
    return Tape(
        base=tuple(build.base),
        legs=tuple(build.legs),
        program=tuple(build.program),
        margin_currency="USD",
        unit=None,
        trigger=documents.trigger,
        verified=lookup.verified and not documents.unverified and not pool.unverified,
        initial_margin_reason=initial_reason(pool, documents),
    )


class _Build(TapeBuild):
    """A tape as it grows, coin by coin."""

    def __init__(self, documents: Documents, base: list[Decimal]) -> None:
        super().__init__(base)
        self.documents = documents

    def add_coin(self, terms: CoinTerms) -> None:
        """The cells, legs and nodes of one coin."""
        coin, venue = terms.coin, self.documents.venue
        index = index_driver(venue, coin)
        equity = self.cell(terms.constant)
        self._add_collateral(terms, equity, index)
        if terms.rates is not None:
            with exact():
                owed = equity if terms.loan is None else self.cell(-terms.loan)
            self._map(owed, MAINTENANCE_CELL, borrow_schedule(venue, coin, MAINTENANCE), index)
            self._map(owed, INITIAL_CELL, borrow_schedule(venue, coin, INITIAL), index)
        if any(term.has_margin for term in terms.positions):
            maintenance, initial = self.cell(Decimal(0)), self.cell(Decimal(0))
            self._map(maintenance, MAINTENANCE_CELL, None, index)
            self._map(initial, INITIAL_CELL, None, index)
        else:
            maintenance = initial = NO_CELL
        self.legs += [_leg(term, equity, maintenance, initial) for term in terms.positions]

    def _add_collateral(self, terms: CoinTerms, equity: int, index: DriverKey) -> None:
        """What the coin counts for: its equity bent by its tiers, in the coin or, for tiers by value, in USD."""
        counts_in_full = not terms.positions and terms.constant <= 0
        venue, coin = self.documents.venue, terms.coin
        if counts_in_full:
            self._map(equity, COLLATERAL_CELL, None, index)
        elif self.documents.tiers_by_value:
            # In full, less the haircut of the value: what bends is no longer linear in the coin.
            value = self.cell(Decimal(0))
            haircut = collateral_schedule(venue, coin, HAIRCUT if terms.is_collateral else HAIRCUT_OFF)
            self._map(equity, COLLATERAL_CELL, None, index)
            self._map(equity, value, None, index)
            self.program.append(Node(NodeMode.MAP, value, COLLATERAL_CELL, schedule=haircut))
        else:
            self._map(equity, COLLATERAL_CELL, collateral_schedule(venue, coin, ON if terms.is_collateral else OFF), index)

    def _map(self, source: int, target: int, schedule: ScheduleKey | None, index: DriverKey) -> None:
        self.program.append(Node(NodeMode.MAP, source, target, schedule=schedule, scale=index))


def _leg(terms: PositionTerms, equity: int, maintenance: int, initial: int) -> Leg:
    per_unit = terms.initial_margin_per_unit
    return Leg(
        driver=terms.driver,
        quantity=terms.value_quantity,
        value_cell=equity,
        margin_cell=maintenance if terms.has_margin else NO_CELL,
        initial_cell=NO_CELL if per_unit is None or not terms.has_margin else initial,
        schedule=terms.schedule,
        extra_margin=terms.flat_margin_per_unit,
        initial_rate=Decimal(0) if per_unit is None else per_unit,
    )
