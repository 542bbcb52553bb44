"""What backs what: one cross pool over all coins, or one a settle asset; each isolated position is its own."""

from __future__ import annotations

from monitor.domain.account import AccountMode
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.rules.backing import backing_of, in_order
from monitor.rules.multi_currency.documents import OTHER_MAINTENANCE, Documents
from monitor.rules.rulebook import Tables


def pools_of(account: AccountHoldings, tables: Tables, documents: Documents) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    backing = backing_of(account, tables)
    by_asset = documents.by_asset and account.mode is AccountMode.SINGLE_CURRENCY
    cross = backing.cross_pools_by_asset() if by_asset else [backing.cross_pool()]
    reasons = _not_covered(account, documents)
    if backing.isolated and not documents.has_isolated:
        reasons.append(f"isolated positions are not covered by {documents.rules}")
    return in_order((*backing.isolated_pools(), *cross), *reasons)


def _not_covered(account: AccountHoldings, documents: Documents) -> list[str]:
    """What the account tells and the rules cannot place."""
    known = {OTHER_MAINTENANCE, *documents.owed}
    reasons = [f"{name} is no figure of {documents.rules}" for name in account.venue_given if name not in known]
    if account.mode is AccountMode.SINGLE_CURRENCY and documents.by_asset:
        if OTHER_MAINTENANCE in account.venue_given:
            reasons.append(f"{OTHER_MAINTENANCE} belongs to an account with one pool over all coins")
    elif account.mode not in documents.modes:
        reasons.append(f"account mode {account.mode.value} is not covered by {documents.rules}")
    return reasons
