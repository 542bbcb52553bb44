"""The same pool over all coins as a tape: each coin has cells of equity, maintenance and initial margin."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.rules.coin_tiers import INITIAL, MAINTENANCE, OFF, ON
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.generic.documents import OTHER_MAINTENANCE, VENUE
from monitor.rules.generic.terms import Lookup
from monitor.rules.generic.valuation import initial_reason
from monitor.rules.rulebook import Missing, Tables
from monitor.rules.schedules import borrow_schedule, bracket_schedule, collateral_schedule
from monitor.rules.tape import COLLATERAL_CELL, INITIAL_CELL, MAINTENANCE_CELL, NO_CELL, Leg, Node, NodeMode, Tape
from monitor.rules.terms import PositionTerms


def compile_tape(pool: PoolHoldings, tables: Tables) -> Tape | Missing:
    """The pool's tape, or what is missing: a table, or what the holdings themselves do not know."""
    lookup = Lookup(tables)
    lookup.miss(*pool.unknown)
    lookup.weights()
    terms = lookup.positions(pool)
    base = [Decimal(0), pool.venue_given.get(OTHER_MAINTENANCE, Decimal(0)), Decimal(0)]
    legs: list[Leg] = []
    program: list[Node] = []
    for coin in sorted(pool.wallets):
        own = [term for term in terms if term.instrument.settle_asset == coin]
        with exact():
            constant = pool.wallets[coin] - sum((term.position.cost for term in own), Decimal(0))
        if not own and constant == 0:
            continue
        lookup.coin(coin, pool.wallets[coin], has_positions=bool(own))
        cells = (len(base), len(base) + 1, len(base) + 2)
        base += [constant, Decimal(0), Decimal(0)]
        program += _nodes(coin, cells, pool, constant, has_positions=bool(own))
        legs += [_leg(term, cells) for term in own]
    if lookup.reasons:
        return Missing(lookup.reasons)
    return Tape(
        base=tuple(base),
        legs=tuple(legs),
        program=tuple(program),
        margin_currency="USD",
        unit=None,
        table_version=lookup.table_version,
        verified=lookup.verified,
        initial_margin_reason=initial_reason(pool),
    )


def _leg(terms: PositionTerms, cells: tuple[int, int, int]) -> Leg:
    per_unit = terms.initial_margin_per_unit
    return Leg(
        driver=terms.driver,
        quantity=terms.value_quantity,
        value_cell=cells[0],
        margin_cell=cells[1],
        initial_cell=NO_CELL if per_unit is None else cells[2],
        schedule=bracket_schedule(terms.position.instrument),
        initial_rate=Decimal(0) if per_unit is None else per_unit,
    )


def _nodes(coin: str, cells: tuple[int, int, int], pool: PoolHoldings, constant: Decimal, *, has_positions: bool) -> list[Node]:
    """What converts a coin: its equity on either side of 0 as far as it can get there, its margins."""
    index, (equity, maintenance, initial) = index_driver(VENUE, coin), cells
    variant = OFF if coin in pool.not_collateral else ON
    counted = collateral_schedule(VENUE, coin, variant) if has_positions or constant > 0 else None
    nodes = [Node(NodeMode.MAP, equity, COLLATERAL_CELL, schedule=counted, scale=index)]
    if has_positions or constant < 0:
        nodes += [
            Node(NodeMode.MAP, equity, MAINTENANCE_CELL, schedule=borrow_schedule(VENUE, coin, MAINTENANCE), scale=index),
            Node(NodeMode.MAP, equity, INITIAL_CELL, schedule=borrow_schedule(VENUE, coin, INITIAL), scale=index),
        ]
    if has_positions:
        nodes += [
            Node(NodeMode.MAP, maintenance, MAINTENANCE_CELL, scale=index),
            Node(NodeMode.MAP, initial, INITIAL_CELL, scale=index),
        ]
    return nodes
