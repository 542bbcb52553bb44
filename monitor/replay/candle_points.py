"""A candle as four prices in time: open, the nearer extreme, the other extreme, close.

A proxy: where inside the minute the extremes were reached is not known (field study of warning policies, "Path").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from monitor.replay.candles import Candle, CandleSeries


class PricePoint(NamedTuple):
    """One price of one symbol at a time (UTC ns)."""

    at_ns: int
    symbol: str
    price: float


def points(candle: Candle, symbol: str, interval_ns: int) -> tuple[PricePoint, ...]:
    """The four prices of a candle at 0, 1/3, 2/3 and 59/60 of its length (a minute: +0, 20, 40, 59 s).

    The extreme nearer to the open comes first; at equal distance the low, which is the worse one for most books.
    """
    low_first = candle.open - candle.low <= candle.high - candle.open
    near, far = (candle.low, candle.high) if low_first else (candle.high, candle.low)
    times = (0, interval_ns // 3, 2 * interval_ns // 3, 59 * interval_ns // 60)
    prices = (candle.open, near, far, candle.close)
    return tuple(PricePoint(candle.open_ns + at, symbol, price) for at, price in zip(times, prices, strict=True))


def points_between(series: CandleSeries, start_ns: int, end_ns: int) -> Iterator[PricePoint]:
    """All prices of the candles that open in `[start_ns, end_ns)`."""
    for candle in series.between(start_ns, end_ns):
        yield from points(candle, series.symbol, series.interval_ns)
