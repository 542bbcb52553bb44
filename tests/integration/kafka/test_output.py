"""Kafka out, against a real broker: levels, alerts, and dead letters of what the engine refused."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from jsonschema import Draft202012Validator

from connectors.kafka.output import KafkaOutput
from connectors.kafka.producer import KafkaSource
from connectors.kafka.schema import schemas
from connectors.kafka.settings import KafkaSettings
from monitor.domain.certainty import Certainty
from monitor.domain.effects import Cause, CauseKind, InputRefused, LevelChanged
from monitor.domain.ids import DriverKey, DriverKind, SourcePosition
from monitor.domain.level import Level
from tests.integration.kafka.topic_reader import read_all
from tests.support.servers.kafka import KafkaBroker

pytestmark = [pytest.mark.server("kafka"), pytest.mark.slow]


class WallClock:
    def now_ns(self) -> int:
        return time.time_ns()


@pytest.fixture
async def settings(kafka_broker: KafkaBroker) -> KafkaSettings:
    prefix = f"test-{uuid.uuid4().hex}"
    await kafka_broker.create_marginwatch_topics(prefix)
    return KafkaSettings(bootstrap_servers=kafka_broker.bootstrap, topic_prefix=prefix, request_timeout_s=3.0)


@asynccontextmanager
async def writing(settings: KafkaSettings) -> AsyncIterator[KafkaOutput]:
    output = KafkaOutput(settings, WallClock(), "run-1")
    task = asyncio.create_task(output.run())
    try:
        yield output
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def drained(output: KafkaOutput) -> None:
    async with asyncio.timeout(40):
        while not output.is_drained():  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.02)


def change(pool: str, seq: int, new: Level | None, kind: CauseKind = CauseKind.PRICE) -> LevelChanged:
    return LevelChanged(
        seq=seq,
        engine_ns=5,
        pool=pool,
        account=pool.partition("/")[0],
        old=None,
        new=new,
        cause=Cause(kind, "mark/binance:BTCUSDT", 1.5, 1.25),
        certainty=Certainty.FRESH,
        collateral_value=1.0,
        maintenance_margin=0.5,
        stress_notional=None,
        headroom=0.5,
        margin_ratio=0.5,
        margin_ratio_reason=None,
        buffer_ratio=None,
        buffer_ratio_reason="no_exposure",
        margin_currency="USDT",
        table_version="1",
    )


async def test_levels_and_alerts_are_written_by_key_and_closed_by_a_tombstone(settings: KafkaSettings) -> None:
    async with writing(settings) as output:
        output.offer_effect(change("binance:a/cross", 1, Level.WARNING))
        output.offer_effect(change("binance:a/cross", 2, Level.CRITICAL))
        output.offer_effect(change("binance:a/cross", 3, None, CauseKind.REMOVED))
        output.offer_alert("alert-1", {"state": "firing"})
        output.offer_alert("alert-1", None)
        await drained(output)
    levels = await read_all(settings, settings.topic("levels"), 3)
    assert [key for key, _, _ in levels] == [b"binance:a/cross"] * 3
    assert levels[2][1] is None
    first = orjson.loads(levels[0][1] or b"")
    assert (first["old"], first["new"], first["seq"], first["run_id"]) == ("none", "warning", 1, "run-1")
    Draft202012Validator(schemas()["kafka-levels.schema.json"]).validate(first)
    alerts = await read_all(settings, settings.topic("alerts"), 2)
    assert [key for key, _, _ in alerts] == [b"alert-1"] * 2
    assert (orjson.loads(alerts[0][1] or b"")["state"], alerts[1][1]) == ("firing", None)


async def test_a_broker_killed_while_writing_costs_no_level(settings: KafkaSettings, kafka_broker: KafkaBroker) -> None:
    async with writing(settings) as output:
        for seq in range(1000):
            output.offer_effect(change(f"binance:a{seq % 10}/cross", seq, Level.WARNING))
        await asyncio.sleep(0)
        await asyncio.to_thread(kafka_broker.kill)
        for seq in range(1000, 2000):
            output.offer_effect(change(f"binance:a{seq % 10}/cross", seq, Level.WARNING))
        await asyncio.to_thread(kafka_broker.start)
        await drained(output)
    seen: dict[bytes, list[int]] = {}
    for key, value, _ in await read_all(settings, settings.topic("levels"), None):
        seen.setdefault(key or b"", []).append(orjson.loads(value or b"")["seq"])
    assert {seq for seqs in seen.values() for seq in seqs} == set(range(2000))
    for seqs in seen.values():
        # At least once: what was not acknowledged may stand twice, the newest state is last.
        assert seqs[-1] == max(seqs)


async def test_what_the_engine_refused_is_set_aside_with_its_original_bytes(settings: KafkaSettings) -> None:
    source = KafkaSource(settings, WallClock(), "core", 1)
    await source.start()
    await source.publish_price(DriverKey(DriverKind.MARK, "binance:BTCUSDT"), "50000.1", 7, 8)
    await source.stop()
    topic = settings.topic("prices")
    async with writing(settings) as output:
        for offset in (0, 99):
            position = SourcePosition(topic, 0, offset)
            output.offer_effect(
                InputRefused(
                    seq=1,
                    engine_ns=5,
                    source="core",
                    field="ts_event_ns",
                    value="7",
                    reason="ahead of engine time",
                    account=None,
                    position=position,
                )
            )
        await drained(output)
        letters = await read_all(settings, settings.topic("dead-letters"), 2)
    key, value, headers = letters[0]
    assert (key, orjson.loads(value or b"")["price"]) == (b"binance:BTCUSDT", "50000.1")
    assert (headers["topic"], headers["partition"], headers["offset"]) == (topic.encode(), b"0", b"0")
    assert headers["reason"] == b"ts_event_ns = '7': ahead of engine time"
    assert (letters[1][0], letters[1][1], letters[1][2]["offset"]) == (None, b"", b"99")
