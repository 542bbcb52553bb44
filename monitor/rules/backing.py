"""What backs what: the pieces that venues share when they form the pools of an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from monitor.domain.account import MarginMode, PoolKind, PositionSide
from monitor.domain.holdings import AccountHoldings, Order, PoolHoldings, Position
from monitor.domain.ids import cross_pool, isolated_pool, symbol_of, venue_of
from monitor.domain.instrument import Instrument
from monitor.domain.tables import TableKey, TableKind
from monitor.rules.exact import exact
from monitor.rules.rulebook import Tables


def settle_asset(instrument: str, tables: Tables) -> str | None:
    """The asset that an instrument settles in, None without its table."""
    found = tables.find(_instrument_key(instrument))
    return found.table.settle_asset if found is not None and isinstance(found.table, Instrument) else None


def no_instrument(instrument: str) -> str:
    """The reason that names a missing instrument table."""
    return f"table {_instrument_key(instrument)} not loaded"


def wallet_not_seen(position: Position) -> str:
    """The reason that names an isolated wallet that was never seen."""
    return f"isolated wallet of {position.instrument} {position.position_side.value} not seen"


class CrossWallets:
    """The cross part of each wallet: the whole balance less the isolated wallets that the asset pays for."""

    def __init__(self, whole: dict[str, Decimal], isolated: tuple[Position, ...], settles: dict[str, str | None]) -> None:
        self.assets = frozenset(whole)
        self._whole = whole
        self._isolated = [(p, settles[p.instrument]) for p in isolated]

    def balance(self, asset: str) -> Decimal:
        """The cross wallet balance; a wallet that is not listed is 0."""
        with exact():
            away = (p.isolated_wallet for p, settle in self._isolated if settle == asset and p.isolated_wallet is not None)
            return self._whole.get(asset, Decimal(0)) - sum(away, Decimal(0))

    def unknown(self, asset: str | None) -> tuple[str, ...]:
        """Why the cross part of an asset is not known (None: of any asset), empty when it is."""
        reasons = []
        for position, settle in self._isolated:
            if settle is None:
                reasons.append(no_instrument(position.instrument))
            elif position.isolated_wallet is None and asset in {None, settle}:
                reasons.append(wallet_not_seen(position))
        return tuple(reasons)


def isolated_holdings(account: str, position: Position, settle: str | None) -> PoolHoldings:
    """The pool of an isolated position: its own wallet backs it alone; in hedge mode the long and the short are two."""
    side = None if position.position_side is PositionSide.BOTH else position.position_side.value
    wallet = position.isolated_wallet
    unknown = () if wallet is not None else (wallet_not_seen(position),)
    return PoolHoldings(
        pool=isolated_pool(account, symbol_of(position.instrument), side),
        account=account,
        kind=PoolKind.ISOLATED,
        wallets={settle: wallet} if settle is not None and wallet is not None else {},
        positions=(position,),
        margin_asset=settle,
        unknown=unknown if settle is not None else (no_instrument(position.instrument), *unknown),
    )


@dataclass(frozen=True, slots=True)
class Backing:
    """An account's positions by what backs them, in canonical order, with the asset that each instrument settles in."""

    account: AccountHoldings
    cross: tuple[Position, ...]
    isolated: tuple[Position, ...]
    settles: dict[str, str | None]
    wallets: CrossWallets

    def isolated_pools(self) -> list[PoolHoldings]:
        """A pool for each isolated position."""
        return [isolated_holdings(self.account.account, p, self.settles[p.instrument]) for p in self.isolated]

    def cross_pool(self, *unknown: str) -> PoolHoldings:
        """One cross pool of all assets. `unknown` names what else is not known of it."""
        account = self.account
        assets = {asset for asset in self.settles.values() if asset is not None} | self.wallets.assets | set(account.frozen)
        return PoolHoldings(
            pool=cross_pool(account.account),
            account=account.account,
            kind=PoolKind.CROSS,
            wallets={asset: self.wallets.balance(asset) for asset in sorted(assets)},
            positions=self.cross,
            orders=pool_orders(account.orders, self.settles, None),
            unknown=unique((*self._homeless(), *unknown, *self.wallets.unknown(None))),
            frozen=account.frozen,
            borrowed=account.borrowed,
            not_collateral=account.not_collateral,
            venue_given=dict(account.venue_given),
        )

    def cross_pools_by_asset(self) -> list[PoolHoldings]:
        """One cross pool for each settle asset: that of its wallet, its positions, and the orders that its wallet margins."""
        account, settles, wallets = self.account, self.settles, self.wallets
        assets = {asset for p in self.cross if (asset := settles[p.instrument]) is not None}
        assets |= {asset for order in account.orders if (asset := settles[order.instrument]) is not None}
        # A position whose asset is not known may belong to any of the pools: none of them is known.
        unknown = self._homeless()
        found = [
            PoolHoldings(
                pool=cross_pool(account.account, asset),
                account=account.account,
                kind=PoolKind.CROSS_ASSET,
                wallets={asset: wallets.balance(asset)},
                positions=tuple(p for p in self.cross if settles[p.instrument] == asset),
                orders=pool_orders(account.orders, settles, asset),
                margin_asset=asset,
                unknown=unique(unknown + wallets.unknown(asset)),
            )
            for asset in assets | wallets.assets
        ]
        if unknown:
            homeless = tuple(p for p in self.cross if settles[p.instrument] is None)
            found.append(
                PoolHoldings(
                    pool=cross_pool(account.account),
                    account=account.account,
                    kind=PoolKind.CROSS,
                    wallets={},
                    positions=homeless,
                    unknown=unique(unknown),
                )
            )
        return found

    def _homeless(self) -> tuple[str, ...]:
        return tuple(no_instrument(p.instrument) for p in self.cross if self.settles[p.instrument] is None)


