"""What backs what: the pools that an account's holdings form.

Single-asset mode: one cross pool per margin asset. Multi-assets mode: one cross pool of all assets. Each isolated position
is a pool of its own; in hedge mode the long and the short are two.
"""

from __future__ import annotations

from monitor.domain.account import AccountMode, MarginMode, PoolKind
from monitor.domain.holdings import AccountHoldings, Order, PoolHoldings, Position
from monitor.domain.ids import cross_pool
from monitor.rules.backing import (
    CrossWallets,
    canonical,
    cross_pools_by_asset,
    isolated_holdings,
    no_instrument,
    pool_orders,
    settle_asset,
    unique,
)
from monitor.rules.rulebook import Tables


def pools_of(account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    positions = tuple(sorted((p for p in account.positions if p.size != 0), key=canonical))
    settles = {name: settle_asset(name, tables) for name in _instruments(positions, account.orders)}
    cross = tuple(p for p in positions if p.margin_mode is MarginMode.CROSS)
    isolated = tuple(p for p in positions if p.margin_mode is MarginMode.ISOLATED)
    wallets = CrossWallets(account.wallets, isolated, settles)
    found = [isolated_holdings(account.account, p, settles[p.instrument]) for p in isolated]
    if account.mode is AccountMode.SINGLE_CURRENCY:
        found += cross_pools_by_asset(account, cross, settles, wallets)
    else:
        found.append(_cross_pool(account, cross, settles, wallets))
    return tuple(sorted(found, key=lambda pool: pool.pool))


def _cross_pool(
    account: AccountHoldings, cross: tuple[Position, ...], settles: dict[str, str | None], wallets: CrossWallets
) -> PoolHoldings:
    unknown = tuple(no_instrument(p.instrument) for p in cross if settles[p.instrument] is None)
    assets = {asset for p in cross if (asset := settles[p.instrument]) is not None} | wallets.assets
    if account.mode is AccountMode.PORTFOLIO:
        unknown = (*unknown, "account mode portfolio is not covered by the USDⓈ-M rules")
    return PoolHoldings(
        pool=cross_pool(account.account),
        account=account.account,
        kind=PoolKind.CROSS,
        wallets={asset: wallets.balance(asset) for asset in sorted(assets)},
        positions=cross,
        orders=pool_orders(account.orders, settles, None),
        unknown=unique(unknown + wallets.unknown(None)),
    )


def _instruments(positions: tuple[Position, ...], orders: tuple[Order, ...]) -> set[str]:
    return {p.instrument for p in positions} | {order.instrument for order in orders}
