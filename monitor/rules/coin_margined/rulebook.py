"""Coin-margined contracts behind the interface that every venue has."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.ids import subject_id
from monitor.domain.report import PoolReport
from monitor.domain.tables import LeverageBrackets, TableKey, TableVersion
from monitor.rules.brackets import bracket_pieces
from monitor.rules.coin_margined.documents import Documents
from monitor.rules.coin_margined.pools import pools_of
from monitor.rules.coin_margined.reporting import report_pool
from monitor.rules.coin_margined.tape import bracket_schedule, compile_tape
from monitor.rules.coin_margined.valuation import value_pool
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.tape import Piece, ScheduleKey, Tape


class CoinMargined:
    """A venue's coin-margined contracts: a pool per coin in cross, a pool per isolated position."""

    def __init__(self, documents: Documents) -> None:
        self.venue = documents.venue
        self._documents = documents

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        return pools_of(account, tables)

    def compile(self, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
        """The pool's tape, or what is missing."""
        return compile_tape(pool, tables, self._documents)

    def schedules(self, key: TableKey, version: TableVersion) -> Mapping[ScheduleKey, tuple[Piece, ...]]:
        """The schedules of leverage brackets; other tables define none."""
        table = version.table
        return (
            {bracket_schedule(subject_id(key.venue, key.symbol)): bracket_pieces(table)}
            if isinstance(table, LeverageBrackets)
            else {}
        )

    def figures(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolFigures | Missing:
        """C, M, I and A of the pool, exact, or what is missing."""
        valuation = value_pool(pool, tables, prices, self._documents.trigger)
        return valuation if isinstance(valuation, Missing) else valuation.figures

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the pool; level and top-up are the caller's."""
        return report_pool(pool, tables, prices, self._documents)
