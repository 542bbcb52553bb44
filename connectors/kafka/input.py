"""Kafka in: prices, account events and risk parameters into the inbox.

Two readers, so that account events that wait for room in the inbox never hold up a price. A record that cannot be used is
set aside with its bytes, counted and logged by the inbox with its place, and the stream goes on.
"""

from __future__ import annotations

import asyncio

import msgspec
from aiokafka import ConsumerRecord

from connectors.feed_health import FeedHealth
from connectors.kafka.account_codec import decode_account_record
from connectors.kafka.dead_letters import DeadLetter, DeadLetters
from connectors.kafka.envelope import account_in, source_of
from connectors.kafka.partition import ReadPartition
from connectors.kafka.price_codec import decode_price, decode_venue_status, driver_of, price_of
from connectors.kafka.reader import PartitionReader, StartPositions, TopicToRead
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.table_codec import decode_table_record
from monitor.domain.errors import BadInput
from monitor.domain.ids import SourcePosition
from monitor.domain.inputs import DomainEvent
from monitor.domain.ports import Clock, Inbox


class KafkaInput:
    """Everything that comes in by Kafka.

    `start_positions`: (topic, partition) -> next offset, as the snapshot holds them. A partition without one begins at its
    end (prices) or at its beginning (all else). `run()` goes on until cancelled.
    """

    def __init__(self, settings: KafkaSettings, inbox: Inbox, clock: Clock, start_positions: StartPositions) -> None:
        self._settings = settings
        self._inbox = inbox
        self._dead_letters = DeadLetters(settings, clock)
        self._drivers: dict[tuple[bytes | None, str], int] = {}
        prices = TopicToRead(name=settings.topic("prices"), handle=self.handle_prices, from_end=True)
        tables = TopicToRead(name=settings.topic("risk-parameters"), handle=self.handle_tables)
        accounts = TopicToRead(
            name=settings.topic("account-events"), handle=self.handle_account_events, partitions=settings.account_partitions
        )
        self._price_reader = PartitionReader("prices", settings, (prices,), inbox, clock, start_positions)
        self._event_reader = PartitionReader("events", settings, (tables, accounts), inbox, clock, start_positions)

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dead_letters.run())
            group.create_task(self._price_reader.run())
            group.create_task(self._event_reader.run())

    def caught_up(self) -> bool:
        """Whether each partition has handed over all that was on the broker when reading began.

        Handed over to the inbox: the engine may still have it before it. False for good when an offset is out of range.
        """
        return self._price_reader.caught_up() and self._event_reader.caught_up()

    def positions(self) -> dict[tuple[str, int], int]:
        """(topic, partition) -> the next offset that will be handed over; the engine's own are those of its inputs."""
        return {**self._price_reader.positions(), **self._event_reader.positions()}

    def began_at(self) -> dict[tuple[str, int], int]:
        """(topic, partition) -> the offset at which its reading began; empty until all are attached.

        A snapshot needs it for partitions that gave nothing yet: prices begin at the latest only once, not at each restart.
        """
        prices, events = self._price_reader.began_at(), self._event_reader.began_at()
        return {**prices, **events} if prices and events else {}

    def feeds(self) -> list[FeedHealth]:
        """The health of every partition, and of the dead letters."""
        return [*self._price_reader.feeds(), *self._event_reader.feeds(), self._dead_letters.health()]

    async def handle_prices(self, partition: ReadPartition, records: list[ConsumerRecord]) -> None:
        """Hand over prices: never waits, except for a bad record or a venue status."""
        drivers, put_price = self._drivers, self._inbox.put_price
        lane = self._inbox.lane(partition.topic, partition.partition)
        for record in records:
            try:
                row = decode_price(record.value)
                price = price_of(row)
                driver = drivers[record.key, row.kind]
            except (msgspec.MsgspecError, TypeError, KeyError):
                price = None
            if price is None:
                await self._hand_over_rare(partition, record, lane)
            else:
                put_price(driver, price, row.ts_event_ns, row.ts_recv_ns, lane, record.offset)

    async def handle_account_events(self, partition: ReadPartition, records: list[ConsumerRecord]) -> None:
        """Hand over account events and heartbeats; waits while the inbox is full."""
        for record in records:
            source = source_of(partition.topic)
            try:
                event: DomainEvent = decode_account_record(record.key, record.value, partition.partition, source)
            except BadInput as error:
                await self._set_aside(partition, record, error, account_in(record.key))
            else:
                await self._inbox.put(event, _position(partition, record))

    async def handle_tables(self, partition: ReadPartition, records: list[ConsumerRecord]) -> None:
        """Hand over tables; waits while the inbox is full."""
        for record in records:
            source = source_of(partition.topic)
            try:
                changed = decode_table_record(record.key, record.value, record.timestamp, source)
            except BadInput as error:
                await self._set_aside(partition, record, error, None)
            else:
                await self._inbox.put(changed, _position(partition, record))

    async def _hand_over_rare(self, partition: ReadPartition, record: ConsumerRecord, lane: int) -> None:
        """A price of a driver not met before, a venue status, or a bad record."""
        source = source_of(partition.topic)
        try:
            try:
                row = decode_price(record.value)
            except (msgspec.MsgspecError, TypeError):
                row = None
            price = None if row is None else price_of(row)
            if row is None or price is None:
                status = decode_venue_status(record.key, record.value, source)
                await self._inbox.put(status, _position(partition, record))
                return
            driver = self._inbox.driver(driver_of(record.key, row.kind, source))
        except BadInput as error:
            await self._set_aside(partition, record, error, None)
            return
        self._drivers[record.key, row.kind] = driver
        self._inbox.put_price(driver, price, row.ts_event_ns, row.ts_recv_ns, lane, record.offset)

    async def _set_aside(self, partition: ReadPartition, record: ConsumerRecord, error: BadInput, account: str | None) -> None:
        partition.bad_records += 1
        position = _position(partition, record)
        await self._dead_letters.set_aside(DeadLetter(record.key, record.value, position, str(error)))
        self._inbox.refuse(error, position, account)


def _position(partition: ReadPartition, record: ConsumerRecord) -> SourcePosition:
    return SourcePosition(partition.topic, partition.partition, record.offset)
