"""What backs what: one cross pool over all coins of the account; each isolated position is a pool of its own."""

from __future__ import annotations

from monitor.domain.account import AccountMode
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.rules.backing import backing_of, in_order
from monitor.rules.rulebook import Tables


def pools_of(account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    backing = backing_of(account, tables)
    refused = account.mode is not AccountMode.MULTI_CURRENCY
    reasons = [f"account mode {account.mode.value} is not covered by the Bybit rules"] if refused else []
    return in_order((*backing.isolated_pools(), backing.cross_pool(*reasons)))
