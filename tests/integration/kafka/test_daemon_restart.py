"""What a restart must neither skip nor leave untold: prices of a quiet partition, levels that were decided before it."""

from __future__ import annotations

import asyncio
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from connectors.kafka.producer import KafkaSource
from connectors.kafka.settings import KafkaSettings
from monitor.domain.account import AccountMode, PositionMode, PositionSide
from monitor.domain.events import AccountDeclared, AccountState, PositionState, WalletState
from tests.support.kafka_book import VENUE, KafkaBook, driver, symbol_name
from tests.support.kafka_daemon import NO_AGE_LIMITS, KafkaDaemon
from tests.support.kafka_production import WallClock
from tests.support.kafka_topics import read_topics
from tests.support.servers.kafka import KafkaBroker

pytestmark = [pytest.mark.server("kafka"), pytest.mark.slow, pytest.mark.timeout(240)]

CLOCK = WallClock()
ACCOUNT = f"{VENUE}:short"
POOL = f"{ACCOUNT}/cross/USDT"


@pytest.fixture
async def settings(kafka_broker: KafkaBroker) -> KafkaSettings:
    prefix = f"test-{uuid.uuid4().hex}"
    await kafka_broker.create_marginwatch_topics(prefix, prices=1, accounts=1)
    return KafkaSettings(bootstrap_servers=kafka_broker.bootstrap, topic_prefix=prefix)


async def open_account(source: KafkaSource) -> None:
    """The tables of one symbol, and an account that is at NOTICE at a mark of 100."""
    for changed in KafkaBook(accounts=0, fills=0, ticks=1, symbols=1, now_ns=CLOCK.now_ns()).tables():
        await source.publish_table(changed)
    now_ns = CLOCK.now_ns()
    header: dict[str, Any] = {"account": ACCOUNT, "event_id": "1", "ts_event_ns": now_ns, "ts_recv_ns": now_ns}
    header |= {"source": "core", "source_epoch": 1, "account_seq": 1}
    one_way: dict[str, Any] = {"mode": AccountMode.SINGLE_CURRENCY, "position_mode": PositionMode.ONE_WAY}
    await source.publish_event(AccountDeclared(**header, **one_way))
    position = PositionState(
        instrument=f"{VENUE}:{symbol_name(0)}",
        position_side=PositionSide.BOTH,
        size=Decimal(-10),
        entry_price=Decimal(100),
    )
    wallet = WalletState(asset="USDT", balance=Decimal(256))
    await source.publish_event(AccountState(**header, complete=True, positions=(position,), wallets=(wallet,)))
    await source.flush()


async def publish_mark(source: KafkaSource, price: str) -> None:
    now_ns = CLOCK.now_ns()
    await source.publish_price(driver(0), price, now_ns, now_ns)
    await source.flush()


def level(daemon: KafkaDaemon) -> str | None:
    shown = daemon.accounts()
    pools = shown[ACCOUNT]["pools"] if ACCOUNT in shown else []
    found: str | None = pools[0]["level"] if pools else None
    return found


async def last_level_told(settings: KafkaSettings) -> dict[str, Any]:
    records = (await read_topics(settings.bootstrap_servers, [settings.topic("levels")]))[settings.topic("levels"), 0]
    told: dict[str, Any] = orjson.loads([record.value for record in records if record.key == POOL.encode()][-1])
    return told


async def test_a_restart_reads_what_came_meanwhile_and_tells_every_level_again(settings: KafkaSettings, tmp_path: Path) -> None:
    daemon = KafkaDaemon(tmp_path, settings.bootstrap_servers, settings.topic_prefix, more=NO_AGE_LIMITS)
    source = KafkaSource(settings, CLOCK, "core", 1)
    await source.start()
    try:
        await daemon.start()
        prices = (settings.topic("prices"), 0)
        await daemon.until(lambda: daemon.positions().get(prices) == 0, "keeping where the prices began", 20)
        daemon.kill()
        await open_account(source)
        await publish_mark(source, "100.00")
        await daemon.start()
        await daemon.until(lambda: level(daemon) == "notice", "at the level of the price that came meanwhile", 40)

        await publish_mark(source, "50.00")
        await daemon.until(lambda: level(daemon) == "ok", "at the level of the last price", 40)
        await daemon.stop()
        told = await last_level_told(settings)
        assert (told["new"], told["seq"] > 0) == ("ok", True)

        await write_outdated_level(settings, told)
        await daemon.start()
        await daemon.until(lambda: daemon.get("/readyz").get("ready") is True, "ready", 40)
        run_id = daemon.get("/livez")["run_id"]
        async with asyncio.timeout(40):
            while told["run_id"] != run_id:
                told = await last_level_told(settings)
        assert (told["old"], told["new"]) == ("ok", "ok")
    finally:
        daemon.kill()
        await source.stop()


async def write_outdated_level(settings: KafkaSettings, told: dict[str, Any]) -> None:
    """The level before the last stands on the topic, as if the daemon had died before it told the last."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers) as producer:
        outdated = orjson.dumps({**told, "new": "notice"})
        await producer.send_and_wait(settings.topic("levels"), outdated, key=POOL.encode())
