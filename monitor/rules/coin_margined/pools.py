"""What backs what: one cross pool per coin, over its perpetual and its quarterlies; each isolated position is its own pool."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.account import AccountMode, MarginMode
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.rules.backing import CrossWallets, canonical, cross_pools_by_asset, isolated_holdings, settle_asset
from monitor.rules.rulebook import Tables


def pools_of(account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    positions = tuple(sorted((p for p in account.positions if p.size != 0), key=canonical))
    names = {p.instrument for p in positions} | {order.instrument for order in account.orders}
    settles = {name: settle_asset(name, tables) for name in names}
    cross = tuple(p for p in positions if p.margin_mode is MarginMode.CROSS)
    isolated = tuple(p for p in positions if p.margin_mode is MarginMode.ISOLATED)
    found = [isolated_holdings(account.account, p, settles[p.instrument]) for p in isolated]
    found += cross_pools_by_asset(account, cross, settles, CrossWallets(account.wallets, isolated, settles))
    if account.mode is not AccountMode.SINGLE_CURRENCY:
        reason = f"account mode {account.mode.value} is not covered by the rules of coin-margined contracts"
        found = [replace(pool, unknown=(*pool.unknown, reason)) for pool in found]
    return tuple(sorted(found, key=lambda pool: pool.pool))
