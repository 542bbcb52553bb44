"""Producers that fail, end to end through the daemon's process: nothing is lowered, doubled or lost, and it is said."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.producer import KafkaSource
from connectors.kafka.settings import KafkaSettings
from monitor.domain.account import AccountMode, PositionMode, PositionSide
from monitor.domain.events import AccountDeclared, AccountEventType, AccountState, Fill, PositionState, WalletState
from tests.support.kafka_book import VENUE, KafkaBook, PlannedFill, Recomputation, driver, symbol_name
from tests.support.kafka_daemon import KafkaDaemon
from tests.support.kafka_production import WallClock
from tests.support.servers.kafka import KafkaBroker

pytestmark = [pytest.mark.server("kafka"), pytest.mark.slow, pytest.mark.timeout(240)]

CLOCK = WallClock()
SECOND_NS = 1_000_000_000
INSTRUMENT = f"{VENUE}:{symbol_name(0)}"
SHORT, ENTRY, WALLET = Decimal(-10), Decimal(100), Decimal(256)
"""At its entry price such an account has a buffer of 12 %, NOTICE; at half of it, of 72 %: OK."""


@pytest.fixture
async def settings(kafka_broker: KafkaBroker) -> KafkaSettings:
    prefix = f"test-{uuid.uuid4().hex}"
    await kafka_broker.create_marginwatch_topics(prefix, prices=1, accounts=4)
    return KafkaSettings(bootstrap_servers=kafka_broker.bootstrap, topic_prefix=prefix)


@pytest.fixture
async def daemon(settings: KafkaSettings, tmp_path: Path) -> AsyncIterator[KafkaDaemon]:
    daemon = KafkaDaemon(tmp_path, settings.bootstrap_servers, settings.topic_prefix)
    await daemon.start()
    yield daemon
    daemon.kill()


class Source(KafkaSource):
    """A source that lives: it sends heartbeats, and the mark of every symbol four times a second when it has some."""

    def __init__(self, settings: KafkaSettings, name: str) -> None:
        super().__init__(settings, CLOCK, name, CLOCK.now_ns())
        self.marks: dict[int, str] = {}

    async def send_marks(self) -> None:
        """Send marks until cancelled."""
        while True:
            for symbol, price in self.marks.items():
                now_ns = CLOCK.now_ns()
                await self.publish_price(driver(symbol), price, now_ns, now_ns)
            await asyncio.sleep(0.25)


@asynccontextmanager
async def living(source: Source) -> AsyncIterator[Source]:
    """Until the end of the block; then it falls silent."""
    await source.start()
    lives = [asyncio.create_task(source.run()), asyncio.create_task(source.send_marks())]
    try:
        yield source
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
        await source.stop()


def header(account: str) -> dict[str, Any]:
    now_ns = CLOCK.now_ns()
    own = {"account": account, "event_id": uuid.uuid4().hex, "ts_event_ns": now_ns, "ts_recv_ns": now_ns}
    return {**own, "source": "test", "source_epoch": 0, "account_seq": 1}


def short_account(account: str) -> list[AccountEventType]:
    """What opens an account that is at NOTICE at its entry price."""
    return [
        AccountDeclared(**header(account), mode=AccountMode.SINGLE_CURRENCY, position_mode=PositionMode.ONE_WAY),
        short_state(account),
    ]


def short_state(account: str, *, complete: bool = True) -> AccountState:
    position = PositionState(instrument=INSTRUMENT, position_side=PositionSide.BOTH, size=SHORT, entry_price=ENTRY)
    wallet = WalletState(asset="USDT", balance=WALLET)
    return AccountState(**header(account), complete=complete, positions=(position,), wallets=(wallet,))


async def open_shorts(source: Source, count: int) -> list[str]:
    accounts = [f"{VENUE}:{source._source}-{number}" for number in range(count)]
    for account in accounts:
        for event in short_account(account):
            await source.publish_event(event)
    await source.flush()
    return accounts


async def publish_tables(source: Source, book: KafkaBook) -> None:
    for changed in book.tables():
        await source.publish_table(changed)
    await source.flush()


def one_symbol() -> KafkaBook:
    return KafkaBook(accounts=0, fills=0, ticks=1, symbols=1, now_ns=CLOCK.now_ns())


def levels(daemon: KafkaDaemon) -> dict[str, tuple[str | None, str]]:
    """Level and certainty of every account's pool."""
    shown = daemon.accounts()
    return {account: (pool["level"], one["certainty"]) for account, one in shown.items() for pool in one["pools"]}


