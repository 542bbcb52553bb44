"""`config check --connect`: what would keep the daemon from working, found out before it runs."""

from __future__ import annotations

import asyncio
from typing import TextIO

from connectors.check_result import CheckResult
from connectors.venues.binance import BinanceUsdm
from monitor.clock import WallClock
from monitor.config import Config
from monitor.inbox import EngineInbox

_MARKS = {True: "ok  ", False: "FAIL", None: "?   "}


async def check_connections(config: Config, out: TextIO) -> int:
    """Print one line a check; 0 when all passed, 1 otherwise: what could not be found out did not pass."""
    results = [result for venue in _venues(config) for result in await venue.check()]
    if config.kafka is not None:
        results.append(await _kafka(config))
    for result in results:
        out.write(f"{_MARKS[result.passed]} {result.name}: {result.detail}\n")
    if not results:
        out.write("?    nothing to connect to: neither a venue nor Kafka is configured\n")
    return 0 if results and all(result.passed for result in results) else 1


def _venues(config: Config) -> list[BinanceUsdm]:
    clock = WallClock()
    inbox = EngineInbox(high_water=1, event_capacity=1_000_000, now_ns=clock.now_ns, epoch=clock.now_ns())
    settings = config.venues.binance_usdm
    return [] if settings is None else [BinanceUsdm(settings, inbox, clock)]


async def _kafka(config: Config) -> CheckResult:
    """Whether the brokers answer and the topics are there."""
    from aiokafka import AIOKafkaConsumer  # noqa: PLC0415 - only asked for here
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    settings = config.kafka
    if settings is None:
        return CheckResult(name="kafka", passed=None, detail="not configured")
    names = ("prices", "account-events", "risk-parameters", "levels", "alerts", "dead-letters")
    consumer = AIOKafkaConsumer(**settings.client_options())
    try:
        async with asyncio.timeout(settings.request_timeout_s):
            await consumer.start()
            there = await consumer.topics()
    except (KafkaError, TimeoutError, OSError) as error:
        return CheckResult(name="kafka", passed=False, detail=f"{settings.bootstrap_servers}: {error!r}")
    finally:
        await consumer.stop()
    missing = [settings.topic(name) for name in names if settings.topic(name) not in there]
    detail = f"missing topics: {', '.join(missing)}" if missing else f"{len(names)} topics there"
    return CheckResult(name="kafka", passed=not missing, detail=f"{settings.bootstrap_servers}: {detail}")
