"""What backs what: one cross pool per settle asset, over all its contracts; each isolated position is its own pool."""

from __future__ import annotations

from monitor.domain.account import AccountMode
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.rules.backing import backing_of, in_order
from monitor.rules.rulebook import Tables
from monitor.rules.single_currency.documents import Documents


def pools_of(account: AccountHoldings, tables: Tables, documents: Documents) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    backing = backing_of(account, tables)
    refused = account.mode is not AccountMode.SINGLE_CURRENCY
    reasons = [f"account mode {account.mode.value} is not covered by {documents.rules}"] if refused else []
    return in_order((*backing.isolated_pools(), *backing.cross_pools_by_asset()), *reasons)
