"""What backs what: the pools that an account's holdings form.

Single-asset mode: one cross pool per margin asset. Multi-assets mode: one cross pool of all assets. Each isolated position
is a pool of its own; in hedge mode the long and the short are two.
"""

from __future__ import annotations

from monitor.domain.account import AccountMode
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.rules.backing import backing_of, in_order
from monitor.rules.rulebook import Tables


def pools_of(account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    backing = backing_of(account, tables)
    if account.mode is AccountMode.SINGLE_CURRENCY:
        return in_order((*backing.isolated_pools(), *backing.cross_pools_by_asset()))
    refused = account.mode is AccountMode.PORTFOLIO
    reasons = ["account mode portfolio is not covered by the USDⓈ-M rules"] if refused else []
    return in_order((*backing.isolated_pools(), backing.cross_pool(*reasons)))
