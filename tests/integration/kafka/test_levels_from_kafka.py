"""From a real broker through inbox and engine: each record once and in order per partition, every level change right."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from connectors.kafka.input import KafkaInput
from connectors.kafka.producer import KafkaSource
from connectors.kafka.settings import KafkaSettings
from monitor.domain.effects import LevelChanged
from monitor.domain.events import Fill, ValuationStarted
from monitor.domain.ids import SourcePosition
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch
from monitor.domain.tables import TableChanged
from monitor.engine import Engine
from monitor.engine_settings import EngineSettings
from monitor.inbox import EngineInbox
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY, load_class_weights
from tests.support.kafka_book import KafkaBook, PlannedFill, Recomputation, Tick, driver
from tests.support.servers.kafka import KafkaBroker
from tests.support.steady_clock import SteadyClock

pytestmark = [pytest.mark.server("kafka"), pytest.mark.slow, pytest.mark.timeout(600)]

ACCOUNTS, FILLS, TICKS, SYMBOLS = 1_000, 20_000, 200_000, 60
Change = tuple[int, str, int, int]


class Bench:
    """The engine behind its inbox; keeps every input with its first seq, and every level change."""

    def __init__(self, clock: SteadyClock) -> None:
        self.inbox = EngineInbox(high_water=1_000_000, event_capacity=5_000, now_ns=clock.now_ns, epoch=1)
        self.engine = Engine(EngineSettings())
        self.taken: list[tuple[int, Input, SourcePosition | None]] = []
        self.changes: list[Change] = []
        self.fills = self.rows = 0
        weights = TableChanged(key=CLASS_WEIGHTS_KEY, versions=(load_class_weights(),), ts_recv_ns=clock.now_ns())
        for item in (ClockAdvanced(clock.now_ns()), weights, ValuationStarted()):
            self.engine.process(item)

    def drain(self) -> None:
        """Process what waits."""
        for item, position in self.inbox.take():
            self.taken.append((self.engine.seq + 1, item, position))
            self.fills += isinstance(item, Fill)
            self.rows += len(item) if isinstance(item, PriceBatch) else 0
            for effect in self.engine.process(item, position):
                if isinstance(effect, LevelChanged) and effect.new is not None and not (effect.old is None and not effect.new):
                    self.changes.append((effect.seq, effect.account, int(effect.old or 0), int(effect.new)))

    async def until(self, fills: int, rows: int, accounts: int) -> None:
        """Drain until so much has been processed."""
        async with asyncio.timeout(300):
            while self.fills < fills or self.rows < rows or len(self.engine.account_ids()) < accounts:
                self.drain()
                await asyncio.sleep(0)


def recompute(book: KafkaBook, planned: dict[str, PlannedFill], bench: Bench) -> list[Change]:
    """The level changes that follow from what the engine took, in the order in which it took it."""
    witness: Recomputation = book.recomputation()
    for account in witness.accounts.values():
        account.level = 0  # without a position; the first level of an empty pool is no crossing
    symbols = {driver(symbol): symbol for symbol in range(SYMBOLS)}
    by_index = {bench.inbox.driver(key): symbol for key, symbol in symbols.items()}
    changes: list[Change] = []
    for seq, item, _ in bench.taken:
        if isinstance(item, Fill):
            fill = planned[item.trade_id]
            changed = witness.fill(fill.account, fill.symbol, fill.size, fill.price, fill.pnl, fill.fee)
            found = [] if changed is None else [changed]
            changes += [(seq, name, old or 0, new) for name, old, new in found]
        elif isinstance(item, PriceBatch):
            for row, (index, price) in enumerate(zip(item.driver, item.price, strict=True)):
                tick = Tick(by_index[index], round(price * 100))
                changes += [(seq + row, name, old or 0, new) for name, old, new in witness.tick(tick)]
    return changes


def offsets_taken(bench: Bench) -> dict[tuple[str, int], list[int]]:
    """The offsets of every place, in the order in which the engine took them."""
    offsets: dict[tuple[str, int], list[int]] = {}
    for _, item, position in bench.taken:
        if isinstance(item, PriceBatch):
            for lane, offset in zip(item.lane, item.offset_first, strict=True):
                offsets.setdefault(item.lanes[lane], []).append(offset)
        elif position is not None:
            offsets.setdefault((position.topic, position.partition), []).append(position.offset)
    return offsets


async def test_every_level_change_is_the_one_that_exact_arithmetic_finds(kafka_broker: KafkaBroker) -> None:
    clock = SteadyClock()
    prefix = f"test-{uuid.uuid4().hex}"
    await kafka_broker.create_marginwatch_topics(prefix, prices=3, accounts=4)
    settings = KafkaSettings(bootstrap_servers=kafka_broker.bootstrap, topic_prefix=prefix)
    book = KafkaBook(accounts=ACCOUNTS, fills=FILLS, ticks=TICKS, symbols=SYMBOLS, seed=7, now_ns=clock.now_ns())
    bench = Bench(clock)
    kafka_input = KafkaInput(settings, bench.inbox, clock, {(f"{prefix}.prices", partition): 0 for partition in range(3)})
    reading = asyncio.create_task(kafka_input.run())
    source = KafkaSource(settings, clock, "generated", 1)
    planned: dict[str, PlannedFill] = {}
    try:
        await source.start()
        for changed in book.tables():
            await source.publish_table(changed)
        for event in book.opening():
            await source.publish_event(event)
        await source.flush()
        await bench.until(0, 0, ACCOUNTS)
        for number, item in enumerate(book.stream()):
            if isinstance(item, PlannedFill):
                planned[item.event.trade_id] = item
                await source.publish_event(item.event)
            else:
                await source.publish_price(driver(item.symbol), item.printed, clock.now_ns(), clock.now_ns())
            if number == SYMBOLS - 1:  # every mark is known before the first fill
                await source.flush()
                await bench.until(0, SYMBOLS, ACCOUNTS)
            if number % 1_000 == 0:
                await asyncio.sleep(0)
                bench.drain()
        await source.flush()
        await bench.until(FILLS, TICKS, ACCOUNTS)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await source.stop()

    assert not bench.inbox.refused
    for place, offsets in offsets_taken(bench).items():
        assert offsets == list(range(len(offsets))), place
    expected = recompute(book, planned, bench)
    assert len(expected) >= 5_000
    missing, extra = set(expected) - set(bench.changes), set(bench.changes) - set(expected)
    assert (sorted(missing)[:5], sorted(extra)[:5]) == ([], [])
    assert len(bench.changes) == len(expected)
