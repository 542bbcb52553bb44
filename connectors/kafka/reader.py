"""Reads partitions of some topics from given offsets, in order, each record once; without a consumer group.

Positions belong to the snapshot of the state, so nothing is committed and no rebalance can move a position back. Trouble
with the brokers makes a new consumer that goes on at our own next offset.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from connectors.feed_health import FeedHealth, FeedState
from connectors.kafka.backoff import delay_s
from connectors.kafka.closing import stop_consumer
from connectors.kafka.envelope import source_of
from connectors.kafka.partition import ReadPartition
from connectors.kafka.settings import KafkaSettings
from monitor.domain.errors import BadInput, Transient
from monitor.domain.ids import SourcePosition
from monitor.domain.ports import Clock, Inbox

log = structlog.get_logger("marginwatch.kafka")

POLL_MS = 200
ENOUGH_POLLS = 1_000
NS_PER_S = 1_000_000_000

StartPositions = Mapping[tuple[str, int], int]
"""(topic, partition) -> the offset of the next record to read."""

Handle = Callable[[ReadPartition, "list[ConsumerRecord]"], Awaitable[None]]
"""Hands over records of one partition, in order; may wait, and then nothing more is fetched into memory than one fetch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicToRead:
    """A topic: which partitions (None: all), where to begin without a position, and who takes its records."""

    name: str
    handle: Handle
    from_end: bool = False
    partitions: tuple[int, ...] | None = None


