"""What backs what: one cross pool over all coins (multi_currency) or one a settle asset; each isolated position is its own."""

from __future__ import annotations

from monitor.domain.account import AccountMode
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.rules.backing import backing_of, in_order
from monitor.rules.generic.documents import OTHER_MAINTENANCE
from monitor.rules.rulebook import Tables


def pools_of(account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    backing = backing_of(account, tables)
    by_asset = account.mode is AccountMode.SINGLE_CURRENCY
    cross = backing.cross_pools_by_asset() if by_asset else [backing.cross_pool()]
    return in_order((*backing.isolated_pools(), *cross), *_not_covered(account))


def _not_covered(account: AccountHoldings) -> tuple[str, ...]:
    """What the account tells and the plain book cannot place."""
    reasons = [f"{name} is no figure of the plain book" for name in account.venue_given if name != OTHER_MAINTENANCE]
    if account.mode is AccountMode.PORTFOLIO:
        reasons.append("account mode portfolio is not covered by the plain book")
    elif account.mode is AccountMode.SINGLE_CURRENCY and OTHER_MAINTENANCE in account.venue_given:
        reasons.append(f"{OTHER_MAINTENANCE} belongs to an account with one pool over all coins")
    return tuple(reasons)
