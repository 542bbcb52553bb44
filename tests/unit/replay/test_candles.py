"""Candle files become prices in time; what is no candle is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from monitor.domain.errors import BadInput
from monitor.replay.candle_points import points, points_between
from monitor.replay.candles import SECOND_NS, Candle, read_candles
from tests.support.requirements import shared_folder

MINUTE_NS = 60 * SECOND_NS
ROWS = [[60_000, 10.0, 12.5, 9.0, 11.0, 1.0], [120_000, 11.0, 11.0, 10.5, 10.5, 2.0], [300_000, 10.0, 10.0, 10.0, 10.0, 0.0]]


def written(folder: Path, rows: object, name: str = "spot_BTC_USDT-1m.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(rows))
    return path


def test_json_is_read(tmp_path: Path) -> None:
    series = read_candles(written(tmp_path, ROWS))
    assert (series.symbol, series.base, series.quote, series.interval_ns) == ("BTCUSDT", "BTC", "USDT", MINUTE_NS)
    assert series.candles[0] == Candle(MINUTE_NS, 10.0, 12.5, 9.0, 11.0)
    assert [candle.open_ns for candle in series.between(MINUTE_NS, 5 * MINUTE_NS)] == [MINUTE_NS, 2 * MINUTE_NS]


def test_csv_compressed_says_the_same(tmp_path: Path) -> None:
    rows = [
        "timestamp,open,high,low,close,volume",
        "1970-01-01 00:01:00,10.0,12.5,9.0,11.0,1",
        "1970-01-01 00:02:00,11,11,10.5,10.5,2",
    ]
    text = "\n".join(rows)
    path = tmp_path / "binance_2025_BTCUSDT_1m.csv.zst"
    path.write_bytes(zstandard.compress(text.encode()))
    assert read_candles(path).candles == read_candles(written(tmp_path, ROWS[:2])).candles


@pytest.mark.parametrize(
    ("candle", "expected"),
    [
        (Candle(0, 10, 12, 9, 11), (10, 9, 12, 11)),
        (Candle(0, 10, 11, 8, 9), (10, 11, 8, 9)),
        (Candle(0, 10, 12, 8, 9), (10, 8, 12, 9)),
        (Candle(0, 10, 10, 10, 10), (10, 10, 10, 10)),
    ],
    ids=["low nearer", "high nearer", "equal: low first", "flat"],
)
def test_nearer_extreme_comes_first(candle: Candle, expected: tuple[float, ...]) -> None:
    made = points(candle, "BTCUSDT", MINUTE_NS)
    assert tuple(point.price for point in made) == expected
    assert [point.at_ns // SECOND_NS for point in made] == [0, 20, 40, 59]


def test_longer_candles_are_spread_over_their_length(tmp_path: Path) -> None:
    series = read_candles(written(tmp_path, [[0, 1, 1, 1, 1], [300_000, 1, 1, 1, 1]]))
    assert [point.at_ns // SECOND_NS for point in points_between(series, 0, 1)] == [0, 100, 200, 295]


@pytest.mark.parametrize(
    ("rows", "field", "value"),
    [
        ([[0, 1, 1, 1, 1], [0, 1, 1, 1, 1]], "row 1 timestamp", 0),
        ([[0, 1, 1, 1, 1], [60_000, 1, 1, "x", 1]], "row 1 low", "x"),
        ([[0, 1, 1, 1, 1], [60_000, 1, 1, 1]], "row 1 close", None),
        ([[0, 1, 1, 1, 0], [60_000, 1, 1, 1, 1]], "row 0 close", 0),
        ([[0, 5, 4, 1, 2], [60_000, 1, 1, 1, 1]], "row 0", [5.0, 4.0, 1.0, 2.0]),
        ([["soon", 1, 1, 1, 1], [60_000, 1, 1, 1, 1]], "row 0 timestamp", "soon"),
    ],
)
def test_what_is_no_candle_is_refused_by_name(tmp_path: Path, rows: object, field: str, value: object) -> None:
    with pytest.raises(BadInput) as refused:
        read_candles(written(tmp_path, rows))
    assert (refused.value.field, refused.value.value) == (field, value)
    assert "BTC_USDT" in refused.value.source


def test_name_without_a_symbol_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no symbol"):
        read_candles(written(tmp_path, ROWS, "candles.json"))


def test_every_kind_of_shared_file_is_read() -> None:
    prices = shared_folder() / "data" / "prices"
    assert read_candles(prices / "2025-02-03_tariff_crash" / "binance_2025_ETHUSDT_1m.csv.zst").interval_ns == MINUTE_NS
    pytest.importorskip("pyarrow")
    futures = read_candles(prices / "2025-02-03_tariff_crash" / "bybit_BTC_USDT-5m-futures.feather")
    assert (futures.symbol, futures.interval_ns) == ("BTCUSDT", 5 * MINUTE_NS)
