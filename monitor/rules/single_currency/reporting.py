"""The report of a pool: every figure with the parts that it is made of, their unit, formula and source."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.holdings import PoolHoldings
from monitor.domain.report import Part, PoolReport
from monitor.rules.drivers import mark_driver
from monitor.rules.pool_report import known_report, partly_valued, position_report, unknown_report, unsolved
from monitor.rules.positions import value_position
from monitor.rules.rulebook import Missing, Prices, Tables
from monitor.rules.schedules import table_schedules
from monitor.rules.single_currency.documents import Documents
from monitor.rules.single_currency.ladder import ladder_of, unknown_ladder
from monitor.rules.single_currency.parts import parts_of, position_parts
from monitor.rules.single_currency.tape import compile_tape
from monitor.rules.single_currency.valuation import value_pool
from monitor.rules.solve import liquidation_prices


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices, documents: Documents) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices, documents)
    if isinstance(valuation, Missing):
        return report_unknown(pool, tables, prices, valuation, documents)
    solved = liquidation_prices(pool, compile_tape(pool, tables, documents), tables, prices, table_schedules)
    positions = tuple(position_report(value, solved[value.terms.position.instrument]) for value in valuation.positions)
    figures = replace(valuation.figures, parts=parts_of(valuation, documents))
    unverified = (*documents.unverified, *pool.unverified, *(() if valuation.verified else ("a table is not verified",)))
    return known_report(pool, figures, positions, ladder_of(figures, documents), unverified, prices)


def report_unknown(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing, documents: Documents) -> PoolReport:
    """Without the pool's figures, those of single positions are still told where they can be had."""
    reports = []
    parts: list[Part] = []
    for position in pool.positions:
        lookup = documents.lookup(tables)
        terms = lookup.position(position)
        mark_price = lookup.price(mark_driver(position.instrument), prices)
        if terms is None or mark_price is None:
            reason = "; ".join(lookup.reasons)
            reports.append(partly_valued(position, reason, lookup.instrument(position.instrument), mark_price))
            continue
        value = value_position(terms, mark_price)
        reports.append(position_report(value, unsolved(missing)))
        parts += position_parts(value, documents)
    return unknown_report(pool, missing, tuple(reports), unknown_ladder(documents), parts)