class PartitionReader:
    """One consumer over some topics. `run()` goes on until cancelled; trouble is told by `feeds()` and tried again."""

    def __init__(
        self,
        name: str,
        settings: KafkaSettings,
        topics: tuple[TopicToRead, ...],
        inbox: Inbox,
        clock: Clock,
        start_positions: StartPositions,
    ) -> None:
        self._name = name
        self._settings = settings
        self._topics = {topic.name: topic for topic in topics}
        self._inbox = inbox
        self._clock = clock
        self._start_positions = start_positions
        self._partitions: dict[TopicPartition, ReadPartition] = {}
        self._down_reason = "not started"
        self._reconnects = 0
        self._failures = 0
        self._next_check_ns = 0
        self._polls_since_check = 0
        self._idle_since_check = False

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                async with self._consumer() as consumer:
                    await self._attach(consumer)
                    await self._read(consumer)
            except (KafkaError, Transient, OSError, TimeoutError) as error:
                self._failures += 1
                self._report_down(error)
            await asyncio.sleep(delay_s(self._failures, random.random()))
            self._reconnects += 1

    def caught_up(self) -> bool:
        """Whether every partition has handed over all that was on the broker when reading began."""
        return bool(self._partitions) and all(partition.is_caught_up for partition in self._partitions.values())

    def positions(self) -> dict[tuple[str, int], int]:
        """The next offset to read of each partition."""
        return {(partition.topic, partition.partition): partition.next_offset for partition in self._partitions.values()}

    def began_at(self) -> dict[tuple[str, int], int]:
        """The offset at which the reading of each partition began; empty before the first attach."""
        return {(partition.topic, partition.partition): partition.began_at for partition in self._partitions.values()}

    def feeds(self) -> list[FeedHealth]:
        """The health of each partition, and of the reader itself while it knows none."""
        if not self._partitions:
            state = FeedState.CONNECTING if self._failures == 0 else FeedState.DOWN
            return [FeedHealth(name=f"kafka:{self._name}", kind="kafka", state=state, reason=self._down_reason)]
        return [partition.health(self._down_reason, self._reconnects) for partition in self._partitions.values()]

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            **self._settings.client_options(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level=self._settings.isolation_level,
            max_partition_fetch_bytes=self._settings.max_partition_fetch_bytes,
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            await stop_consumer(consumer)

    async def _attach(self, consumer: AIOKafkaConsumer) -> None:
        """Assign the partitions and seek each to its next offset."""
        # The consumer's public partitions_for_topic knows only topics that were assigned before.
        cluster = await consumer._client.fetch_all_metadata()
        assigned = [
            TopicPartition(topic.name, partition)
            for topic in self._topics.values()
            for partition in _partitions_of(cluster, topic)
        ]
        consumer.assign(assigned)
        first = await consumer.beginning_offsets(assigned)
        end = await consumer.end_offsets(assigned)
        for at in assigned:
            if at not in self._partitions:
                self._partitions[at] = self._first_attach(at, first[at], end[at])
            partition = self._partitions[at]
            consumer.seek(at, partition.next_offset)
            if partition.refused:
                consumer.pause(at)
            elif not first[at] <= partition.next_offset <= end[at]:
                await self._out_of_range(consumer, at)
        self._down_reason = ""
        self._failures = 0
        self._restart_watchdog()
        log.info("kafka_attached", reader=self._name, partitions=len(assigned), reconnects=self._reconnects)

    def _first_attach(self, at: TopicPartition, first: int, end: int) -> ReadPartition:
        begin = end if self._topics[at.topic].from_end else first
        position = self._start_positions.get((at.topic, at.partition), begin)
        return ReadPartition(topic=at.topic, partition=at.partition, next_offset=position, began_at=position, end_at_start=end)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            try:
                batch = await consumer.getmany(timeout_ms=POLL_MS, max_records=self._settings.max_records)
            except OffsetOutOfRangeError as error:
                for at in error.args[0]:
                    await self._out_of_range(consumer, at)
                continue
            for at, records in batch.items():
                await self._hand_over(self._partitions[at], records)
            if not batch:
                await self._pass_over_markers(consumer)
            await self._watch(consumer, is_idle=not batch)
            # getmany returns without giving way while it holds records: let the engine run between batches.
            await asyncio.sleep(0)

    async def _hand_over(self, partition: ReadPartition, records: list[ConsumerRecord]) -> None:
        if records[0].offset < partition.next_offset:
            fresh = [record for record in records if record.offset >= partition.next_offset]
            partition.duplicates += len(records) - len(fresh)
            records = fresh
        if not records:
            return
        await self._topics[partition.topic].handle(partition, records)
        last = records[-1]
        partition.next_offset = last.offset + 1
        partition.messages += len(records)
        partition.last_recv_ns = self._clock.now_ns()
        partition.last_event_ns = last.timestamp * 1_000_000

    async def _pass_over_markers(self, consumer: AIOKafkaConsumer) -> None:
        """Transaction markers take offsets that no record shows; the consumer knows that it passed them."""
        for at, partition in self._partitions.items():
            if not partition.refused:
                partition.next_offset = max(partition.next_offset, await consumer.position(at))

    async def _watch(self, consumer: AIOKafkaConsumer, *, is_idle: bool) -> None:
        """Raise `Transient` when a position stands still while records wait: the client hangs, a new one must go on."""
        self._polls_since_check += 1
        self._idle_since_check |= is_idle
        now_ns = self._clock.now_ns()
        if now_ns < self._next_check_ns:
            return
        reading = [at for at, partition in self._partitions.items() if not partition.refused]
        ends = await asyncio.wait_for(consumer.end_offsets(reading), self._settings.request_timeout_s) if reading else {}
        # Only when the client's buffers ran dry once, or it was asked very often, had every partition its turn.
        had_its_turn = self._idle_since_check or self._polls_since_check >= ENOUGH_POLLS
        for at in reading:
            partition = self._partitions[at]
            if had_its_turn and partition.behind_at == partition.next_offset:
                raise Transient(f"{at.topic}/{at.partition} stands at {partition.next_offset} of {ends[at]}")
            partition.behind_at = partition.next_offset if ends[at] > partition.next_offset else None
        self._restart_timer(now_ns)

    def _restart_watchdog(self) -> None:
        for partition in self._partitions.values():
            partition.behind_at = None
        self._restart_timer(self._clock.now_ns())

    def _restart_timer(self, now_ns: int) -> None:
        self._next_check_ns = now_ns + int(self._settings.watchdog_s * NS_PER_S)
        self._polls_since_check = 0
        self._idle_since_check = False

    async def _out_of_range(self, consumer: AIOKafkaConsumer, at: TopicPartition) -> None:
        """The next offset is not on the broker: never skipped in silence."""
        partition = self._partitions[at]
        first = (await consumer.beginning_offsets([at]))[at]
        end = (await consumer.end_offsets([at]))[at]
        lost = f"the broker holds {first} to {end}"
        position = SourcePosition(at.topic, at.partition, partition.next_offset)
        error = BadInput("offset out of range", field="offset", value=partition.next_offset, source=source_of(at.topic))
        log.error("kafka_offset_out_of_range", topic=at.topic, partition=at.partition, offset=partition.next_offset, why=lost)
        partition.gaps += 1
        if self._settings.out_of_range == "earliest":
            partition.next_offset = partition.began_at = first
            partition.end_at_start = min(partition.end_at_start, end)
            consumer.seek(at, first)
        else:
            partition.refused = f"offset out of range: {lost}, we need {partition.next_offset}"
            consumer.pause(at)
        self._inbox.refuse(error, position)

    def _report_down(self, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        if reason != self._down_reason:  # once per change of state, not once per try
            log.warning("kafka_reader_down", reader=self._name, reason=reason)
        self._down_reason = reason


def _partitions_of(cluster: ClusterMetadata, topic: TopicToRead) -> list[int]:
    known = cluster.partitions_for_topic(topic.name)
    if not known:
        raise Transient(f"topic {topic.name} does not exist")
    wanted = known if topic.partitions is None else set(topic.partitions)
    if not wanted <= known:
        raise Transient(f"topic {topic.name} has no partition {min(wanted - known)}")
    return sorted(wanted)
