"""Pools over all coins behind the interface that every venue has."""

from __future__ import annotations

from monitor.domain.account import PoolKind
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.report import PoolReport
from monitor.rules.multi_currency.documents import Documents
from monitor.rules.multi_currency.pools import pools_of
from monitor.rules.multi_currency.reporting import report_pool
from monitor.rules.multi_currency.tape import compile_tape
from monitor.rules.multi_currency.valuation import value_pool
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.single_currency import SingleCurrency
from monitor.rules.tape import Tape


class MultiCurrency(SingleCurrency):
    """A venue's rules: a cross pool over all coins here; pools of one coin and isolated positions in their own form."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(documents)
        self._over_all_coins = documents

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        return pools_of(account, tables, self._over_all_coins)

    def compile(self, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
        """The pool's tape, or what is missing."""
        if pool.kind is not PoolKind.CROSS:
            return super().compile(pool, tables)
        return compile_tape(pool, tables, self._over_all_coins)

    def figures(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolFigures | Missing:
        """C, M, I and A of the pool, exact, or what is missing."""
        if pool.kind is not PoolKind.CROSS:
            return super().figures(pool, tables, prices)
        valuation = value_pool(pool, tables, prices, self._over_all_coins)
        return valuation if isinstance(valuation, Missing) else valuation.figures

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the pool; level and top-up are the caller's."""
        if pool.kind is not PoolKind.CROSS:
            return super().report(pool, tables, prices)
        return report_pool(pool, tables, prices, self._over_all_coins)
