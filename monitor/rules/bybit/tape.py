"""The same pool as a tape: what `valuation` computes, in the venue-neutral form that the book loads.

Cross: each coin has a cell of equity, one of equity less what is frozen where something is, and cells of maintenance and
initial margin when it has positions or orders; the program converts them coin by coin, sorted. A coin without positions has a
constant equity, so only what its sign calls for is compiled; one with positions may come to be borrowed, so both its tables
are needed. Isolated: one leg into C, margins constant (they stand on the entry).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings
from monitor.rules.bybit.documents import VENUE
from monitor.rules.bybit.orders import order_costs, order_margins
from monitor.rules.bybit.positions import value_position
from monitor.rules.bybit.terms import Lookup, closing_fee_per_unit, initial_margin_per_unit
from monitor.rules.bybit.unverified import unverified_reasons
from monitor.rules.bybit.valuation import initial_reason
from monitor.rules.coin_tiers import INITIAL, MAINTENANCE, OFF, ON
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.rulebook import Missing, Tables
from monitor.rules.schedules import borrow_schedule, bracket_schedule, collateral_schedule
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


def compile_tape(pool: PoolHoldings, tables: Tables) -> Tape | Missing:
    """The pool's tape, or what is missing: a table, or what the holdings themselves do not know."""
    lookup = Lookup(tables)
    lookup.miss(*pool.unknown)
    lookup.weights()
    terms = lookup.positions(pool)
    if pool.kind is PoolKind.ISOLATED:
        return Missing(lookup.reasons) if lookup.reasons else _isolated(pool, terms[0], lookup)
    costs, order_reasons = order_costs(pool.orders, pool.positions, tables)
    build = _Build(pool, lookup)
    margins = order_margins(costs)
    for coin in sorted(pool.wallets):
        build.add_coin(coin, tuple(t for t in terms if t.settle_asset == coin), margins.get(coin, Decimal(0)))
    if lookup.reasons:
        return Missing(lookup.reasons)
    return Tape(
        base=tuple(build.base),
        legs=tuple(build.leg(term) for term in terms),
        program=tuple(build.program),
        margin_currency="USD",
        unit=None,
        verified=not unverified_reasons(pool, lookup.verified),
        initial_margin_reason=initial_reason(pool, order_reasons),
    )


@dataclass(slots=True)
class _Build:
    """A cross pool's tape as it grows, coin by coin."""

    pool: PoolHoldings
    lookup: Lookup
    base: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * (INITIAL_CELL + 1))
    program: list[Node] = field(default_factory=list)
    margin_cells: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def add_coin(self, coin: str, terms: tuple[PositionTerms, ...], order_margin: Decimal) -> None:
        """Add the cells and nodes of one coin."""
        wallet, frozen = self.pool.wallets[coin], self.pool.frozen.get(coin, Decimal(0))
        with exact():
            constant = wallet - sum((term.position.cost for term in terms), Decimal(0))
            free = constant - frozen
        if terms or constant != 0:
            equity = self._cell(constant)
            self._add_collateral(coin, equity, constant, is_fixed=not terms)
            if terms or free < 0:
                self._add_borrowing(coin, self._free_cell(equity, frozen, free, is_fixed=not terms))
        elif free < 0:
            self._add_borrowing(coin, self._cell(free))
        if terms:
            maintenance, initial = self._cell(Decimal(0)), self._cell(order_margin)
            self.margin_cells[coin] = (equity, maintenance, initial)
            self._map(maintenance, MAINTENANCE_CELL, None, coin)
            self._map(initial, INITIAL_CELL, None, coin)
        elif order_margin != 0:
            self._map(self._cell(order_margin), INITIAL_CELL, None, coin)

    def leg(self, terms: PositionTerms) -> Leg:
        """The leg of one position."""
        equity, maintenance, initial = self.margin_cells[terms.settle_asset]
        return Leg(
            driver=terms.driver,
            quantity=terms.value_quantity,
            value_cell=equity,
            margin_cell=maintenance,
            initial_cell=initial,
            schedule=bracket_schedule(terms.position.instrument),
            extra_margin=closing_fee_per_unit(terms),
            initial_rate=initial_margin_per_unit(terms),
        )

    def _add_collateral(self, coin: str, cell: int, constant: Decimal, *, is_fixed: bool) -> None:
        is_collateral = coin not in self.pool.not_collateral
        if is_fixed and constant < 0:
            self._map(cell, COLLATERAL_CELL, None, coin)
        elif not is_fixed or is_collateral:
            self.lookup.collateral_tiers(coin)
            self._map(cell, COLLATERAL_CELL, collateral_schedule(VENUE, coin, ON if is_collateral else OFF), coin)

    def _free_cell(self, equity: int, frozen: Decimal, free: Decimal, *, is_fixed: bool) -> int:
        """The cell of equity less what is frozen: the equity's own where nothing is."""
        if frozen == 0:
            return equity
        if is_fixed:
            return self._cell(free)
        cell = self._cell(-frozen)
        self.program.append(Node(NodeMode.MAP, equity, cell))
        return cell

    def _add_borrowing(self, coin: str, cell: int) -> None:
        self.lookup.borrow_tiers(coin)
        self._map(cell, MAINTENANCE_CELL, borrow_schedule(VENUE, coin, MAINTENANCE), coin)
        self._map(cell, INITIAL_CELL, borrow_schedule(VENUE, coin, INITIAL), coin)

    def _map(self, source: int, target: int, schedule: ScheduleKey | None, coin: str) -> None:
        self.program.append(Node(NodeMode.MAP, source, target, schedule=schedule, scale=index_driver(VENUE, coin)))

    def _cell(self, constant: Decimal) -> int:
        self.base.append(constant)
        return len(self.base) - 1


def _isolated(pool: PoolHoldings, terms: PositionTerms, lookup: Lookup) -> Tape:
    # Margins stand on the entry: any price gives the same ones.
    value = value_position(terms, Decimal(1))
    with exact():
        base = (pool.wallets[terms.settle_asset] - terms.position.cost, value.maintenance_margin)
    return Tape(
        base=(*base, value.initial_margin or Decimal(0)),
        legs=(Leg(driver=terms.driver, quantity=terms.value_quantity, value_cell=COLLATERAL_CELL, margin_cell=NO_CELL),),
        program=(),
        margin_currency=terms.settle_asset,
        unit=index_driver(VENUE, terms.settle_asset),
        verified=not unverified_reasons(pool, lookup.verified),
        initial_margin_reason=initial_reason(pool, ()),
    )
