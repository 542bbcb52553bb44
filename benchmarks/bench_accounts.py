"""A real broker with tables and opened accounts, and the heartbeats that keep them FRESH while the daemon is measured."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.market import opening, tables
from connectors.kafka.producer import KafkaSource
from connectors.kafka.settings import KafkaSettings
from tests.support.servers.kafka import KafkaBroker

PREFIX = "bench"
PRICE_PARTITIONS = 2
# A fill at or before the venue time of a complete state is contained in it: the accounts were opened earlier.
OPENED_BEFORE_NS = 10_000_000_000


class WallClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        """Now, in ns since 1970."""
        return time.time_ns()


@dataclass(frozen=True, slots=True)
class Accounts:
    """Where the broker is, and the folder of this run."""

    bootstrap: str
    folder: Path

    @property
    def prices_topic(self) -> str:
        """The topic that the sender writes to."""
        return f"{PREFIX}.prices"

    def configuration(self, port: int) -> str:
        """The daemon's configuration without venues."""
        return (
            f'[kafka]\nbootstrap_servers = "{self.bootstrap}"\ntopic_prefix = "{PREFIX}"\n'
            f"[http]\nport = {port}\n"
            f'[state]\nfolder = "{self.folder / "state"}"\n'
            f'[log]\nlevel = "warning"\n'
        )


@asynccontextmanager
async def opened_accounts(count: int) -> AsyncIterator[Accounts]:
    """Start the broker, publish tables and `count` accounts, send heartbeats until the end, end the broker."""
    with tempfile.TemporaryDirectory(prefix="marginwatch-bench-") as name:
        folder = Path(name)
        broker = KafkaBroker(folder)
        await asyncio.to_thread(broker.start)
        try:
            await broker.create_marginwatch_topics(PREFIX, prices=PRICE_PARTITIONS)
            clock = WallClock()
            settings = KafkaSettings(bootstrap_servers=broker.bootstrap, topic_prefix=PREFIX)
            source = KafkaSource(settings, clock, "bench", clock.now_ns())
            await source.start()
            for changed in tables(clock.now_ns()):
                await source.publish_table(changed)
            for event in opening(count, clock.now_ns() - OPENED_BEFORE_NS):
                await source.publish_event(event)
            await source.flush()
            beating = asyncio.create_task(source.run())
            try:
                yield Accounts(broker.bootstrap, folder)
            finally:
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)
                await source.stop()
        finally:
            broker.stop()
