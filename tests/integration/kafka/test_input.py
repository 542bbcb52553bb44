"""Kafka in, against a real broker: nothing lost, nothing doubled, nothing skipped in silence."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from connectors.feed_health import FeedState
from connectors.kafka.input import KafkaInput
from connectors.kafka.producer import KafkaSource, partition_of
from connectors.kafka.settings import KafkaSettings
from monitor.domain.events import AccountEventType, Heartbeat
from monitor.domain.ids import DriverKey, DriverKind, SourcePosition
from monitor.domain.inputs import DomainEvent
from monitor.domain.tables import TableChanged
from tests.integration.kafka.topic_reader import read_all
from tests.support.recording_inbox import RecordingInbox
from tests.support.servers.kafka import KafkaBroker
from tests.unit.kafka.samples import NOW_NS, every_account_event, every_table

pytestmark = [pytest.mark.server("kafka"), pytest.mark.slow]

MARK = DriverKey(DriverKind.MARK, "binance:BTCUSDT")
PARTITIONS = 4


class WallClock:
    def now_ns(self) -> int:
        return time.time_ns()


CLOCK = WallClock()


@pytest.fixture
async def settings(kafka_broker: KafkaBroker) -> KafkaSettings:
    prefix = f"test-{uuid.uuid4().hex}"
    await kafka_broker.create_marginwatch_topics(prefix, prices=2, accounts=PARTITIONS)
    return KafkaSettings(bootstrap_servers=kafka_broker.bootstrap, topic_prefix=prefix, watchdog_s=1.0, request_timeout_s=3.0)


@asynccontextmanager
async def reading(
    settings: KafkaSettings, inbox: RecordingInbox, positions: Mapping[tuple[str, int], int] | None = None
) -> AsyncIterator[KafkaInput]:
    kafka_input = KafkaInput(settings, inbox, CLOCK, positions or {})
    task = asyncio.create_task(kafka_input.run())
    try:
        yield kafka_input
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled(), task.exception()


@asynccontextmanager
async def source_of(settings: KafkaSettings, epoch: int = 1) -> AsyncIterator[KafkaSource]:
    source = KafkaSource(settings, CLOCK, "core", epoch)
    await source.start()
    try:
        yield source
    finally:
        await source.stop()


async def until(condition: object, timeout_s: float = 20.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - states of the reader that no event tells
            await asyncio.sleep(0.02)


def unnumbered(event: DomainEvent) -> object:
    return replace(event, account_seq=1) if isinstance(event, AccountEventType) else event


async def publish_fills(source: KafkaSource, accounts: int, rounds: int, first: int = 0) -> None:
    fill = every_account_event()[3]
    for number in range(first, first + rounds):
        for account in range(accounts):
            await source.publish_event(replace(fill, account=f"binance:a{account}", event_id=f"{number}"))
    await source.flush()


def positions_read(inbox: RecordingInbox) -> dict[tuple[str, int], list[int]]:
    offsets: dict[tuple[str, int], list[int]] = {}
    places = [position for _, position in inbox.events] + [price.position for price in inbox.prices]
    for position in places:
        assert position is not None
        offsets.setdefault((position.topic, position.partition), []).append(position.offset)
    return offsets


async def test_every_kind_arrives_with_its_place(settings: KafkaSettings) -> None:
    inbox = RecordingInbox()
    async with source_of(settings, epoch=7) as source, reading(settings, inbox) as kafka_input:
        await until(kafka_input.caught_up)
        for event in every_account_event():
            await source.publish_event(event)
        for changed in every_table():
            await source.publish_table(changed)
        withdrawn = TableChanged(key=every_table()[0].key, versions=(), ts_recv_ns=0)
        await source.publish_table(withdrawn)
        await source.publish_heartbeat(2)
        await source.publish_price(MARK, "50000.10", NOW_NS, NOW_NS + 1)
        await source.flush()
        # Account events, the tables and the withdrawn one, the heartbeat.
        sent = len(every_account_event()) + len(every_table()) + 1 + 1
        await inbox.until(lambda: len(inbox.events) == sent and len(inbox.prices) == 1)

        partition = partition_of("binance:desk-1", PARTITIONS)
        accounts = [
            event for event, position in inbox.events if position is not None and position.topic.endswith("account-events")
        ]
        assert [event for event in accounts if not isinstance(event, Heartbeat)] == every_account_event()
        tables = [event for event, _ in inbox.events if isinstance(event, TableChanged)]
        assert tables[:-1] == every_table()
        assert (tables[-1].key, tables[-1].versions) == (withdrawn.key, ())
        heartbeat = next(event for event in accounts if isinstance(event, Heartbeat))
        assert (heartbeat.partition, heartbeat.count) == (2, len(every_account_event()) if partition == 2 else 0)
        price = inbox.prices[0]
        assert (price.driver, price.price, price.ts_event_ns, price.ts_recv_ns) == (MARK, 50000.1, NOW_NS, NOW_NS + 1)
        assert {health.state for health in kafka_input.feeds()} == {FeedState.LIVE}
        assert not inbox.refusals


async def test_a_first_start_reads_events_from_the_earliest_and_prices_from_the_latest(settings: KafkaSettings) -> None:
    inbox = RecordingInbox()
    async with source_of(settings) as source:
        await publish_fills(source, accounts=5, rounds=20)
        await source.publish_price(MARK, "1", NOW_NS, NOW_NS)
        await source.flush()
        async with reading(settings, inbox) as kafka_input:
            await until(kafka_input.caught_up)
            assert len(inbox.events) == 100
            await source.publish_price(MARK, "2", NOW_NS, NOW_NS)
            await source.flush()
            await inbox.until(lambda: bool(inbox.prices))
            assert [price.price for price in inbox.prices] == [2.0]


async def test_it_is_not_caught_up_while_the_inbox_is_full_and_prices_go_on(settings: KafkaSettings) -> None:
    inbox = RecordingInbox()
    inbox.has_room.clear()
    async with source_of(settings) as source:
        await publish_fills(source, accounts=3, rounds=3)
        async with reading(settings, inbox) as kafka_input:
            await until(lambda: len(kafka_input.positions()) == 2 + PARTITIONS + 1)
            await source.publish_price(MARK, "2", NOW_NS, NOW_NS)
            await source.flush()
            await inbox.until(lambda: bool(inbox.prices))
            assert not kafka_input.caught_up()
            assert not inbox.events
            inbox.has_room.set()
            await until(kafka_input.caught_up)
            assert len(inbox.events) == 9


async def test_a_bad_record_is_set_aside_with_its_bytes_and_the_stream_goes_on(settings: KafkaSettings) -> None:
    inbox = RecordingInbox()
    topic = settings.topic("account-events")
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers)
    await producer.start()
    bad = [(b"binance:desk-1", b'{"schema_version":1,"kind":"fill","size":1}'), (None, b"\xff\x00"), (b"core", None)]
    async with source_of(settings) as source, reading(settings, inbox):
        for key, value in bad:
            await producer.send_and_wait(topic, value, key=key, partition=0)
        await producer.send_and_wait(settings.topic("prices"), b'{"kind":"mark"}', key=b"binance:BTCUSDT", partition=1)
        await producer.send_and_wait(settings.topic("risk-parameters"), b"[]", key=b"binance/instrument/X", partition=0)
        await producer.stop()
        await publish_fills(source, accounts=8, rounds=1)
        await inbox.until(lambda: len(inbox.events) == 8 and len(inbox.refusals) >= 4)
        refused = {refusal.position: refusal.account for refusal in inbox.refusals if refusal.position is not None}
        assert refused[SourcePosition(topic, 0, 0)] == "binance:desk-1"
        assert refused[SourcePosition(topic, 0, 1)] is None

        letters = await read_all(settings, settings.topic("dead-letters"), count=len(inbox.refusals))
    by_place = {(h["topic"], h["partition"], h["offset"]): (key, value, h["reason"]) for key, value, h in letters}
    assert len(by_place) == len(letters)
    for offset, (key, value) in enumerate(bad):
        written_key, written_value, reason = by_place[topic.encode(), b"0", str(offset).encode()]
        assert (written_key, written_value) == (key, value)
        assert f"kafka:{topic}".encode() in reason
    assert {place[0] for place in by_place} >= {topic.encode(), settings.topic("risk-parameters").encode()}


async def test_it_resumes_at_given_positions_without_loss_or_doubling(settings: KafkaSettings) -> None:
    first, second = RecordingInbox(), RecordingInbox()
    async with source_of(settings) as source:
        await publish_fills(source, accounts=20, rounds=50)
        async with reading(settings, first) as kafka_input:
            await until(kafka_input.caught_up)
            positions = kafka_input.positions()
        await publish_fills(source, accounts=20, rounds=50, first=50)
        await source.publish_price(MARK, "3", NOW_NS, NOW_NS)
        await source.flush()
        async with reading(settings, second, positions) as kafka_input:
            await until(kafka_input.caught_up)
    assert [price.price for price in second.prices] == [3.0]
    one, two = positions_read(first), positions_read(second)
    for partition in range(PARTITIONS):
        place = (settings.topic("account-events"), partition)
        offsets = one.get(place, []) + two.get(place, [])
        assert offsets == list(range(len(offsets)))
    assert len(first.events) + len(second.events) == 2000


async def test_a_broker_killed_in_the_middle_costs_no_record(settings: KafkaSettings, kafka_broker: KafkaBroker) -> None:
    inbox = RecordingInbox()
    async with reading(settings, inbox) as kafka_input:
        async with source_of(settings, epoch=1) as source:
            await until(kafka_input.caught_up)
            await publish_fills(source, accounts=10, rounds=50)
        await inbox.until(lambda: len(inbox.events) > 100)
        await asyncio.to_thread(kafka_broker.kill)
        await until(lambda: FeedState.DOWN in {health.state for health in kafka_input.feeds()})
        await asyncio.to_thread(kafka_broker.start)
        async with source_of(settings, epoch=2) as source:
            await publish_fills(source, accounts=10, rounds=50, first=50)
        await inbox.until(lambda: len(inbox.events) >= 1000, timeout_s=40)
        await until(lambda: {health.state for health in kafka_input.feeds()} == {FeedState.LIVE}, timeout_s=40)
    for offsets in positions_read(inbox).values():
        assert offsets == list(range(len(offsets)))
    assert len(inbox.events) == 1000


@pytest.mark.parametrize("policy", ["refuse", "earliest"])
async def test_an_offset_that_the_broker_no_longer_holds_is_said(settings: KafkaSettings, policy: str) -> None:
    topic = settings.topic("account-events")
    account = "binance:a0"
    partition = partition_of(account, PARTITIONS)
    async with source_of(settings) as source:
        await publish_fills(source, accounts=1, rounds=30)
        await delete_before(settings, TopicPartition(topic, partition), 20)
        inbox = RecordingInbox()
        lenient = KafkaSettings(
            bootstrap_servers=settings.bootstrap_servers,
            topic_prefix=settings.topic_prefix,
            out_of_range="earliest" if policy == "earliest" else "refuse",
        )
        async with reading(lenient, inbox, {(topic, partition): 10}) as kafka_input:
            await until(lambda: bool(inbox.refusals))
            refusal = inbox.refusals[0]
            assert refusal.position == SourcePosition(topic, partition, 10)
            assert (refusal.error.reason, refusal.error.value) == ("offset out of range", 10)
            health = next(feed for feed in kafka_input.feeds() if feed.name == f"kafka:{topic}/{partition}")
            assert health.gaps == 1
            if policy == "refuse":
                assert (health.state, kafka_input.caught_up()) == (FeedState.BLOCKED, False)
                assert health.reason == "offset out of range: the broker holds 20 to 30, we need 10"
                await source.publish_heartbeat((partition + 1) % PARTITIONS)
                await source.flush()
                await inbox.until(lambda: bool(inbox.events))
                assert [type(event) for event, _ in inbox.events] == [Heartbeat]
            else:
                await until(kafka_input.caught_up)
                assert positions_read(inbox)[topic, partition] == list(range(20, 30))
    assert len(inbox.refusals) == 1


async def test_a_missing_topic_is_said_and_tried_again(kafka_broker: KafkaBroker) -> None:
    prefix = f"test-{uuid.uuid4().hex}"
    settings = KafkaSettings(bootstrap_servers=kafka_broker.bootstrap, topic_prefix=prefix)
    inbox = RecordingInbox()
    async with reading(settings, inbox) as kafka_input:
        await until(lambda: any("does not exist" in health.reason for health in kafka_input.feeds()))
        assert not kafka_input.caught_up()
        await kafka_broker.create_marginwatch_topics(prefix)
        await until(kafka_input.caught_up, timeout_s=40)


async def test_markers_of_transactions_do_not_keep_it_from_catching_up(settings: KafkaSettings) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, transactional_id=settings.topic_prefix)
    await producer.start()
    value = b'{"schema_version":1,"kind":"mark","price":"1.5","ts_event_ns":5,"ts_recv_ns":6}'
    topic = settings.topic("prices")
    async with producer.transaction():
        await producer.send(topic, value, key=b"binance:BTCUSDT", partition=0)
    await producer.begin_transaction()
    await producer.send(topic, value, key=b"binance:BTCUSDT", partition=0)
    await producer.flush()
    await producer.abort_transaction()
    await producer.stop()
    inbox = RecordingInbox()
    async with reading(settings, inbox, {(topic, 0): 0}) as kafka_input:
        await until(kafka_input.caught_up)
        assert kafka_input.positions()[topic, 0] == 4
    assert len(inbox.prices) == 1


async def delete_before(settings: KafkaSettings, at: TopicPartition, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records({at: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()
