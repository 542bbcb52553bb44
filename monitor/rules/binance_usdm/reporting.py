"""The report of a pool: every figure with the parts that it is made of, their unit, formula and source."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.holdings import PoolHoldings
from monitor.domain.report import Part, PoolReport
from monitor.rules.binance_usdm.ladder import UNKNOWN, ladder_of
from monitor.rules.binance_usdm.parts import parts_of, position_parts
from monitor.rules.binance_usdm.schedules import schedules_in
from monitor.rules.binance_usdm.tape import compile_tape
from monitor.rules.binance_usdm.terms import Lookup
from monitor.rules.binance_usdm.valuation import figures_of, value_pool
from monitor.rules.drivers import mark_driver
from monitor.rules.pool_report import known_report, position_report, unknown_report, unsolved, unvalued_position
from monitor.rules.positions import value_position
from monitor.rules.rulebook import Missing, Prices, Tables
from monitor.rules.solve import liquidation_prices


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices)
    if isinstance(valuation, Missing):
        return _unknown_report(pool, tables, prices, valuation)
    solved = liquidation_prices(pool, compile_tape(pool, tables), tables, prices, schedules_in)
    positions = tuple(position_report(value, solved[value.terms.position.instrument]) for value in valuation.positions)
    figures = replace(figures_of(valuation), parts=parts_of(valuation))
    unverified = () if valuation.verified else ("a table is not verified",)
    return known_report(pool, figures, positions, ladder_of(figures), unverified, prices)


def _unknown_report(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing) -> PoolReport:
    """Without the pool's figures, those of single positions are still told where they can be had."""
    reports = []
    parts: list[Part] = []
    for position in pool.positions:
        lookup = Lookup(tables)
        terms = lookup.position(position)
        mark_price = lookup.price(mark_driver(position.instrument), prices)
        if terms is None or mark_price is None:
            reports.append(unvalued_position(position, "; ".join(lookup.reasons)))
            continue
        value = value_position(terms, mark_price)
        reports.append(position_report(value, unsolved(missing)))
        parts += position_parts(value)
    return unknown_report(pool, missing, tuple(reports), UNKNOWN, parts)
