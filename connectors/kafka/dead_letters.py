"""`<prefix>.dead-letters`: records that could not be used, with their original key and bytes, and where and why."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from connectors.feed_health import FeedHealth
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.writer import OutgoingRecord, TopicWriter
from monitor.domain.ids import SourcePosition
from monitor.domain.ports import Clock


class DeadLetter(NamedTuple):
    """A record as it was, its place, and why it was refused."""

    key: bytes | None
    value: bytes | None
    position: SourcePosition
    reason: str

    def to_record(self, topic: str) -> OutgoingRecord:
        """The record to write: original key and bytes, the rest in headers."""
        headers = (
            ("topic", self.position.topic.encode()),
            ("partition", str(self.position.partition).encode()),
            ("offset", str(self.position.offset).encode()),
            ("reason", self.reason.encode()),
        )
        return OutgoingRecord(topic, self.key, self.value, headers)


class DeadLetters:
    """A bounded queue that is never cut: when it is full, the reader of the bad records waits."""

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        self._topic = settings.topic("dead-letters")
        self._limit = settings.dead_letter_queue_records
        self._queue: asyncio.Queue[OutgoingRecord] = asyncio.Queue(self._limit)
        self._writer = TopicWriter(self._topic, settings, clock, self._take)

    def health(self) -> FeedHealth:
        """Whether they can be written, and how many wait."""
        return self._writer.health(self._queue.qsize(), self._limit)

    async def set_aside(self, letter: DeadLetter) -> None:
        """Queue a record for the dead letters; waits while the queue is full."""
        await self._queue.put(letter.to_record(self._topic))

    async def run(self) -> None:
        """Write until cancelled."""
        await self._writer.run()

    async def _take(self, most: int) -> list[OutgoingRecord]:
        records = [await self._queue.get()]
        while len(records) < most and not self._queue.empty():
            records.append(self._queue.get_nowait())
        return records
