"""What backs what: one cross pool over all coins (multi_currency) or one a settle asset; each isolated position is its own."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.account import AccountMode, MarginMode, PoolKind
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
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
from monitor.rules.generic.documents import OTHER_MAINTENANCE
from monitor.rules.rulebook import Tables


def pools_of(account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    positions = tuple(sorted((p for p in account.positions if p.size != 0), key=canonical))
    names = {p.instrument for p in positions} | {order.instrument for order in account.orders}
    settles = {name: settle_asset(name, tables) for name in names}
    cross = tuple(p for p in positions if p.margin_mode is MarginMode.CROSS)
    isolated = tuple(p for p in positions if p.margin_mode is MarginMode.ISOLATED)
    wallets = CrossWallets(account.wallets, isolated, settles)
    found = [isolated_holdings(account.account, p, settles[p.instrument]) for p in isolated]
    if account.mode is AccountMode.SINGLE_CURRENCY:
        found += cross_pools_by_asset(account, cross, settles, wallets)
    else:
        found.append(_cross_pool(account, cross, settles, wallets))
    reasons = _not_covered(account)
    return tuple(sorted((replace(pool, unknown=(*pool.unknown, *reasons)) for pool in found), key=lambda pool: pool.pool))


def _not_covered(account: AccountHoldings) -> tuple[str, ...]:
    """What the account tells and the plain book cannot place."""
    reasons = [f"{name} is no figure of the plain book" for name in account.venue_given if name != OTHER_MAINTENANCE]
    if account.mode is AccountMode.PORTFOLIO:
        reasons.append("account mode portfolio is not covered by the plain book")
    elif account.mode is AccountMode.SINGLE_CURRENCY and OTHER_MAINTENANCE in account.venue_given:
        reasons.append(f"{OTHER_MAINTENANCE} belongs to an account with one pool over all coins")
    return tuple(reasons)


def _cross_pool(
    account: AccountHoldings, cross: tuple[Position, ...], settles: dict[str, str | None], wallets: CrossWallets
) -> PoolHoldings:
    unknown = tuple(no_instrument(p.instrument) for p in cross if settles[p.instrument] is None)
    assets = {asset for p in cross if (asset := settles[p.instrument]) is not None} | wallets.assets
    return PoolHoldings(
        pool=cross_pool(account.account),
        account=account.account,
        kind=PoolKind.CROSS,
        wallets={asset: wallets.balance(asset) for asset in sorted(assets)},
        positions=cross,
        orders=pool_orders(account.orders, settles, None),
        unknown=unique(unknown + wallets.unknown(None)),
        not_collateral=account.not_collateral,
        venue_given=dict(account.venue_given),
    )
