"""Writes records in order, each at least once: what was not acknowledged is sent again by a new producer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from connectors.feed_health import FeedHealth, FeedState
from connectors.kafka.backoff import delay_s
from connectors.kafka.settings import KafkaSettings
from monitor.domain.ports import Clock

log = structlog.get_logger("marginwatch.kafka")

BATCH_RECORDS = 500
LAST_TRY_S = 3.0
CUT_BYTES = 500_000


class OutgoingRecord(NamedTuple):
    """One record to write; a value of None is a tombstone. Without a partition the key decides, as in the Java client."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None

    def cut(self) -> OutgoingRecord:
        """The record with the first bytes of its value, and a header that says so."""
        return self._replace(value=(self.value or b"")[:CUT_BYTES], headers=(*self.headers, ("truncated", b"true")))


Take = Callable[[int], Awaitable[list[OutgoingRecord]]]
"""Waits for records to write and takes at most so many, in order."""


def make_producer(settings: KafkaSettings) -> AIOKafkaProducer:
    """An idempotent producer: neither lost nor doubled nor out of order while it lives."""
    return AIOKafkaProducer(**settings.client_options(), enable_idempotence=True, acks="all", linger_ms=5)


class TopicWriter:
    """Takes records where they are queued and writes them; on trouble it goes on trying with what it holds."""

    def __init__(self, name: str, settings: KafkaSettings, clock: Clock, take: Take) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._take = take
        self._unwritten: list[OutgoingRecord] = []
        self._down_reason = "not started"
        self._failures = 0
        self._reconnects = 0
        self._last_written_ns: int | None = None
        self.written = 0

    @property
    def unwritten(self) -> int:
        """Records taken and not yet acknowledged."""
        return len(self._unwritten)

    def health(self, queue_depth: int, queue_limit: int) -> FeedHealth:
        """The writer's health beside the depth of the queue before it."""
        return FeedHealth(
            name=f"kafka:{self._name}",
            kind="kafka",
            state=FeedState.DOWN if self._down_reason else FeedState.LIVE,
            reason=self._down_reason,
            last_recv_ns=self._last_written_ns,
            messages=self.written,
            reconnects=self._reconnects,
            queue_depth=queue_depth + self.unwritten,
            queue_limit=queue_limit,
        )

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            producer = make_producer(self._settings)
            try:
                await producer.start()
                self._up()
                while True:
                    await self._write_batch(producer)
            except (KafkaError, OSError, TimeoutError) as error:
                self._down(error)
            finally:
                await _stop(producer)
            await asyncio.sleep(delay_s(self._failures, random.random()))
            self._reconnects += 1

    async def _write_batch(self, producer: AIOKafkaProducer) -> None:
        if not self._unwritten:
            self._unwritten = await self._take(BATCH_RECORDS)
        futures = [await self._send(producer, record) for record in self._unwritten]
        await asyncio.gather(*futures)
        self.written += len(self._unwritten)
        self._unwritten = []
        self._last_written_ns = self._clock.now_ns()
        self._up()

    async def _send(self, producer: AIOKafkaProducer, record: OutgoingRecord) -> asyncio.Future[object]:
        try:
            return await _queue(producer, record)
        except MessageSizeTooLargeError:
            # No try will ever bring it through: the head of it, marked as such, is better than to stand still.
            log.warning("kafka_record_too_large", writer=self._name, topic=record.topic, bytes=len(record.value or b""))
            return await _queue(producer, record.cut())

    def _up(self) -> None:
        if self._down_reason:
            log.info("kafka_writer_up", writer=self._name)
        self._down_reason = ""
        self._failures = 0

    def _down(self, error: Exception) -> None:
        self._failures += 1
        reason = str(error) or type(error).__name__
        if reason != self._down_reason:  # once per change of state, not once per try
            log.warning("kafka_writer_down", writer=self._name, reason=reason, unwritten=self.unwritten)
        self._down_reason = reason


async def _queue(producer: AIOKafkaProducer, record: OutgoingRecord) -> asyncio.Future[object]:
    # The client refuses a record with neither key nor value; as a dead letter it still has its headers.
    value = b"" if record.key is None and record.value is None else record.value
    future: asyncio.Future[object] = await producer.send(
        record.topic, value=value, key=record.key, headers=list(record.headers), partition=record.partition
    )
    return future


async def _stop(producer: AIOKafkaProducer) -> None:
    """Flush for a while and close; what was not acknowledged by then is sent again by the next producer."""
    try:
        await asyncio.wait_for(producer.stop(), LAST_TRY_S)
    except TimeoutError:
        # stop() was cut off in its flush: its sender task must not outlive it.
        await producer._sender.close()
        await producer.client.close()
