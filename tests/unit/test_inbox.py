"""The inbox: order of arrival, bursts that hide no crossing, readers that wait, refusals that mark the account."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import BadInput
from monitor.domain.events import OWN_SOURCE, AccountGap, DriverDeclared, Heartbeat
from monitor.domain.ids import DriverKey, DriverKind, SourcePosition
from monitor.domain.inputs import ClockAdvanced, PriceBatch
from monitor.inbox import EngineInbox
from tests.support.engine_timetable import BTC, Timetable, open_carol

KEY = DriverKey(DriverKind.MARK, BTC)


def inbox(*, high_water: int = 1000, events: int = 4) -> EngineInbox:
    return EngineInbox(high_water=high_water, event_capacity=events, now_ns=lambda: 77, epoch=5)


def beat(count: int) -> Heartbeat:
    return Heartbeat(source="desk", source_epoch=1, partition=0, count=count, ts_event_ns=0, ts_recv_ns=0)


def put(target: EngineInbox, *prices: float, driver: int = 0) -> None:
    for price in prices:
        target.put_price(driver, price, 1, 2, target.lane("prices", 0), int(price))


def rows(target: EngineInbox) -> list[tuple[int, float, int, int, int]]:
    return [
        (batch.driver[row], batch.price[row], batch.offset_first[row], batch.offset_last[row], batch.count[row])
        for batch, _ in target.take()
        if isinstance(batch, PriceBatch)
        for row in range(len(batch))
    ]


async def test_prices_and_events_keep_their_order_of_arrival() -> None:
    target = inbox()
    driver = target.driver(KEY)
    put(target, 1.0, 2.0)
    await target.put(beat(1))
    put(target, 3.0)
    target.advance_clock(9)
    items = [item for item, _ in target.take()]
    assert [type(item) for item in items] == [DriverDeclared, PriceBatch, Heartbeat, PriceBatch, ClockAdvanced]
    assert [list(item.price) for item in items if isinstance(item, PriceBatch)] == [[1.0, 2.0], [3.0]]
    assert target.driver(KEY) == driver
    assert len(target) == 0
    assert target.take() == []


def test_below_the_high_water_mark_every_price_is_kept() -> None:
    target = inbox(high_water=100)
    put(target, *(float(price) for price in range(1, 101)))
    assert not target.is_coalescing
    assert [price for _, price, *_ in rows(target)] == [float(price) for price in range(1, 101)]


def test_above_it_a_burst_keeps_first_low_high_and_last_in_their_order() -> None:
    target = inbox(high_water=1)
    put(target, 10.0)
    put(target, 20.0, 25.0, 5.0, 40.0, 30.0)
    assert target.is_coalescing
    assert rows(target) == [
        (0, 10.0, 10, 10, 1),
        (0, 20.0, 20, 30, 5),
        (0, 5.0, 20, 30, 0),
        (0, 40.0, 20, 30, 0),
        (0, 30.0, 20, 30, 0),
    ]
    assert not target.is_coalescing


def test_drivers_coalesce_each_for_itself() -> None:
    target = inbox(high_water=1)
    put(target, 1.0)
    put(target, 2.0, driver=0)
    put(target, 7.0, driver=1)
    put(target, 3.0, driver=0)
    assert [(driver, price) for driver, price, *_ in rows(target)] == [(0, 1.0), (0, 2.0), (0, 3.0), (1, 7.0)]


def test_a_burst_from_two_lanes_mixes_no_offsets() -> None:
    target = inbox(high_water=0)
    lanes = [target.lane("prices", 0), target.lane("prices", 1)]
    for price, lane, offset in ((2.0, 0, 10), (1.0, 1, 900), (3.0, 0, 11), (2.5, 1, 901)):
        target.put_price(0, price, 1, 2, lanes[lane], offset)
    ((batch, _),) = target.take()
    assert isinstance(batch, PriceBatch)
    assert list(batch.price) == [2.0, 1.0, 3.0, 2.5]
    assert list(zip(batch.lane, batch.offset_first, batch.offset_last, strict=True)) == [
        (0, 10, 11),
        (1, 900, 901),
        (0, 10, 11),
        (1, 900, 901),
    ]


@given(st.lists(st.floats(1, 1000, allow_nan=False), min_size=1, max_size=40))
def test_a_burst_of_any_prices_keeps_its_ends_and_extremes(prices: list[float]) -> None:
    target = inbox(high_water=0)
    put(target, *prices)
    kept = [price for _, price, *_ in rows(target)]
    assert (kept[0], kept[-1]) == (prices[0], prices[-1])
    assert (min(kept), max(kept)) == (min(prices), max(prices))
    assert 1 <= len(kept) <= 4
    remaining = iter(prices)
    assert all(price in remaining for price in kept)


@pytest.mark.parametrize("seed", range(5))
def test_a_coalesced_burst_hides_no_level(seed: int) -> None:
    """The deepest level that the prices one by one lead to is entered by the burst as well."""
    random = Random(seed)
    prices = [round(random.uniform(34_500, 42_000), 1) for _ in range(200)]
    deepest = []
    for high_water in (1000, 0):
        table = Timetable()
        open_carol(table)
        target = inbox(high_water=high_water)
        for price in prices:
            target.put_price(0, price, table.now_ns, table.now_ns, target.lane("prices", 0), 0)
        found = [effect for item, _ in target.take() for effect in table.give(item)]
        deepest.append(max(new or 0 for _, _, new in table.levels_of(found)))
        assert table.engine.counters.prices_coalesced == (0 if high_water else 200 - len(set(_kept(prices))))
    assert deepest[0] == deepest[1]


def _kept(prices: list[float]) -> list[int]:
    return [0, prices.index(min(prices)), prices.index(max(prices)), len(prices) - 1]


async def test_put_waits_while_the_inbox_is_full_and_loses_nothing() -> None:
    target = inbox(events=4)
    for number in range(4):
        await target.put(beat(number))
    waiting = [asyncio.ensure_future(target.put(beat(number))) for number in range(4, 10)]
    await asyncio.sleep(0)
    assert len(target) == 4
    assert not any(one.done() for one in waiting)
    taken: list[int] = []
    while len(taken) < 10:
        await target.wait()
        taken += [item.count for item, _ in target.take() if isinstance(item, Heartbeat)]
        assert len(target) <= 4
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert taken == list(range(10))


async def test_a_reader_that_gives_up_waiting_leaves_the_others_in_order() -> None:
    target = inbox(events=1)
    await target.put(beat(0))
    first, second = (asyncio.ensure_future(target.put(beat(number))) for number in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    target.take()
    await second
    assert [item.count for item, _ in target.take() if isinstance(item, Heartbeat)] == [2]


async def test_the_clock_and_refusals_never_wait() -> None:
    target = inbox(events=1)
    await target.put(beat(0))
    target.advance_clock(1)
    target.refuse(BadInput("no number", field="size", value="x", source="desk"), account="binance_usdm:carol")
    assert len(target) == 3


def test_a_refused_record_is_counted_and_marks_its_account() -> None:
    target = inbox()
    position = SourcePosition("account-events", 2, 17)
    error = BadInput("no number", field="size", value="x", source="desk")
    target.refuse(error, position, account="binance_usdm:carol")
    target.refuse(error, position, account="binance_usdm:carol")
    target.refuse(error, position)
    assert sum(target.refused.values()) == 3
    assert {source for source, _ in target.refused} == {"desk"}
    gaps = target.take()
    assert [where for _, where in gaps] == [position, position]
    for number, (gap, _) in enumerate(gaps, 1):
        assert isinstance(gap, AccountGap)
        assert (gap.account, gap.source, gap.source_epoch, gap.account_seq) == ("binance_usdm:carol", OWN_SOURCE, 5, number)
        assert "no number" in gap.reason
