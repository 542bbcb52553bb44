"""A source of account events and prices as contract 5 asks of one: the reference for those who write their own.

It numbers events per account, tells its epoch, opens every account with a declaration and a complete state at each start,
and sends heartbeats to partitions that had nothing for two seconds. Accounts go to partitions by murmur2 of their id, as in
the Java client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka.partitioner import murmur2

from connectors.event_json import to_plain
from connectors.kafka.account_codec import encode_heartbeat
from connectors.kafka.envelope import write_object
from connectors.kafka.price_codec import encode_price
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.table_codec import encode_table_changed
from connectors.kafka.writer import make_producer
from monitor.domain.events import ACCOUNT_EVENT_KINDS, AccountEventType, Heartbeat
from monitor.domain.ids import DriverKey
from monitor.domain.ports import Clock
from monitor.domain.tables import TableChanged

HEARTBEAT_NS = 2_000_000_000
POLL_S = 0.25
_KIND_NAMES: dict[type, str] = {kind: name for name, kind in ACCOUNT_EVENT_KINDS.items()}


def partition_of(account: str, partitions: int) -> int:
    """The partition of an account, as the Java client's default partitioner has it."""
    hashed: int = murmur2(account.encode())
    return (hashed & 0x7FFFFFFF) % partitions


@dataclass(slots=True)
class _Sent:
    """What this epoch sent to one partition."""

    events: int = 0
    last_ns: int = 0


class KafkaSource:
    """One source in one epoch. Start it, publish, `run()` it beside for the heartbeats, stop it.

    `source_epoch` must grow at every start (the wall clock in ns does). The events given may carry any source, epoch and
    `account_seq`: they are replaced by this source's own.
    """

    def __init__(self, settings: KafkaSettings, clock: Clock, source: str, source_epoch: int) -> None:
        self._settings = settings
        self._clock = clock
        self._source = source
        self._source_epoch = source_epoch
        self._producer = make_producer(settings)
        self._accounts_topic = settings.topic("account-events")
        self._seq: dict[str, int] = {}
        self._sent: dict[int, _Sent] = {}
        self._pending: set[asyncio.Future[object]] = set()

    async def start(self, opening: Iterable[AccountEventType] = ()) -> None:
        """Connect and publish what opens the accounts: a declaration and a complete state of each."""
        await self._producer.start()
        partitions = await self._producer.partitions_for(self._accounts_topic)
        now_ns = self._clock.now_ns()
        self._sent = {partition: _Sent(last_ns=now_ns) for partition in partitions}
        for event in opening:
            await self.publish_event(event)

    async def stop(self) -> None:
        """Write what is queued and close; raises what could not be written."""
        try:
            await self.flush()
        finally:
            await self._producer.stop()

    async def run(self) -> None:
        """Send heartbeats until cancelled."""
        while True:
            for partition in self.quiet_partitions(self._clock.now_ns()):
                await self.publish_heartbeat(partition)
            await asyncio.sleep(POLL_S)

    def quiet_partitions(self, now_ns: int) -> list[int]:
        """The partitions to which nothing was sent for two seconds."""
        return [partition for partition, sent in self._sent.items() if now_ns - sent.last_ns >= HEARTBEAT_NS]

    async def publish_event(self, event: AccountEventType) -> int:
        """Queue an event under the account's next number, which it returns; the same call twice is two events."""
        seq = self._seq.get(event.account, 0) + 1
        own = {"source": self._source, "source_epoch": self._source_epoch, "account_seq": seq}
        value = write_object(_KIND_NAMES[type(event)], {**to_plain(event), **own})
        partition = partition_of(event.account, len(self._sent))
        await self._send(self._accounts_topic, event.account, value, partition)
        self._seq[event.account] = seq
        self._count(partition, 1)
        return seq

    async def publish_heartbeat(self, partition: int) -> None:
        """Queue a heartbeat with the count of events sent to the partition in this epoch."""
        now_ns = self._clock.now_ns()
        heartbeat = Heartbeat(
            source=self._source,
            source_epoch=self._source_epoch,
            partition=partition,
            count=self._sent[partition].events,
            ts_event_ns=now_ns,
            ts_recv_ns=now_ns,
        )
        await self._send(self._accounts_topic, self._source, encode_heartbeat(heartbeat), partition)
        self._count(partition, 0)

    async def publish_price(self, driver: DriverKey, price: str, ts_event_ns: int, ts_recv_ns: int) -> None:
        """Queue a price as the venue printed it."""
        value = encode_price(driver.kind, price, ts_event_ns, ts_recv_ns)
        await self._send(self._settings.topic("prices"), driver.subject, value, None)

    async def publish_table(self, changed: TableChanged) -> None:
        """Queue the whole schedule of a table; empty: withdrawn."""
        topic = self._settings.topic("risk-parameters")
        await self._send(topic, str(changed.key), encode_table_changed(changed), None)

    def skip_number(self, account: str) -> None:
        """Leave a hole in an account's numbers, as a source that lost an event would: for tests."""
        self._seq[account] = self._seq.get(account, 0) + 1

    async def flush(self) -> None:
        """Wait until all that was queued is acknowledged; raises what could not be written."""
        pending, self._pending = self._pending, set()
        await asyncio.gather(*pending)

    async def _send(self, topic: str, key: str, value: bytes | None, partition: int | None) -> None:
        future: asyncio.Future[object] = await self._producer.send(topic, value=value, key=key.encode(), partition=partition)
        self._pending.add(future)
        if len(self._pending) >= 10_000:
            await self.flush()

    def _count(self, partition: int, events: int) -> None:
        sent = self._sent[partition]
        sent.events += events
        sent.last_ns = self._clock.now_ns()