def alerts(daemon: KafkaDaemon) -> list[dict[str, str]]:
    """The labels of the alerts that are on."""
    return [alert["labels"] for alert in daemon.get("/api/v1/alerts")["alerts"]]


async def until_levels(daemon: KafkaDaemon, expected: dict[str, tuple[str | None, str]]) -> None:
    try:
        await daemon.until(lambda: levels(daemon) == expected, "at the expected levels", 40)
    except AssertionError:
        assert levels(daemon) == expected
        raise


async def test_a_producer_that_stops_makes_its_accounts_stale_and_is_told_once(
    daemon: KafkaDaemon, settings: KafkaSettings
) -> None:
    async with living(Source(settings, "lives")) as lives:
        await publish_tables(lives, one_symbol())
        lives.marks[0] = "100.00"
        others = await open_shorts(lives, 5)
        async with living(Source(settings, "stops")) as stops:
            accounts = await open_shorts(stops, 5)
            await until_levels(daemon, dict.fromkeys(others + accounts, ("notice", "fresh")))
            assert alerts(daemon) == []
        stopped_ns = CLOCK.now_ns()
        await daemon.until(lambda: bool(alerts(daemon)), "told that it is blind", 40)
        (alert,) = daemon.get("/api/v1/alerts")["alerts"]
        assert alert["started_ns"] - stopped_ns <= 10 * SECOND_NS
        assert alert["labels"]["alertname"] == "MarginwatchBlind"
        assert (alert["labels"]["cause"], alert["labels"]["severity"]) == ("account", "warning")

        lives.marks[0] = "50.00"
        seen = dict.fromkeys(others, ("ok", "fresh"))
        await until_levels(daemon, {**seen, **dict.fromkeys(accounts, ("notice", "stale"))})
        assert len(alerts(daemon)) == 1

        async with living(Source(settings, "stops")) as again:
            await open_shorts(again, 5)
            await until_levels(daemon, {**seen, **dict.fromkeys(accounts, ("ok", "fresh"))})
            await daemon.until(lambda: alerts(daemon) == [], "told that it sees again", 40)


async def test_a_missing_number_makes_that_account_alone_reconciling(daemon: KafkaDaemon, settings: KafkaSettings) -> None:
    async with living(Source(settings, "core")) as source:
        await publish_tables(source, one_symbol())
        source.marks[0] = "100.00"
        accounts = await open_shorts(source, 8)
        await until_levels(daemon, dict.fromkeys(accounts, ("notice", "fresh")))
        hurt, others = accounts[3], dict.fromkeys(accounts[:3] + accounts[4:], ("notice", "fresh"))

        source.skip_number(hurt)
        await source.publish_event(cash_in(hurt, "1"))
        await until_levels(daemon, {**others, hurt: ("notice", "reconciling")})
        await source.publish_event(short_state(hurt, complete=False))
        await source.publish_event(cash_in(hurt, "2"))
        await daemon.until(
            lambda: Decimal(daemon.accounts()[hurt]["wallets"]["USDT"]) == WALLET + 2, "applies what follows", 40
        )
        assert levels(daemon) == {**others, hurt: ("notice", "reconciling")}
        await source.publish_event(short_state(hurt))
        await until_levels(daemon, dict.fromkeys(accounts, ("notice", "fresh")))


def cash_in(account: str, trade_id: str) -> Fill:
    """A fill that changes no position's sign and pays one USDT: visible in the wallet."""
    return Fill(
        **header(account),
        instrument=INSTRUMENT,
        trade_id=trade_id,
        order_id=trade_id,
        size=Decimal("-0.001"),
        fill_price=ENTRY,
        fee=Decimal(-1),
        fee_asset="USDT",
    )


