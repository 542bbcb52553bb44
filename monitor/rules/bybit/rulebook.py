"""The rulebook of Bybit."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.report import PoolReport
from monitor.domain.tables import TableKey, TableVersion
from monitor.rules.bybit.documents import VENUE
from monitor.rules.bybit.pools import pools_of
from monitor.rules.bybit.reporting import report_pool
from monitor.rules.bybit.tape import compile_tape
from monitor.rules.bybit.valuation import figures_of, value_pool
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.schedules import table_schedules
from monitor.rules.tape import Piece, ScheduleKey, Tape


class Bybit:
    """Bybit Unified Trading Account: cross margin, isolated positions, linear and inverse, one-way and hedge."""

    venue = VENUE

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        return pools_of(account, tables)

    def compile(self, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
        """The pool's tape, or what is missing."""
        return compile_tape(pool, tables)

    def schedules(self, key: TableKey, version: TableVersion) -> Mapping[ScheduleKey, tuple[Piece, ...]]:
        """The schedules of risk tiers, collateral ratios and borrow tiers; other tables define none."""
        return table_schedules(key, version)

    def figures(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolFigures | Missing:
        """C, M, I and A of the pool, exact, or what is missing."""
        valuation = value_pool(pool, tables, prices)
        return valuation if isinstance(valuation, Missing) else figures_of(valuation)

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the pool; level and top-up are the caller's."""
        return report_pool(pool, tables, prices)
