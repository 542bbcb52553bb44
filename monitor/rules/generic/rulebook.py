"""The plain book behind the interface that every venue has."""

from __future__ import annotations

from monitor.domain.account import PoolKind
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.report import PoolReport
from monitor.rules.generic.documents import ONE_CURRENCY
from monitor.rules.generic.pools import pools_of
from monitor.rules.generic.reporting import report_pool
from monitor.rules.generic.tape import compile_tape
from monitor.rules.generic.valuation import value_pool
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.single_currency import SingleCurrency
from monitor.rules.tape import Tape


class Generic(SingleCurrency):
    """Any venue by tables alone: a cross pool over all coins here; one a coin, and isolated positions, in the shared form."""

    def __init__(self) -> None:
        super().__init__(ONE_CURRENCY)

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        return pools_of(account, tables)

    def compile(self, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
        """The pool's tape, or what is missing."""
        return compile_tape(pool, tables) if pool.kind is PoolKind.CROSS else super().compile(pool, tables)

    def figures(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolFigures | Missing:
        """C, M, I and A of the pool, exact, or what is missing."""
        if pool.kind is not PoolKind.CROSS:
            return super().figures(pool, tables, prices)
        valuation = value_pool(pool, tables, prices)
        return valuation if isinstance(valuation, Missing) else valuation.figures

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the pool; level and top-up are the caller's."""
        if pool.kind is PoolKind.CROSS:
            return report_pool(pool, tables, prices)
        return super().report(pool, tables, prices)
