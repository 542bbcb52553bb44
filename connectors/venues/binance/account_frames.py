"""Private frames as structs. Only the fields that are used; what is left out is left alone, so a new field breaks nothing.

Source: "User Data Streams" of USDⓈ-M futures, developers.binance.com, read 2026-11-22; true captures of 2021, 2022 and 2026.
Numbers stay text until they become Decimals; "" means that a number does not apply.
"""

from __future__ import annotations

import msgspec

_TIMES = {"event_time_ms": "E", "transaction_time_ms": "T"}


class Execution(
    msgspec.Struct,
    rename={
        "symbol": "s",
        "client_order_id": "c",
        "side": "S",
        "execution_type": "x",
        "order_id": "i",
        "last_quantity": "l",
        "last_price": "L",
        "fee": "n",
        "fee_asset": "N",
        "trade_id": "t",
        "realised_pnl": "rp",
        "position_side": "ps",
    },
):
    """`o` of ORDER_TRADE_UPDATE. Fee and its asset are "not pushed if no commission" (the venue's words): absent = none."""

    symbol: str
    client_order_id: str
    side: str
    execution_type: str
    order_id: int
    last_quantity: str
    last_price: str
    trade_id: int
    position_side: str
    fee: str | None = None
    fee_asset: str | None = None
    realised_pnl: str | None = None


class OrderTradeUpdate(msgspec.Struct, rename={**_TIMES, "order": "o"}):
    """ORDER_TRADE_UPDATE."""

    event_time_ms: int
    transaction_time_ms: int
    order: Execution


class BalanceRow(
    msgspec.Struct, rename={"asset": "a", "wallet_balance": "wb", "cross_wallet_balance": "cw", "balance_change": "bc"}
):
    """`a.B[]`: the whole wallet, absolute; the change excludes PnL and commission."""

    asset: str
    wallet_balance: str
    cross_wallet_balance: str
    balance_change: str | None = None


class PositionRow(
    msgspec.Struct,
    rename={
        "symbol": "s",
        "size": "pa",
        "entry_price": "ep",
        "margin_type": "mt",
        "isolated_wallet": "iw",
        "position_side": "ps",
    },
):
    """`a.P[]`: one position, absolute."""

    symbol: str
    size: str
    entry_price: str
    margin_type: str
    position_side: str
    isolated_wallet: str | None = None


class AccountChange(msgspec.Struct, rename={"reason": "m", "balances": "B", "positions": "P"}):
    """`a` of ACCOUNT_UPDATE: only what changed, and why."""

    reason: str
    balances: list[BalanceRow] = []
    positions: list[PositionRow] = []


class AccountUpdate(msgspec.Struct, rename={**_TIMES, "change": "a"}):
    """ACCOUNT_UPDATE."""

    event_time_ms: int
    transaction_time_ms: int
    change: AccountChange


class LeverageChange(msgspec.Struct, rename={"symbol": "s", "leverage": "l"}):
    """`ac` of ACCOUNT_CONFIG_UPDATE."""

    symbol: str
    leverage: int


class ModeChange(msgspec.Struct, rename={"multi_assets_mode": "j"}):
    """`ai` of ACCOUNT_CONFIG_UPDATE."""

    multi_assets_mode: bool


class AccountConfigUpdate(msgspec.Struct, rename={**_TIMES, "leverage_change": "ac", "mode_change": "ai"}):
    """ACCOUNT_CONFIG_UPDATE: one of the two."""

    event_time_ms: int
    transaction_time_ms: int
    leverage_change: LeverageChange | None = None
    mode_change: ModeChange | None = None


class MarginCallRow(
    msgspec.Struct,
    rename={"symbol": "s", "position_side": "ps", "mark_price": "mp", "maintenance_margin": "mm", "unrealised_pnl": "up"},
):
    """`p[]` of MARGIN_CALL."""

    symbol: str
    position_side: str
    mark_price: str
    maintenance_margin: str
    unrealised_pnl: str


class MarginCallUpdate(msgspec.Struct, rename={"event_time_ms": "E", "cross_wallet_balance": "cw", "positions": "p"}):
    """MARGIN_CALL."""

    event_time_ms: int
    positions: list[MarginCallRow]
    cross_wallet_balance: str | None = None


class ListenKeyExpiredUpdate(msgspec.Struct, rename={"event_time_ms": "E", "listen_key": "listenKey"}):
    """`listenKeyExpired`: nothing more comes on this socket."""

    event_time_ms: int
    listen_key: str | None = None
