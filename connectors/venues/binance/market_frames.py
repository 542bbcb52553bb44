"""Public frames: mark prices and asset indices.

Sources: "Mark Price Stream" and "Multi-Assets Mode Asset Index", developers.binance.com, read 2026-11-22, and captures of 2021.
A row that cannot be used is refused alone: the other rows of its array are good.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from connectors.venues.binance.decoding import build
from connectors.venues.binance.numbers import nanoseconds, number, price
from monitor.domain.errors import BadInput
from monitor.domain.tables import AssetIndexBuffers

INDEX_QUOTE = "USD"


class MarkPriceRow(msgspec.Struct, rename={"event_time_ms": "E", "symbol": "s", "mark_price": "p"}):
    """`markPriceUpdate`. Index price, settlement price and funding rate are in it too and are no inputs."""

    event_time_ms: int
    symbol: str
    mark_price: str


class AssetIndexRow(
    msgspec.Struct,
    rename={"event_time_ms": "E", "symbol": "s", "index_price": "i", "bid_buffer": "b", "ask_buffer": "a"},
):
    """`assetIndexUpdate`: the index of an asset in USD, and the buffers of multi-assets mode."""

    event_time_ms: int
    symbol: str
    index_price: str
    bid_buffer: str
    ask_buffer: str


class MarkPrice(NamedTuple):
    """One mark price: float64 nearest to the printed decimal, quote per base."""

    symbol: str
    mark_price: float
    ts_event_ns: int


class AssetIndex(NamedTuple):
    """One asset index, USD per unit, with its buffers as printed."""

    asset: str
    index_price: float
    ts_event_ns: int
    bid_buffer: str
    ask_buffer: str


@dataclass(frozen=True, slots=True)
class MarkPrices:
    """The usable rows of one frame in its order; `refused` rows one by one; `not_applicable` rows had no price."""

    rows: list[MarkPrice]
    refused: list[BadInput] = field(default_factory=list)
    not_applicable: int = 0


@dataclass(frozen=True, slots=True)
class AssetIndexes:
    """The usable rows of one frame in its order; `refused` rows one by one; `not_applicable` rows had no price."""

    rows: list[AssetIndex]
    refused: list[BadInput] = field(default_factory=list)
    not_applicable: int = 0


def mark_prices(rows: list[MarkPriceRow], source: str) -> MarkPrices:
    """The marks of decoded rows."""
    prices: list[MarkPrice] = []
    refused: list[BadInput] = []
    not_applicable = 0
    for row in rows:
        try:
            value = price(row.mark_price, f"{row.symbol}.p", source)
            if value is None:
                not_applicable += 1
            else:
                prices.append(MarkPrice(row.symbol, value, nanoseconds(row.event_time_ms, f"{row.symbol}.E", source)))
        except BadInput as error:
            refused.append(error)
    return MarkPrices(prices, refused, not_applicable)


def asset_indexes(rows: list[AssetIndexRow], source: str) -> AssetIndexes:
    """The asset indices of decoded rows."""
    indexes: list[AssetIndex] = []
    refused: list[BadInput] = []
    not_applicable = 0
    for row in rows:
        try:
            asset = asset_of(row.symbol, source)
            value = price(row.index_price, f"{row.symbol}.i", source)
            if value is None:
                not_applicable += 1
            else:
                moment = nanoseconds(row.event_time_ms, f"{row.symbol}.E", source)
                indexes.append(AssetIndex(asset, value, moment, row.bid_buffer, row.ask_buffer))
        except BadInput as error:
            refused.append(error)
    return AssetIndexes(indexes, refused, not_applicable)


def asset_of(symbol: str, source: str) -> str:
    """The asset of an index symbol: `BTC` of `BTCUSD`."""
    asset = symbol.removesuffix(INDEX_QUOTE)
    if asset in {symbol, ""}:
        raise BadInput("expected an asset followed by USD", field="s", value=symbol, source=source)
    return asset


def buffers(bid_buffer: str, ask_buffer: str, source: str) -> AssetIndexBuffers:
    """The haircut table of an asset from its printed buffers."""
    bid = number(bid_buffer, "b", source)
    ask = number(ask_buffer, "a", source)
    return build(lambda: AssetIndexBuffers(bid_buffer=bid, ask_buffer=ask), source)
