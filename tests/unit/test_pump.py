"""The pump's pieces: long batches are cut, bursts whose positions overlap are not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from monitor.domain.effects import Effect
from monitor.domain.ids import DriverKey, DriverKind, SourcePosition
from monitor.domain.inputs import Input, PriceBatch
from monitor.engine import Engine
from monitor.engine_settings import EngineSettings
from monitor.inbox import EngineInbox
from monitor.pump import ROWS_AT_ONCE, Pump

NOW_NS = 1_700_000_000_000_000_000
DRIVERS = 600


class Pieces:
    """Keeps the price batches that were recorded, and the position that a snapshot at that moment would hold."""

    def __init__(self) -> None:
        self.batches: list[PriceBatch] = []

    def append(self, seq_first: int, engine_ns: int, item: Input, position: SourcePosition | None) -> None:
        if isinstance(item, PriceBatch):
            self.batches.append(item)


async def pumped(high_water: int, fill: Callable[[EngineInbox], None]) -> list[PriceBatch]:
    inbox = EngineInbox(high_water=high_water, event_capacity=10, now_ns=lambda: NOW_NS, epoch=1)
    engine, pieces = Engine(EngineSettings()), Pieces()
    inbox.advance_clock(NOW_NS)
    fill(inbox)

    async def deliver(effects: list[Effect]) -> None:
        pass

    pump = Pump(engine, inbox, pieces, deliver=deliver, decided=lambda item, now_ns: None, now_ns=lambda: 0)
    running = asyncio.create_task(pump.run())
    async with asyncio.timeout(20):
        while len(inbox) or engine.now_ns == 0 or not pieces.batches:  # noqa: ASYNC110 - the engine is no event
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return pieces.batches


def four_rounds(inbox: EngineInbox) -> None:
    """Each driver has a first, a low, a high and a last price of its own; offsets go through all drivers in turn."""
    drivers = [inbox.driver(DriverKey(DriverKind.MARK, f"venue:S{number}")) for number in range(DRIVERS)]
    lane = inbox.lane("prices", 0)
    for turn, price in enumerate((10.0, 9.0, 12.0, 11.0)):
        for place, driver in enumerate(drivers):
            inbox.put_price(driver, price, NOW_NS + turn, NOW_NS, lane, turn * DRIVERS + place)


async def test_prices_in_order_are_cut_so_that_other_tasks_get_a_turn() -> None:
    batches = await pumped(10_000, four_rounds)
    assert [len(batch) for batch in batches] == [ROWS_AT_ONCE, 4 * DRIVERS - ROWS_AT_ONCE]


async def test_bursts_are_one_piece_because_their_positions_overlap() -> None:
    batches = await pumped(1, four_rounds)
    assert [len(batch) for batch in batches] == [1, 4 * DRIVERS - 1]
