"""The report of a pool: every figure with the parts that it is made of, their unit, formula and source."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.report import PoolReport, PositionReport
from monitor.rules.bybit.ladder import ladder_of, unknown_ladder
from monitor.rules.bybit.parts import parts_of, surveyed_parts
from monitor.rules.bybit.printed import venue_figures
from monitor.rules.bybit.tape import compile_tape
from monitor.rules.bybit.terms import Lookup
from monitor.rules.bybit.valuation import figures_of, survey, value_pool
from monitor.rules.drivers import mark_driver
from monitor.rules.pool_report import known_report, partly_valued, position_report, unknown_report, unsolved
from monitor.rules.rulebook import Missing, Prices, Tables
from monitor.rules.schedules import table_schedules
from monitor.rules.solve import liquidation_prices


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices)
    if isinstance(valuation, Missing):
        return _unknown_report(pool, tables, prices, valuation)
    solved = liquidation_prices(pool, compile_tape(pool, tables), tables, prices, table_schedules)
    positions = tuple(position_report(value, solved[value.terms.position.instrument]) for value in valuation.survey.positions)
    figures = replace(figures_of(valuation), parts=parts_of(valuation))
    printed = {} if valuation.is_isolated else venue_figures(valuation)
    ladder = replace(ladder_of(figures, is_isolated=valuation.is_isolated), venue_figures=printed)
    return known_report(pool, figures, positions, ladder, valuation.survey.unverified, prices)


def _unknown_report(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing) -> PoolReport:
    """Without the pool's figures, those of single coins and positions are still told where they can be had."""
    found = survey(pool, tables, prices)
    valued = {id(value.terms.position): value for value in found.positions}
    positions = tuple(
        position_report(valued[id(position)], unsolved(missing))
        if id(position) in valued
        else _unvalued(position, tables, prices, missing)
        for position in pool.positions
    )
    ladder = unknown_ladder(is_isolated=pool.kind is PoolKind.ISOLATED)
    report = unknown_report(pool, missing, positions, ladder, surveyed_parts(found))
    return replace(report, collateral_value=found.collateral_value)


def _unvalued(position: Position, tables: Tables, prices: Prices, missing: Missing) -> PositionReport:
    lookup = Lookup(tables)
    lookup.position(position)
    reason = "; ".join(lookup.reasons or missing.reasons)
    return partly_valued(position, reason, lookup.instrument(position.instrument), prices(mark_driver(position.instrument)))
