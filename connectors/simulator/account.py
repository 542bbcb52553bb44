"""One account of the venue: wallets, positions, orders, and what was done in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

CROSSED = "CROSSED"
ISOLATED = "ISOLATED"


@dataclass(slots=True, kw_only=True)
class HeldPosition:
    """One position. Integers of 1e-8: `size` in base units (long > 0), `cost` = signed sum of size times price, exact.

    Sizes and trade prices have eight decimals together at most, so the cost has no rounding in it.
    """

    symbol: str
    side: str
    asset: str
    isolated: bool = False
    size: int = 0
    cost: int = 0
    isolated_wallet: int = 0
    realised: int = 0
    updated_ms: int = 0


@dataclass(slots=True, kw_only=True)
class RestingOrder:
    """A limit order that waits; far enough from the market to stay there."""

    order_id: int
    client_id: str
    symbol: str
    buy: bool
    position_side: str
    quantity: int
    price: int
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One execution of the account's own; amounts in 1e-8, `fee` > 0 paid, `realised` as the venue prints it."""

    trade_id: int
    order_id: int
    client_id: str
    symbol: str
    buy: bool
    position_side: str
    quantity: int
    price: int
    quote: int
    fee: int
    asset: str
    realised: int
    time_ms: int
    liquidation: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """One change of a wallet: the sum over all of an asset is the wallet's balance."""

    kind: str
    asset: str
    amount: int
    symbol: str
    time_ms: int
    transaction_id: int
    trade_id: int


@dataclass(slots=True, kw_only=True)
class SimulatedAccount:
    """An account and its key. `wallets` are whole balances per asset, isolated wallets included."""

    name: str
    api_key: str
    api_secret: str
    multi_assets: bool
    hedge: bool
    role: str = ""
    may_trade: bool = False
    wallets: dict[str, int] = field(default_factory=dict)
    wallet_times: dict[str, int] = field(default_factory=dict)
    positions: dict[tuple[str, str], HeldPosition] = field(default_factory=dict)
    leverages: dict[str, int] = field(default_factory=dict)
    isolated_symbols: set[str] = field(default_factory=set)
    orders: dict[int, RestingOrder] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    incomes: list[Income] = field(default_factory=list)
    changed_ms: int = 0
    liquidated: bool = False
    called: set[str] = field(default_factory=set)

    def open_positions(self) -> Iterator[HeldPosition]:
        """Positions with a size, in the order in which they were first opened."""
        return (position for position in self.positions.values() if position.size)

    def cross_wallet(self, asset: str) -> int:
        """The balance of an asset less its isolated wallets."""
        held = sum(item.isolated_wallet for item in self.positions.values() if item.isolated and item.asset == asset)
        return self.wallets.get(asset, 0) - held

    def position(self, symbol: str, side: str, asset: str) -> HeldPosition:
        """The position of that symbol and side, made flat if there was none."""
        key = (symbol, side)
        if key not in self.positions:
            self.positions[key] = HeldPosition(symbol=symbol, side=side, asset=asset, isolated=symbol in self.isolated_symbols)
        return self.positions[key]
