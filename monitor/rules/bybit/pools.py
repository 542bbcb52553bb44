"""What backs what: one cross pool over all coins of the account; each isolated position is a pool of its own."""

from __future__ import annotations

from monitor.domain.account import AccountMode, MarginMode, PoolKind
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.ids import cross_pool
from monitor.rules.backing import CrossWallets, canonical, isolated_holdings, no_instrument, settle_asset
from monitor.rules.rulebook import Tables


def pools_of(account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. A wallet that is not listed is 0; what is not known is named in `unknown`."""
    positions = tuple(sorted((p for p in account.positions if p.size != 0), key=canonical))
    names = {p.instrument for p in positions} | {order.instrument for order in account.orders}
    settles = {name: settle_asset(name, tables) for name in names}
    cross = tuple(p for p in positions if p.margin_mode is MarginMode.CROSS)
    isolated = tuple(p for p in positions if p.margin_mode is MarginMode.ISOLATED)
    found = [isolated_holdings(account.account, p, settles[p.instrument]) for p in isolated]
    found.append(_cross_pool(account, cross, settles, CrossWallets(account.wallets, isolated, settles)))
    return tuple(sorted(found, key=lambda pool: pool.pool))


def _cross_pool(
    account: AccountHoldings, cross: tuple[Position, ...], settles: dict[str, str | None], wallets: CrossWallets
) -> PoolHoldings:
    unknown = [no_instrument(p.instrument) for p in cross if settles[p.instrument] is None]
    if account.mode is not AccountMode.MULTI_CURRENCY:
        unknown.append(f"account mode {account.mode.value} is not covered by the Bybit rules")
    assets = {asset for asset in settles.values() if asset is not None} | wallets.assets | set(account.frozen)
    return PoolHoldings(
        pool=cross_pool(account.account),
        account=account.account,
        kind=PoolKind.CROSS,
        wallets={asset: wallets.balance(asset) for asset in sorted(assets)},
        positions=cross,
        orders=tuple(sorted(account.orders, key=lambda order: (order.instrument, order.order_id))),
        unknown=tuple(dict.fromkeys((*unknown, *wallets.unknown(None)))),
        frozen=account.frozen,
        not_collateral=account.not_collateral,
    )
