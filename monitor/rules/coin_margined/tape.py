"""The same pool as a tape: a leg a position on the reciprocal of its mark, no program, everything in the coin."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import symbol_of, venue_of
from monitor.rules.coin_margined.documents import Documents
from monitor.rules.coin_margined.terms import Lookup, PositionTerms
from monitor.rules.coin_margined.valuation import index_driver, initial_reason
from monitor.rules.derived import reciprocal_driver
from monitor.rules.exact import exact
from monitor.rules.rulebook import Missing, Tables
from monitor.rules.tape import COLLATERAL_CELL, INITIAL_CELL, MAINTENANCE_CELL, NO_CELL, Leg, ScheduleKey, Tape


def bracket_schedule(instrument: str) -> ScheduleKey:
    """The schedule of an instrument's maintenance margin, on the notional in the coin."""
    return ScheduleKey(venue_of(instrument), "leverage_brackets", symbol_of(instrument))


def compile_tape(pool: PoolHoldings, tables: Tables, documents: Documents) -> Tape | Missing:
    """The pool's tape, or what is missing: a table, or what the holdings themselves do not know."""
    lookup = Lookup(pool.account, tables)
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
        unit=index_driver(pool, coin),
        table_version=lookup.table_version,
        trigger=documents.trigger,
        verified=lookup.verified and not documents.unverified,
        initial_margin_reason=initial_reason(pool),
    )


def _leg(terms: PositionTerms) -> Leg:
    per_reciprocal = terms.initial_margin_per_reciprocal
    return Leg(
        driver=reciprocal_driver(terms.position.instrument),
        quantity=-terms.quantity,
        value_cell=COLLATERAL_CELL,
        margin_cell=MAINTENANCE_CELL,
        initial_cell=NO_CELL if per_reciprocal is None else INITIAL_CELL,
        schedule=bracket_schedule(terms.position.instrument),
        initial_rate=Decimal(0) if per_reciprocal is None else per_reciprocal,
    )
