"""A book of accounts comes back from its file as it was drawn; what does not fit is refused by name."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.account import AccountMode, MarginMode, PositionMode
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountDeclared, AccountState, Heartbeat
from monitor.domain.inputs import ClockAdvanced, PriceBatch
from monitor.domain.tables import Bracket, LeverageBrackets
from monitor.replay.accounts_file import AccountsFile, read_accounts_file, write_accounts_file
from monitor.replay.book_of_accounts import book_of_accounts
from monitor.replay.candles import SECOND_NS, Candle, CandleSeries
from monitor.replay.market import Coin, Market
from monitor.replay.timeline import span_of, timeline

MINUTE_NS = 60 * SECOND_NS
BRACKETS = LeverageBrackets(
    brackets=(
        Bracket(
            floor=Decimal(0),
            cap=None,
            maintenance_margin_rate=Decimal("0.01"),
            deduction=Decimal(0),
            initial_leverage=Decimal(25),
        ),
    )
)
MARKET = Market(
    MINUTE_NS,
    (
        Coin("BTCUSDT", "BTC", "USDT", 40_000.0, Decimal("0.01"), BRACKETS),
        Coin("DOGEUSDT", "DOGE", "USDT", 0.4, Decimal("0.00001"), BRACKETS),
    ),
    "made for the test",
)


def book(count: int = 60, seed: int = 7) -> AccountsFile:
    return book_of_accounts(MARKET, count, seed)


def series(symbol: str, *minutes: int) -> CandleSeries:
    candles = tuple(Candle(minute * MINUTE_NS, 10.0, 12.0, 9.0, 11.0) for minute in minutes)
    return CandleSeries(symbol, symbol[:-4], "USDT", MINUTE_NS, candles, f"{symbol}.json")


def test_book_comes_back_from_its_file(tmp_path: Path) -> None:
    write_accounts_file(tmp_path / "a.json", book())
    assert read_accounts_file(tmp_path / "a.json") == book()


def test_book_is_decided_by_its_seed() -> None:
    assert book(seed=7) == book(seed=7)
    assert book(seed=7) != book(seed=8)


def test_book_holds_every_kind_of_account() -> None:
    events = book(200).events
    declared = [event for event in events if isinstance(event, AccountDeclared)]
    positions = [position for event in events if isinstance(event, AccountState) for position in event.positions]
    assert {event.mode for event in declared} == {AccountMode.SINGLE_CURRENCY, AccountMode.MULTI_CURRENCY}
    assert {event.position_mode for event in declared} == set(PositionMode)
    assert {position.margin_mode for position in positions} == set(MarginMode)
    assert {position.size > 0 for position in positions} == {True, False}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format_version": 2}, "format_version = 2"),
        ({"starts_ns": "soon"}, "starts_ns"),
        ({"events": None}, "events = None"),
        ({"feeds": {"BTCUSDT": ["price/x:Y"]}}, "driver = 'price/x:Y'"),
        ({"constants": {"asset_index/x:USDT": "one"}}, "constants"),
        ({"constants": {"asset_index/x:USDT": "0"}}, "constants.asset_index/x:USDT = '0'"),
        ({"events": [{"kind": "heartbeat"}]}, "events[0]"),
        ({"events": [{"kind": "wish"}]}, "kind = 'wish'"),
        ({"tables": [{"table": "x/y/z"}]}, "table = 'x/y/z'"),
    ],
)
def test_wrong_field_is_named(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    path = tmp_path / "a.json"
    write_accounts_file(path, book(2))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BadInput) as refused:
        read_accounts_file(path)
    assert named in str(refused.value)
    assert str(path) in str(refused.value)


def test_clock_ticks_every_second_and_goes_before_the_prices() -> None:
    candles = [series("BTCUSDT", 1, 2, 5), series("DOGEUSDT", 1, 2, 5)]
    accounts = book(3)
    now_ns, stamps = 0, []
    for item, _ in timeline(candles, accounts, span_of(candles, accounts, None, None)):
        if isinstance(item, ClockAdvanced):
            assert not now_ns or 0 < item.now_ns - now_ns <= SECOND_NS
            now_ns = item.now_ns
        elif isinstance(item, PriceBatch):
            assert set(item.ts_event_ns) == set(item.ts_recv_ns) == {now_ns}
            # Two marks, the index of BTC, and the two stablecoins that are assumed.
            assert len(item) == 5
            stamps.append(now_ns // SECOND_NS)
    assert stamps == [60, 80, 100, 119, 120, 140, 160, 179, 300, 320, 340, 359]


def test_positions_are_dense_and_heartbeats_count_what_was_sent() -> None:
    candles = [series("BTCUSDT", 1, 2, 3), series("DOGEUSDT", 1, 2, 3)]
    accounts = book(3)
    inputs = list(timeline(candles, accounts, span_of(candles, accounts, None, None)))
    assert [position.offset for _, position in inputs if position is not None] == list(range(6 + 3))
    assert [item.count for item, _ in inputs if isinstance(item, Heartbeat)] == [6, 6, 6]
    offsets = [offset for item, _ in inputs if isinstance(item, PriceBatch) for offset in item.offset_first]
    assert offsets == list(range(len(offsets)))


def test_symbol_without_a_driver_is_refused() -> None:
    candles = [series("ETHUSDT", 1, 2)]
    accounts = book(1)
    with pytest.raises(BadInput, match="names no driver"):
        list(timeline(candles, accounts, span_of(candles, accounts, None, None)))


def test_time_without_candles_is_refused() -> None:
    with pytest.raises(BadInput, match="no candle"):
        span_of([series("BTCUSDT", 1, 2)], book(1), 10 * MINUTE_NS, None)
