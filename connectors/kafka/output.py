"""Kafka out: the level of each pool, each alert, and the dead letters of what the engine itself refused.

Levels and alerts are compacted state, the latest per key counts. Overflow policy: while the brokers keep up, every change is
written in order; beyond `output_queue_records` waiting records only the latest state of each key is kept (counted as
coalesced). Offering never waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

from connectors.event_json import to_plain
from connectors.feed_health import FeedHealth
from connectors.kafka.envelope import write_object
from connectors.kafka.refused_inputs import RefusedInputs
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.writer import OutgoingRecord, TopicWriter
from monitor.domain.effects import CauseKind, Effect, InputRefused, LevelChanged
from monitor.domain.level import level_label
from monitor.domain.ports import Clock


class CoalescingQueue:
    """Records in order up to a limit; beyond it the latest of each (topic, key), behind what waits in order."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_order: deque[OutgoingRecord] = deque()
        self._latest: dict[tuple[str, bytes | None], OutgoingRecord] = {}
        self._filled = asyncio.Event()
        self.coalesced = 0

    def __len__(self) -> int:
        return len(self._in_order) + len(self._latest)

    def put(self, record: OutgoingRecord) -> None:
        """Add a record; never waits."""
        if not self._latest and len(self._in_order) < self._limit:
            self._in_order.append(record)
        else:
            # As long as anything waits out of order, a newer state of a key may not overtake it.
            key = (record.topic, record.key)
            self.coalesced += key in self._latest
            self._latest[key] = record
        self._filled.set()

    async def take(self, most: int) -> list[OutgoingRecord]:
        """Wait for records and take at most so many, the oldest first."""
        await self._filled.wait()
        taken = [self._in_order.popleft() for _ in range(min(most, len(self._in_order)))]
        while self._latest and len(taken) < most:
            key = next(iter(self._latest))
            taken.append(self._latest.pop(key))
        if not len(self):
            self._filled.clear()
        return taken


class KafkaOutput:
    """What the daemon tells by Kafka. `run_id` goes with every seq (a seq means nothing without it)."""

    def __init__(self, settings: KafkaSettings, clock: Clock, run_id: str = "") -> None:
        self._levels = settings.topic("levels")
        self._alerts = settings.topic("alerts")
        self._run_id = run_id
        self._limit = settings.output_queue_records
        self._queue = CoalescingQueue(self._limit)
        self._writer = TopicWriter(f"{settings.topic_prefix}.levels+alerts", settings, clock, self._queue.take)
        self._refused = RefusedInputs(settings, clock)

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._writer.run())
            group.create_task(self._refused.run())

    def offer_effect(self, effect: Effect) -> None:
        """Queue what an effect means for the outside: a level, or a dead letter for a refused Kafka record."""
        if isinstance(effect, LevelChanged):
            self._queue.put(OutgoingRecord(self._levels, effect.pool.encode(), encode_level(effect, self._run_id)))
        elif isinstance(effect, InputRefused) and effect.position is not None:
            self._refused.offer(effect)

    def offer_alert(self, alert_id: str, state: Mapping[str, object] | None) -> None:
        """Queue the state of an alert (decimals as strings); None is a tombstone: the alert is forgotten."""
        value = None if state is None else write_object("alert", dict(state))
        self._queue.put(OutgoingRecord(self._alerts, alert_id.encode(), value))

    def is_drained(self) -> bool:
        """Whether all that was offered has been acknowledged by the brokers."""
        return not len(self._queue) and not self._writer.unwritten and self._refused.is_drained()

    @property
    def coalesced(self) -> int:
        """States that a newer one of the same key replaced before they were written."""
        return self._queue.coalesced

    def feeds(self) -> list[FeedHealth]:
        """The health of the writers."""
        return [self._writer.health(len(self._queue), self._limit), *self._refused.feeds()]


def encode_level(change: LevelChanged, run_id: str) -> bytes | None:
    """The value of a level record, None (a tombstone) for a pool that was closed: levels in lower case, figures as floats."""
    if change.cause.kind is CauseKind.REMOVED:
        return None
    plain = to_plain(change)
    plain["old"], plain["new"] = level_label(change.old), level_label(change.new)
    plain["certainty"] = change.certainty.name.lower()
    return write_object("level", {"run_id": run_id, **plain})
