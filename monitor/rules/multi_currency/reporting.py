"""The report of a pool over all coins: every figure with the parts that it is made of."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.holdings import PoolHoldings
from monitor.domain.report import PoolReport
from monitor.rules.multi_currency.documents import Documents
from monitor.rules.multi_currency.parts import parts_of
from monitor.rules.multi_currency.tape import compile_tape
from monitor.rules.multi_currency.valuation import value_pool
from monitor.rules.pool_report import known_report, position_report
from monitor.rules.rulebook import Missing, Prices, Tables
from monitor.rules.schedules import table_schedules
from monitor.rules.single_currency.ladder import ladder_of
from monitor.rules.single_currency.reporting import report_unknown
from monitor.rules.solve import liquidation_prices


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices, documents: Documents) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices, documents)
    if isinstance(valuation, Missing):
        return report_unknown(pool, tables, prices, valuation, documents)
    solved = liquidation_prices(pool, compile_tape(pool, tables, documents), tables, prices, table_schedules)
    positions = tuple(position_report(value, solved[value.terms.position.instrument]) for value in valuation.positions)
    figures = replace(valuation.figures, parts=parts_of(valuation, documents))
    printed = None if documents.printed is None else documents.printed(figures, valuation.coins)
    unverified = (*documents.unverified, *pool.unverified, *(() if valuation.verified else ("a table is not verified",)))
    return known_report(pool, figures, positions, ladder_of(figures, documents, printed), unverified, prices)
