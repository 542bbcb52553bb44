"""Deribit behind the interface that every venue has."""

from __future__ import annotations

from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.rules.deribit.documents import DOCUMENTS
from monitor.rules.deribit.pools import pools_of
from monitor.rules.rulebook import Tables
from monitor.rules.single_currency import SingleCurrency


class Deribit(SingleCurrency):
    """Segregated standard margin of linear contracts."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        return pools_of(account, tables)
