"""The rulebook of Binance USDⓈ-M futures."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.report import PoolReport
from monitor.domain.tables import TableKey, TableVersion
from monitor.rules.binance_usdm.documents import VENUE
from monitor.rules.binance_usdm.pools import pools_of
from monitor.rules.binance_usdm.reporting import report_pool
from monitor.rules.binance_usdm.schedules import schedules_in
from monitor.rules.binance_usdm.tape import compile_tape
from monitor.rules.binance_usdm.valuation import figures_of, value_pool
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.tape import Piece, ScheduleKey, Tape


class BinanceUsdm:
    """Binance USDⓈ-M: single-asset and multi-assets mode, cross and isolated, one-way and hedge."""

    venue = VENUE

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        return pools_of(account, tables)

    def compile(self, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
        """The pool's tape, or what is missing."""
        return compile_tape(pool, tables)

    def schedules(self, key: TableKey, version: TableVersion) -> Mapping[ScheduleKey, tuple[Piece, ...]]:
        """The schedules of a bracket table or of an asset's conversion; other tables define none."""
        return schedules_in(key, version)

    def figures(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolFigures | Missing:
        """C, M, I and A of the pool, exact, or what is missing."""
        valuation = value_pool(pool, tables, prices)
        return valuation if isinstance(valuation, Missing) else figures_of(valuation)

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the pool; level and top-up are the caller's."""
        return report_pool(pool, tables, prices)
