"""What an account holds, as the ledger shows it and the rules read it. All figures Decimal and exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from monitor.domain.account import AccountMode, MarginMode, PoolKind, PositionMode, PositionSide


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One open position.

    `size` is signed (long > 0) in contracts or base units, as the instrument counts; `cost` is the signed sum of
    size times price that the open size was bought for, in the settle asset (linear: `size * entry price`), so that
    `unrealised PnL = size * mark - cost`; of inverse kinds `-size * contract size / entry price`, so that it is
    `-size * contract size / mark - cost`. `isolated_wallet` is None in cross mode, and None in isolated mode until it
    was seen. `leverage` is None until told, and so is `taker_fee_rate`, the account's own (0.0006 = 0.06 %): venues that
    put a closing fee into the margin need it. `funding_index` is that of its market up to which funding is settled, of venues
    that settle it late; None: all is settled.
    """

    instrument: str
    position_side: PositionSide
    margin_mode: MarginMode
    size: Decimal
    cost: Decimal
    leverage: Decimal | None = None
    isolated_wallet: Decimal | None = None
    adl_rank: int | None = None
    taker_fee_rate: Decimal | None = None
    funding_index: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An open order; `size` signed, what is left of it. `leverage` and `taker_fee_rate` None: those of the position."""

    instrument: str
    order_id: str
    position_side: PositionSide
    size: Decimal
    limit_price: Decimal | None = None
    reduce_only: bool = False
    leverage: Decimal | None = None
    taker_fee_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHoldings:
    """One account. `wallets` are whole balances per asset, isolated wallets included; positions in canonical order.

    `frozen` are amounts that spot orders and the like hold back, by asset; `borrowed` what the account was lent of an asset
    and still owes, already taken out of the balance; `not_collateral` the assets whose use as collateral the account has
    switched off. `venue_given` are figures that only the venue can tell (an add-on by a formula that it does not publish),
    under the names that the venue's rules give.
    """

    account: str
    mode: AccountMode
    position_mode: PositionMode
    wallets: dict[str, Decimal]
    positions: tuple[Position, ...]
    orders: tuple[Order, ...] = ()
    frozen: dict[str, Decimal] = field(default_factory=dict)
    borrowed: dict[str, Decimal] = field(default_factory=dict)
    not_collateral: tuple[str, ...] = ()
    venue_given: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHoldings:
    """What one pool holds, in canonical order (assets and instruments sorted), so that its tape has one form.

    `wallets` are the balances that back this pool: the cross part of an asset (whole balance less the isolated wallets), or
    the isolated wallet alone. `unknown` names what has not been seen and without which the pool has no figures.
    `venue_given` are those of the account that concern this pool. `unverified` names what no document confirms of the way in
    which the account forms it.
    """

    pool: str
    account: str
    kind: PoolKind
    wallets: dict[str, Decimal]
    positions: tuple[Position, ...]
    orders: tuple[Order, ...] = ()
    margin_asset: str | None = None
    unknown: tuple[str, ...] = field(default=())
    unverified: tuple[str, ...] = ()
    frozen: dict[str, Decimal] = field(default_factory=dict)
    borrowed: dict[str, Decimal] = field(default_factory=dict)
    not_collateral: tuple[str, ...] = ()
    venue_given: dict[str, Decimal] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """No position, no order, no liability and nothing that only the venue can tell: OK and not valued (contract 1)."""
        assets = {**self.wallets, **self.frozen}
        free = (self.wallets.get(asset, Decimal(0)) - self.frozen.get(asset, Decimal(0)) for asset in assets)
        held = (self.positions, self.orders, self.borrowed, self.venue_given)
        return not any(held) and all(amount >= 0 for amount in free)
