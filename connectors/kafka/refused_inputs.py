"""Dead letters for records that passed the codec and that the engine refused: read again by their place, bytes unchanged."""

from __future__ import annotations

import asyncio
import random
from collections import deque

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from connectors.feed_health import FeedHealth
from connectors.kafka.backoff import delay_s
from connectors.kafka.closing import stop_consumer
from connectors.kafka.dead_letters import DeadLetter, DeadLetters
from connectors.kafka.settings import KafkaSettings
from monitor.domain.effects import InputRefused
from monitor.domain.ids import SourcePosition
from monitor.domain.ports import Clock

log = structlog.get_logger("marginwatch.kafka")

QUEUE_LIMIT = 100_000


class RefusedInputs:
    """Holds places, not bytes: up to 100,000 of them; beyond, a place is counted and left in its own topic."""

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        self._settings = settings
        self._ours = f"{settings.topic_prefix}."
        self._dead_letters = DeadLetters(settings, clock)
        self._waiting: deque[tuple[SourcePosition, str]] = deque()
        self._filled = asyncio.Event()
        self.overflowed = 0

    def offer(self, effect: InputRefused) -> None:
        """Queue a refused input that came by Kafka; never waits."""
        position = effect.position
        if position is None or not position.topic.startswith(self._ours):
            return
        if len(self._waiting) >= QUEUE_LIMIT:
            self.overflowed += 1
            return
        self._waiting.append((position, f"{effect.field} = {effect.value!r}: {effect.reason}"))
        self._filled.set()

    def is_drained(self) -> bool:
        """Whether nothing waits to be read again."""
        return not self._waiting

    def feeds(self) -> list[FeedHealth]:
        """The health of the dead letters' writer."""
        return [self._dead_letters.health()]

    async def run(self) -> None:
        """Read and set aside until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dead_letters.run())
            group.create_task(self._set_aside_all())

    async def _set_aside_all(self) -> None:
        failures = 0
        while True:
            await self._filled.wait()
            try:
                await self._set_aside_waiting()
                failures = 0
            except (KafkaError, OSError, TimeoutError) as error:
                failures += 1
                log.warning("kafka_refused_inputs_unread", reason=str(error), waiting=len(self._waiting))
                await asyncio.sleep(delay_s(failures, random.random()))

    async def _set_aside_waiting(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._settings.client_options(), group_id=None, enable_auto_commit=False, auto_offset_reset="none"
        )
        try:
            await consumer.start()
            while self._waiting:
                position, reason = self._waiting[0]
                key, value = await _read_one(consumer, position)
                await self._dead_letters.set_aside(DeadLetter(key, value, position, reason))
                self._waiting.popleft()
            self._filled.clear()
        finally:
            await stop_consumer(consumer)


async def _read_one(consumer: AIOKafkaConsumer, position: SourcePosition) -> tuple[bytes | None, bytes | None]:
    """The key and value at a place; both None when retention or compaction has taken the record."""
    at = TopicPartition(position.topic, position.partition)
    consumer.assign([at])
    first = (await consumer.beginning_offsets([at]))[at]
    end = (await consumer.end_offsets([at]))[at]
    if not first <= position.offset < end:
        return None, None
    consumer.seek(at, position.offset)
    record = await asyncio.wait_for(consumer.getone(at), 10.0)
    return (record.key, record.value) if record.offset == position.offset else (None, None)
