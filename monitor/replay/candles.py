"""Candle files: JSON lists as freqtrade writes them, CSV, both also compressed by zstd, and feather (extra `candles`)."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from monitor.domain.errors import BadInput

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000

_SYMBOL = re.compile(r"(?<![A-Za-z0-9])([A-Z0-9]+?)_?(USDT|USDC)(?![A-Za-z0-9])")


class Candle(NamedTuple):
    """One candle: UTC ns of its opening, and four prices as printed (the float nearest to the decimal)."""

    open_ns: int
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """The candles of one symbol (`BTCUSDT`), rising in time; `interval_ns` is the smallest distance of two."""

    symbol: str
    base: str
    quote: str
    interval_ns: int
    candles: tuple[Candle, ...]
    source: str

    def between(self, start_ns: int, end_ns: int) -> Iterator[Candle]:
        """The candles that open at or after `start_ns` and before `end_ns`."""
        return (candle for candle in self.candles if start_ns <= candle.open_ns < end_ns)


def read_candles(path: Path) -> CandleSeries:
    """The candles of a file, whose name holds the symbol (`..._BTC_USDT-1m.json.zst`).

    Raises `BadInput` naming file, row and field for what is no candle, for times that do not rise, and for an unknown kind
    of file.
    """
    found = _SYMBOL.search(path.name)
    if found is None:
        raise BadInput("the file's name holds no symbol such as BTC_USDT", field="--candles", value=path.name)
    candles = tuple(_candle(row, index, str(path)) for index, row in enumerate(_rows(path)))
    if len(candles) < 2:
        raise BadInput("fewer than two candles", source=str(path))
    steps = [after.open_ns - before.open_ns for before, after in pairwise(candles)]
    if min(steps) <= 0:
        at = steps.index(min(steps)) + 1
        raise BadInput("times do not rise", field=f"row {at} timestamp", value=candles[at].open_ns, source=str(path))
    base, quote = found.groups()
    return CandleSeries(base + quote, base, quote, min(steps), candles, path.name)


def _rows(path: Path) -> Iterable[Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(error.strerror or str(error), field="--candles", value=str(path)) from error
    suffixes = path.suffixes
    if suffixes[-1:] == [".zst"]:
        data = _decompress(data, path)
        suffixes = suffixes[:-1]
    match suffixes[-1:]:
        case [".json"]:
            return _json_rows(data, path)
        case [".csv"]:
            return csv.DictReader(io.StringIO(data.decode()))
        case [".feather"]:
            return _feather_rows(data)
        case _:
            raise BadInput("expected .json, .csv (each also .zst) or .feather", field="--candles", value=str(path))


def _decompress(data: bytes, path: Path) -> bytes:
    try:
        return zstandard.ZstdDecompressor().stream_reader(data).read()
    except zstandard.ZstdError as error:
        raise BadInput(f"not a zstd file: {error}", source=str(path)) from error


def _json_rows(data: bytes, path: Path) -> list[Any]:
    try:
        rows = json.loads(data)
    except ValueError as error:
        raise BadInput(f"not JSON: {error}", source=str(path)) from error
    if not isinstance(rows, list):
        raise BadInput("expected a list of candles", source=str(path))
    return rows


def _feather_rows(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        import pyarrow as arrow  # noqa: PLC0415  # an optional extra, large
        from pyarrow import feather  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise BadInput("feather files need the extra: pip install 'marginwatch[candles]'", field="--candles") from error
    table = feather.read_table(arrow.BufferReader(data), columns=["date", "open", "high", "low", "close"])
    stamps = table["date"].cast(arrow.timestamp("ns", "UTC")).cast(arrow.int64())
    columns = [stamps.to_pylist(), *(table[name].to_pylist() for name in ("open", "high", "low", "close"))]
    for stamp, *prices in zip(*columns, strict=True):
        yield {"open_ns": stamp, **dict(zip(("open", "high", "low", "close"), prices, strict=True))}


def _candle(row: Any, index: int, source: str) -> Candle:
    if isinstance(row, list):
        row = dict(zip(("timestamp", "open", "high", "low", "close"), row, strict=False))
    if not isinstance(row, dict):
        raise BadInput("expected a list or an object", field=f"row {index}", value=row, source=source)
    prices = [_price(row, name, index, source) for name in ("open", "high", "low", "close")]
    candle = Candle(_open_ns(row, index, source), *prices)
    if not candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high:
        raise BadInput("low and high do not enclose open and close", field=f"row {index}", value=prices, source=source)
    return candle


def _price(row: dict[str, Any], name: str, index: int, source: str) -> float:
    try:
        price = float(row[name])
    except (KeyError, TypeError, ValueError):
        price = math.nan
    if not 0.0 < price < math.inf:
        raise BadInput("expected a price above 0", field=f"row {index} {name}", value=row.get(name), source=source)
    return price


def _open_ns(row: dict[str, Any], index: int, source: str) -> int:
    if "open_ns" in row:
        return int(row["open_ns"])
    stamp = row.get("timestamp")
    if isinstance(stamp, int):
        return stamp * MILLISECOND_NS
    try:
        moment = datetime.fromisoformat(str(stamp))
    except ValueError:
        raise BadInput("expected ms or a UTC time", field=f"row {index} timestamp", value=stamp, source=source) from None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * SECOND_NS