FILLS, BEFORE, UNSENT, RESENT = 600, 300, 10, 20


async def test_a_producer_that_restarts_loses_and_doubles_no_fill(daemon: KafkaDaemon, settings: KafkaSettings) -> None:
    book = KafkaBook(accounts=20, fills=FILLS, ticks=60, symbols=6, seed=3, now_ns=CLOCK.now_ns())
    items = list(book.stream())
    fills = [item for item in items if isinstance(item, PlannedFill)]
    truth = book.recomputation()
    async with living(Source(settings, "core")) as first:
        await publish_tables(first, book)
        for event in book.opening():
            await first.publish_event(event)
        for item in items[:6]:
            first.marks[item.symbol] = "100.00"
        sent = [replace(fill.event, **stamps()) for fill in fills[: BEFORE + UNSENT]]
        for fill, event in zip(fills[:BEFORE], sent, strict=False):
            await first.publish_event(event)
            apply(truth, fill)
        await first.flush()
        await daemon.until(lambda: shown(daemon) == held(truth), "as the first producer said", 40)

    # What happened while no producer ran: in the states of the next one, and sent late by it, like the last it had sent.
    for fill in fills[BEFORE : BEFORE + UNSENT]:
        apply(truth, fill)
    async with living(Source(settings, "core")) as second:
        second.marks = first.marks
        for event in opening_of(truth):
            await second.publish_event(event)
        for event in sent[BEFORE - RESENT :]:
            await second.publish_event(event)
        for fill in fills[BEFORE + UNSENT :]:
            await second.publish_event(replace(fill.event, **stamps()))
            apply(truth, fill)
        await second.flush()
        await daemon.until(lambda: shown(daemon) == held(truth), "as all fills together say", 40)
        assert daemon.metric("marginwatch_events_duplicate_total") == RESENT
        certain = {one["certainty"] for one in daemon.accounts().values()}
        assert certain == {"fresh"}


def stamps() -> dict[str, Any]:
    now_ns = CLOCK.now_ns()
    return {"ts_event_ns": now_ns, "ts_recv_ns": now_ns}


def apply(truth: Recomputation, fill: PlannedFill) -> None:
    truth.fill(fill.account, fill.symbol, fill.size, fill.price, fill.pnl, fill.fee)


def opening_of(truth: Recomputation) -> Iterator[AccountEventType]:
    """A declaration and a complete state of each account as it stands; entry prices as a venue prints them."""
    for name, account in truth.accounts.items():
        positions = tuple(
            PositionState(
                instrument=f"{VENUE}:{symbol_name(symbol)}",
                position_side=PositionSide.BOTH,
                size=Decimal(size).scaleb(-3),
                entry_price=(Decimal(account.costs[symbol]) / Decimal(size)).scaleb(-9).quantize(Decimal("1e-12")),
            )
            for symbol, size in account.sizes.items()
        )
        yield AccountDeclared(**header(name), mode=AccountMode.SINGLE_CURRENCY, position_mode=PositionMode.ONE_WAY)
        wallet = WalletState(asset="USDT", balance=Decimal(account.wallet).scaleb(-12))
        yield AccountState(**header(name), complete=True, positions=positions, wallets=(wallet,))


Held = dict[str, tuple[Decimal, dict[str, Decimal]]]


def held(truth: Recomputation) -> Held:
    """Wallet and sizes of every account, by the generator."""
    return {
        name: (
            Decimal(account.wallet).scaleb(-12),
            {f"{VENUE}:{symbol_name(symbol)}": Decimal(size).scaleb(-3) for symbol, size in account.sizes.items()},
        )
        for name, account in truth.accounts.items()
    }


def shown(daemon: KafkaDaemon) -> Held:
    """Wallet and sizes of every account, by the API."""
    return {
        name: (
            Decimal(one["wallets"]["USDT"]),
            {position["instrument"]: signed_size(position) for pool in one["pools"] for position in pool["positions"]},
        )
        for name, one in daemon.accounts().items()
        if "USDT" in one["wallets"]
    }


def signed_size(position: dict[str, str]) -> Decimal:
    size = Decimal(position["size"])
    return -size if position["side"] == "short" else size
