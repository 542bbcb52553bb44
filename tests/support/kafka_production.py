"""A seeded book being produced to a real broker, up to a limit that the test moves."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from connectors.kafka.producer import KafkaSource
from connectors.kafka.settings import KafkaSettings
from tests.support.kafka_book import KafkaBook, PlannedFill, driver
from tests.support.kafka_daemon import KafkaDaemon
from tests.support.kafka_topics import read_topics


class WallClock:
    """Implements `monitor.domain.ports.Clock`."""

    def now_ns(self) -> int:
        """The time now."""
        return time.time_ns()


class Production:
    """Tables and accounts first, then a mark of each symbol, then fills and ticks mixed."""

    def __init__(self, settings: KafkaSettings, *, accounts: int, fills: int, ticks: int, symbols: int, seed: int) -> None:
        clock = WallClock()
        self.settings = settings
        self.symbols = symbols
        self.book = KafkaBook(accounts=accounts, fills=fills, ticks=ticks, symbols=symbols, seed=seed, now_ns=clock.now_ns())
        self.planned: dict[str, PlannedFill] = {}
        self.total = fills + ticks
        self.produced = 0
        self._clock = clock
        self._source = KafkaSource(settings, clock, "generated", clock.now_ns())
        self._limit = self.total
        self._moved = asyncio.Event()

    def allow(self, limit: int) -> None:
        """Produce up to so many fills and ticks, then wait."""
        self._limit = limit
        self._moved.set()

    async def reached(self, count: int) -> None:
        """Return when so many fills and ticks were produced."""
        while self.produced < count:  # noqa: ASYNC110 - a number that grows
            await asyncio.sleep(0.01)

    async def run(self, daemon: KafkaDaemon) -> None:
        """Produce it all; the daemon must know accounts and marks before the first fill. Heartbeats go on beside."""
        await self._source.start()
        heartbeats = asyncio.create_task(self._source.run())
        try:
            await self._open(daemon)
            for item in self.book.stream():
                if isinstance(item, PlannedFill):
                    self.planned[item.event.trade_id] = item
                    await self._source.publish_event(item.event)
                else:
                    now_ns = self._clock.now_ns()
                    await self._source.publish_price(driver(item.symbol), item.printed, now_ns, now_ns)
                self.produced += 1
                if self.produced == self.symbols:
                    await self._source.flush()
                    await daemon.until(lambda: daemon.metric("marginwatch_ticks_total") >= self.symbols, "sees every mark")
                if self.produced % 200 == 0:
                    await asyncio.sleep(0)
                await self._wait()
            await self._source.flush()
        finally:
            heartbeats.cancel()
            await asyncio.gather(heartbeats, return_exceptions=True)
            await self._source.stop()

    async def read_back(self) -> dict[tuple[str, int], list[object]]:
        """Every record that stands on the topics that the daemon reads."""
        topics = [self.settings.topic(name) for name in ("prices", "account-events", "risk-parameters")]
        return await read_topics(self.settings.bootstrap_servers, topics)

    async def _open(self, daemon: KafkaDaemon) -> None:
        for changed in self.book.tables():
            await self._source.publish_table(changed)
        for event in self.book.opening():
            await self._source.publish_event(event)
        await self._source.flush()
        states = {"kind": "account_state"}
        opened = len(self.book.names)
        await daemon.until(
            lambda: daemon.metric("marginwatch_account_events_total", **states) >= opened, "opened every account"
        )

    async def _wait(self) -> None:
        while self.produced >= self._limit < self.total:
            await self._source.flush()
            self._moved.clear()
            if self.produced >= self._limit:
                await self._moved.wait()


async def daemon_on(settings: KafkaSettings, folder: Path, *, snapshot_interval_s: float, more: str) -> KafkaDaemon:
    """A daemon that has been started on the topics and waits for accounts."""
    daemon = KafkaDaemon(
        folder, settings.bootstrap_servers, settings.topic_prefix, snapshot_interval_s=snapshot_interval_s, more=more
    )
    await daemon.start()
    return daemon
