"""Pools in one currency behind the interface that every venue has."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.report import PoolReport
from monitor.domain.tables import TableKey, TableVersion
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.schedules import table_schedules
from monitor.rules.single_currency.documents import Documents
from monitor.rules.single_currency.pools import pools_of
from monitor.rules.single_currency.reporting import report_pool
from monitor.rules.single_currency.tape import compile_tape
from monitor.rules.single_currency.valuation import value_pool
from monitor.rules.tape import Piece, ScheduleKey, Tape


class SingleCurrency:
    """A venue's rules: a pool per settle asset in cross, a pool per isolated position."""

    def __init__(self, documents: Documents) -> None:
        self.venue = documents.venue
        self._documents = documents

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        return pools_of(account, tables, self._documents)

    def compile(self, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
        """The pool's tape, or what is missing."""
        return compile_tape(pool, tables, self._documents)

    def schedules(self, key: TableKey, version: TableVersion) -> Mapping[ScheduleKey, tuple[Piece, ...]]:
        """The schedules of leverage brackets; other tables define none."""
        return table_schedules(key, version)

    def figures(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolFigures | Missing:
        """C, M, I and A of the pool, exact, or what is missing."""
        valuation = value_pool(pool, tables, prices, self._documents)
        return valuation if isinstance(valuation, Missing) else valuation.figures

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the pool; level and top-up are the caller's."""
        return report_pool(pool, tables, prices, self._documents)
