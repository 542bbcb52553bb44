"""The daemon's process over a real broker, also through SIGKILL: each record once, in order, and every level change exact."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import ConsumerRecord

from connectors.kafka.settings import KafkaSettings
from tests.support.kafka_daemon import NO_AGE_LIMITS, KafkaDaemon
from tests.support.kafka_production import Production, daemon_on
from tests.support.kafka_proof import LEVELS, Offsets, Recomputed, Replayed, Segment, recompute, replay_all, segments_of
from tests.support.kafka_topics import read_topics
from tests.support.servers.kafka import KafkaBroker

pytestmark = [pytest.mark.server("kafka"), pytest.mark.slow, pytest.mark.timeout(600)]

ACCOUNTS, SYMBOLS = 1_000, 60
FILLS, TICKS = 20_000, 200_000
PRICE_PARTITIONS, ACCOUNT_PARTITIONS = 3, 4
LEAST_CHANGES = 5_000
KILLS = 5
BEYOND_A_KILL = 4_000
"""Fills and ticks produced, at most, from a kill until the daemon runs again."""

Produced = Mapping[tuple[str, int], Sequence[ConsumerRecord]]


@pytest.fixture
async def settings(kafka_broker: KafkaBroker) -> KafkaSettings:
    prefix = f"test-{uuid.uuid4().hex}"
    await kafka_broker.create_marginwatch_topics(prefix, prices=PRICE_PARTITIONS, accounts=ACCOUNT_PARTITIONS)
    return KafkaSettings(bootstrap_servers=kafka_broker.bootstrap, topic_prefix=prefix)


async def finish(daemon: KafkaDaemon, produced: Produced) -> None:
    """Wait until a snapshot stands behind every record, then end the daemon."""
    ends = {place: len(records) for place, records in produced.items() if records}
    await daemon.until(lambda: ends.items() <= daemon.positions().items(), "through with all records")
    await daemon.stop()


def prove(production: Production, produced: Produced, segments: list[Segment]) -> tuple[Recomputed, Replayed, Offsets]:
    """Offsets and contents, every fill once, and the replay's level changes against the recomputed ones."""
    offsets = Offsets(produced, production.settings.topic("prices"))
    offsets.check(segments)
    expected = recompute(production.book, production.planned, SYMBOLS, segments)
    assert expected.applied.keys() == production.planned.keys()
    assert set(expected.applied.values()) == {1}
    replayed = replay_all(segments)
    changes = replayed.changes()
    missing, extra = set(expected.changes) - set(changes), set(changes) - set(expected.changes)
    assert (sorted(missing)[:5], sorted(extra)[:5]) == ([], [])
    assert changes == sorted(expected.changes)
    assert len(changes) >= LEAST_CHANGES
    return expected, replayed, offsets


async def levels_on(settings: KafkaSettings) -> list[dict[str, object]]:
    """The level records, in the order of each partition."""
    found = await read_topics(settings.bootstrap_servers, [settings.topic("levels")])
    return [orjson.loads(record.value) for records in found.values() for record in records]


async def test_every_record_once_and_every_level_change_exact(settings: KafkaSettings, tmp_path: Path) -> None:
    production = Production(settings, accounts=ACCOUNTS, fills=FILLS, ticks=TICKS, symbols=SYMBOLS, seed=11)
    daemon = await daemon_on(settings, tmp_path, snapshot_interval_s=2.0, more=NO_AGE_LIMITS)
    try:
        await production.run(daemon)
        produced = await production.read_back()
        await finish(daemon, produced)
    finally:
        daemon.kill()

    segments = segments_of(daemon.recordings())
    assert len(segments) == 1
    _, replayed, _ = prove(production, produced, segments)
    told = await levels_on(settings)
    seqs_of = [(line["seq"], line["pool"]) for line in told]
    assert len(set(seqs_of)) == len(seqs_of), "a level was told twice"
    names = ("run_id", "seq", "pool", "old", "new")
    keys = sorted(tuple(line[name] for name in names) for line in told)
    assert keys == sorted(tuple(line[name] for name in names) for line in replayed.lines)


def comparable(state: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's state without what a restart may change: where unread partitions began, the order of pools."""
    pools = sorted(state["pools"], key=lambda pool: str(pool["pool"]))
    engine = {key: value for key, value in state.items() if key not in ("positions", "alerting")}
    return {**engine, "pools": pools}


async def kill_at(points: Sequence[int], production: Production, daemon: KafkaDaemon) -> None:
    """SIGKILL each time so much was produced, while more goes on being produced; start again from the snapshot."""
    for point in points:
        production.allow(point + BEYOND_A_KILL)
        await production.reached(point)
        await daemon.kill_between_snapshots()
        await daemon.start()
    production.allow(production.total)


async def test_killed_at_five_random_points_it_loses_and_doubles_nothing(settings: KafkaSettings, tmp_path: Path) -> None:
    size = {"accounts": ACCOUNTS, "fills": FILLS, "ticks": TICKS, "symbols": SYMBOLS}
    production = Production(settings, **size, seed=12)
    first, last = production.total // 10, production.total * 9 // 10
    points = sorted(random.Random(5).sample(range(first, last, BEYOND_A_KILL), KILLS))
    small_inbox = "[inbox]\nhigh_water_prices = 1000\n"
    daemon = await daemon_on(settings, tmp_path, snapshot_interval_s=1.0, more=NO_AGE_LIMITS + small_inbox)
    production.allow(points[0])
    producing = asyncio.create_task(production.run(daemon))
    try:
        await kill_at(points, production, daemon)
        await producing
        produced = await production.read_back()
        await finish(daemon, produced)
    finally:
        producing.cancel()
        await asyncio.gather(producing, return_exceptions=True)
        daemon.kill()

    segments = segments_of(daemon.recordings())
    assert len(segments) == KILLS + 1
    for killed in segments[:-1]:
        assert killed.cut < killed.written, "killed right at a snapshot, not between two"
    expected, replayed, _ = prove(production, produced, segments)
    for state, resumed in zip(replayed.states, segments[1:], strict=False):
        assert resumed.start is not None
        assert comparable(state) == comparable(resumed.start)
    last_told = {line["pool"]: line["new"] for line in await levels_on(settings)}
    levels = {f"{name}/cross/USDT": account.level for name, account in expected.witness.accounts.items()}
    assert {pool: LEVELS[str(level)] for pool, level in last_told.items()} == levels
