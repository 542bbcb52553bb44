"""Reads what stands on a topic, for tests."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer

from connectors.kafka.settings import KafkaSettings

Row = tuple[bytes | None, bytes | None, dict[str, bytes]]


async def read_all(settings: KafkaSettings, topic: str, count: int | None) -> list[Row]:
    """The first `count` records as key, value and headers; None: all that stand there now."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        if count is None:
            count = sum((await consumer.end_offsets(list(consumer.assignment()))).values())
        records = [await asyncio.wait_for(consumer.getone(), 20) for _ in range(count)]
    finally:
        await consumer.stop()
    return [(record.key, record.value, dict(record.headers)) for record in records]
