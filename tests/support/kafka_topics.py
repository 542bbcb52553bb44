"""What stands on topics now: every record by its place, read back with a plain consumer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

Place = tuple[str, int]


async def read_topics(bootstrap: str, topics: Sequence[str]) -> dict[Place, list[ConsumerRecord]]:
    """All records of the topics by (topic, partition), in order of their offsets."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="none", max_partition_fetch_bytes=4_194_304)
    await consumer.start()
    try:
        cluster = await consumer._client.fetch_all_metadata()
        places = [TopicPartition(topic, number) for topic in topics for number in sorted(cluster.partitions_for_topic(topic))]
        consumer.assign(places)
        begin, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, begin[place])
        found: dict[Place, list[ConsumerRecord]] = {(place.topic, place.partition): [] for place in places}
        missing = sum(end[place] - begin[place] for place in places)
        async with asyncio.timeout(60):
            while missing > 0:
                for place, records in (await consumer.getmany(timeout_ms=200, max_records=20_000)).items():
                    found[place.topic, place.partition] += records
                    missing -= len(records)
                await asyncio.sleep(0)
    finally:
        await consumer.stop()
    return found
