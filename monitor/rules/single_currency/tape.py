"""The same pool as a tape: a leg a position on its mark or the reciprocal, no program, everything in the one currency."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.rulebook import Missing, Tables
from monitor.rules.single_currency.documents import Documents
from monitor.rules.single_currency.valuation import initial_reason
from monitor.rules.tape import COLLATERAL_CELL, INITIAL_CELL, MAINTENANCE_CELL, NO_CELL, Leg, Tape
from monitor.rules.terms import PositionTerms


def compile_tape(pool: PoolHoldings, tables: Tables, documents: Documents) -> Tape | Missing:
    """The pool's tape, or what is missing: a table, or what the holdings themselves do not know."""
    lookup = documents.lookup(tables)
    lookup.miss(*pool.unknown)
    lookup.weights()
    terms, coin = lookup.positions(pool), pool.margin_asset
    if lookup.reasons or coin is None:
        return Missing(lookup.reasons)
    with exact():
        equity = pool.wallets[coin] - sum((term.position.cost for term in terms), Decimal(0))
    return Tape(
        base=(equity, Decimal(0), Decimal(0)),
        legs=tuple(_leg(term) for term in terms),
        program=(),
        margin_currency=coin,
        unit=index_driver(documents.venue, coin),
        trigger=documents.trigger,
        verified=lookup.verified and not documents.unverified and not pool.unverified,
        initial_margin_reason=initial_reason(pool, documents),
    )


def _leg(terms: PositionTerms) -> Leg:
    per_unit = terms.initial_margin_per_unit
    return Leg(
        driver=terms.driver,
        quantity=terms.value_quantity,
        value_cell=COLLATERAL_CELL,
        margin_cell=MAINTENANCE_CELL,
        initial_cell=NO_CELL if per_unit is None else INITIAL_CELL,
        schedule=terms.schedule,
        extra_margin=terms.flat_margin_per_unit,
        initial_rate=Decimal(0) if per_unit is None else per_unit,
    )