def backing_of(account: AccountHoldings, tables: Tables) -> Backing:
    """What backs an account's positions. A wallet that is not listed is 0; a position of size 0 is none."""
    positions = tuple(sorted((p for p in account.positions if p.size != 0), key=canonical))
    names = {p.instrument for p in positions} | {order.instrument for order in account.orders}
    settles = {name: settle_asset(name, tables) for name in names}
    isolated = tuple(p for p in positions if p.margin_mode is MarginMode.ISOLATED)
    return Backing(
        account=account,
        cross=tuple(p for p in positions if p.margin_mode is MarginMode.CROSS),
        isolated=isolated,
        settles=settles,
        wallets=CrossWallets(account.wallets, isolated, settles),
    )


def in_order(pools: Iterable[PoolHoldings], *unknown: str) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids, each with what is not known of any of them."""
    found = (replace(pool, unknown=unique((*pool.unknown, *unknown))) if unknown else pool for pool in pools)
    return tuple(sorted(found, key=lambda pool: pool.pool))


def pool_orders(orders: tuple[Order, ...], settles: dict[str, str | None], asset: str | None) -> tuple[Order, ...]:
    """The orders whose margin the cross wallet of an asset (None: of any) keeps free, also those of isolated symbols."""
    return tuple(
        sorted(
            # An order whose asset is not known may need any of the wallets.
            (order for order in orders if asset is None or settles[order.instrument] in {None, asset}),
            key=lambda order: (order.instrument, order.order_id),
        )
    )


def unique(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Each reason once, in order."""
    return tuple(dict.fromkeys(reasons))


def canonical(position: Position) -> tuple[str, str, str]:
    """The key of the order in which a pool holds its positions."""
    return position.instrument, position.position_side.value, position.margin_mode.value


def _instrument_key(instrument: str) -> TableKey:
    return TableKey(venue_of(instrument), TableKind.INSTRUMENT, symbol_of(instrument))
