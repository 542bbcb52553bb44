"""The market in which a generated book opens: instruments, brackets and prices at one moment, and the tables of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from monitor.domain.errors import BadInput
from monitor.domain.ids import DriverKey, DriverKind, subject_id
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import (
    AssetIndexBuffers,
    LeverageBrackets,
    Table,
    TableChanged,
    TableKey,
    TableKind,
    TableVersion,
)
from monitor.replay.brackets_file import BracketsFile
from monitor.replay.candles import CandleSeries
from monitor.rules.binance_usdm.documents import VENUE

STABLECOINS = ("USDT", "USDC")
COLLATERAL_BUFFERS = {
    "USDT": Decimal("0.0001"),
    "USDC": Decimal("0.0001"),
    "BTC": Decimal("0.05"),
    "ETH": Decimal("0.05"),
    "XRP": Decimal("0.10"),
}
"""Collateral value ratios of multi-assets mode: 99.99 % stablecoins, 95 % BTC and ETH, 90 % XRP (venue's table of 2021)."""
BUFFERS_SOURCE = "Binance, collateral value ratios of multi-assets mode, 2021 table"


@dataclass(frozen=True)
class Coin:
    """One perpetual: its price at the opening, and steps that follow from the printed digits of its candles."""

    symbol: str
    base: str
    quote: str
    price: float
    price_step: Decimal
    brackets: LeverageBrackets

    @property
    def instrument(self) -> str:
        """The instrument's id."""
        return subject_id(VENUE, self.symbol)

    @cached_property
    def size_step(self) -> Decimal:
        """The power of ten whose notional lies between 0.1 and 1 of the quote currency."""
        return Decimal(1).scaleb(-math.ceil(math.log10(self.price)))

    def maintenance_margin(self, notional: float) -> float:
        """The maintenance margin of a notional, for drawing wallets; the valuation itself is the engine's."""
        bracket = self.brackets.bracket_at(Decimal(notional))
        return notional * float(bracket.maintenance_margin_rate) - float(bracket.deduction)


@dataclass(frozen=True)
class Market:
    """All coins at one moment (UTC ns)."""

    at_ns: int
    coins: tuple[Coin, ...]
    brackets_source: str

    @cached_property
    def pledgeable(self) -> tuple[str, ...]:
        """The collateral assets beside USDT: USDC, and the coins that have a price and a documented ratio."""
        return ("USDC", *(coin.base for coin in self.coins if coin.base in COLLATERAL_BUFFERS))

    def index(self, asset: str) -> float:
        """The USD index of an asset: a stablecoin is assumed at 1, a coin at its price in USDT."""
        return 1.0 if asset in STABLECOINS else self.coin(asset).price

    def coin(self, base: str) -> Coin:
        """The coin with this base asset."""
        return next(coin for coin in self.coins if coin.base == base)

    @property
    def feeds(self) -> dict[str, tuple[DriverKey, ...]]:
        """The drivers that each symbol's candles move: its mark, and the index of the asset where that is collateral."""
        return {
            coin.symbol: (
                DriverKey(DriverKind.MARK, coin.instrument),
                *([_asset_index(coin.base)] if coin.base in self.pledgeable else []),
            )
            for coin in self.coins
        }

    @property
    def constants(self) -> dict[DriverKey, Decimal]:
        """The assumed indices of stablecoins."""
        return {_asset_index(asset): Decimal(1) for asset in STABLECOINS}

    @property
    def tables(self) -> tuple[TableChanged, ...]:
        """Instruments, brackets and asset indices, in force from time 0."""
        assets = ("USDT", *self.pledgeable)
        return (
            *(self._table(TableKind.INSTRUMENT, coin.symbol, _instrument(coin), "derived from candles") for coin in self.coins),
            *(
                self._table(TableKind.LEVERAGE_BRACKETS, coin.symbol, coin.brackets, self.brackets_source)
                for coin in self.coins
            ),
            *(self._table(TableKind.ASSET_INDEX, asset, _buffers(asset), BUFFERS_SOURCE) for asset in assets),
        )

    def _table(self, kind: TableKind, symbol: str, table: Table, source: str) -> TableChanged:
        version = TableVersion(version="candles-1", effective_ns=0, table=table, source=source)
        return TableChanged(key=TableKey(VENUE, kind, symbol), versions=(version,), ts_recv_ns=self.at_ns)


def market_at(at_ns: int, series: Sequence[CandleSeries], brackets: BracketsFile) -> Market:
    """The market at the opening of the candle at `at_ns`; raises `BadInput` for a symbol without a candle then."""
    coins = []
    for one in series:
        candle = next(iter(one.between(at_ns, at_ns + one.interval_ns)), None)
        if candle is None:
            raise BadInput(f"{one.symbol} has no candle then", field="--at", value=at_ns, source=one.source)
        decimals = max(_decimals(price) for candle in one.candles[:1000] for price in candle[1:])
        step = Decimal(1).scaleb(-decimals)
        coins.append(Coin(one.symbol, one.base, one.quote, candle.open, step, brackets.brackets(one.base, one.quote)))
    return Market(at_ns, tuple(coins), brackets.source)


def _decimals(price: float) -> int:
    exponent = Decimal(repr(price)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _asset_index(asset: str) -> DriverKey:
    return DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, asset))


def _buffers(asset: str) -> AssetIndexBuffers:
    return AssetIndexBuffers(bid_buffer=COLLATERAL_BUFFERS[asset], ask_buffer=COLLATERAL_BUFFERS[asset])


def _instrument(coin: Coin) -> Instrument:
    return Instrument(
        instrument=coin.instrument,
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base=coin.base,
        quote=coin.quote,
        settle_asset=coin.quote,
        size_step=coin.size_step,
        price_step=coin.price_step,
    )
