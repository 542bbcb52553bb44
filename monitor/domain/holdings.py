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
    `unrealised PnL = size * mark - cost`. `isolated_wallet` is None in cross mode, and None in isolated mode until it
    was seen. `leverage` is None until told.
    """

    instrument: str
    position_side: PositionSide
    margin_mode: MarginMode
    size: Decimal
    cost: Decimal
    leverage: Decimal | None = None
    isolated_wallet: Decimal | None = None
    adl_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An open order; `size` signed, what is left of it."""

    instrument: str
    order_id: str
    position_side: PositionSide
    size: Decimal
    limit_price: Decimal | None = None
    reduce_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHoldings:
    """One account. `wallets` are whole balances per asset, isolated wallets included; positions in canonical order."""

    account: str
    mode: AccountMode
    position_mode: PositionMode
    wallets: dict[str, Decimal]
    positions: tuple[Position, ...]
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHoldings:
    """What one pool holds, in canonical order (assets and instruments sorted), so that its tape has one form.

    `wallets` are the balances that back this pool: the cross part of an asset (whole balance less the isolated wallets), or
    the isolated wallet alone. `unknown` names what has not been seen and without which the pool has no figures.
    """

    pool: str
    account: str
    kind: PoolKind
    wallets: dict[str, Decimal]
    positions: tuple[Position, ...]
    orders: tuple[Order, ...] = ()
    margin_asset: str | None = None
    unknown: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """No position, no order and no negative balance: OK and not valued (contract 1)."""
        return not self.positions and not self.orders and all(balance >= 0 for balance in self.wallets.values())
