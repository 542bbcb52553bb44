"""The connector against the simulated venue over loopback, and a reader of its events that knows nothing of either."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest

from connectors.feed_health import FeedHealth, FeedState
from connectors.simulator import SimulatedVenue, SimulatorSettings
from connectors.simulator.fixed_point import text_of
from connectors.venues.binance import BinanceAccountSettings, BinanceSettings, BinanceUsdm
from monitor.domain.events import (
    AccountDeclared,
    AccountEvent,
    AccountGap,
    AccountState,
    Fee,
    Fill,
    Funding,
    Transfer,
)
from monitor.domain.ids import symbol_of
from tests.support.recording_inbox import RecordingInbox

Sizes = dict[tuple[str, str], Decimal]


class _WallClock:
    def now_ns(self) -> int:
        return time.time_ns()


@dataclass
class AppliedAccount:
    """Sizes and wallets from an opening state and then from fills and money alone, each by its identity once."""

    sizes: Sizes = field(default_factory=dict)
    wallets: dict[str, Decimal] = field(default_factory=dict)
    last_state: AccountState | None = None
    seen: set[object] = field(default_factory=set)

    def apply(self, event: AccountEvent) -> None:
        if isinstance(event, AccountState) and event.complete:
            if self.last_state is None:
                self.sizes, self.wallets = sizes_of(event), {w.asset: w.balance for w in event.wallets}
            self.last_state = event
        elif self.last_state is None:
            return
        elif isinstance(event, Fill):
            self._fill(event)
        elif isinstance(event, (Funding, Fee, Transfer)) and (type(event), event.event_id) not in self.seen:
            self.seen.add((type(event), event.event_id))
            self._pay(event.asset, _received(event))

    def _fill(self, fill: Fill) -> None:
        if fill.identity in self.seen:
            return
        self.seen.add(fill.identity)
        key = (symbol_of(fill.instrument), fill.position_side.value.upper())
        self.sizes[key] = self.sizes.get(key, Decimal(0)) + fill.size
        asset = "USDC" if "USDC" in fill.instrument else "USDT"
        assert fill.fee_asset is not None
        assert fill.realised_pnl is not None
        self._pay(fill.fee_asset, -fill.fee)
        self._pay(asset, fill.realised_pnl)

    def _pay(self, asset: str, amount: Decimal) -> None:
        self.wallets[asset] = self.wallets.get(asset, Decimal(0)) + amount


def _received(event: Funding | Fee | Transfer) -> Decimal:
    if isinstance(event, Transfer):
        return event.amount if event.to_pool is not None else -event.amount
    return event.amount if isinstance(event, Funding) else -event.amount


def sizes_of(state: AccountState) -> Sizes:
    """The open sizes of a state, by symbol and side as the venue spells them."""
    return {(symbol_of(p.instrument), p.position_side.value.upper()): p.size for p in state.positions}


class Connection:
    """A running connector with its venue; `stop_market()` freezes venue time so that truth stands still."""

    def __init__(
        self, venue: SimulatedVenue, connector: BinanceUsdm, inbox: RecordingInbox, market: asyncio.Task[None]
    ) -> None:
        self.venue = venue
        self.connector = connector
        self.inbox = inbox
        self._market = market

    def feeds(self, kind: str) -> list[FeedHealth]:
        return [feed for feed in self.connector.feeds() if feed.kind == kind]

    def private(self) -> FeedHealth:
        return self.feeds("private")[0]

    def events(self) -> list[AccountEvent]:
        return [event for event, _ in self.inbox.events if isinstance(event, AccountEvent)]

    def gaps(self) -> list[str]:
        return [event.reason for event in self.events() if isinstance(event, AccountGap)]

    async def until(self, condition: Callable[[], bool], timeout_s: float = 25.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110 - rows of feed health have no event to wait for
                await asyncio.sleep(0.01)

    async def all_live(self) -> None:
        await self.until(lambda: all(feed.state is FeedState.LIVE for feed in self.feeds("private")) and self._declared())

    def _declared(self) -> bool:
        declared = {event.account for event in self.events() if isinstance(event, AccountDeclared)}
        return len(declared) == len(self.venue.accounts)

    def trades(self) -> int:
        return sum(len(account.trades) for account in self.venue.accounts)

    async def traded(self, more: int) -> None:
        """Until the venue executed so many more trades."""
        wanted = self.trades() + more
        await self.until(lambda: self.trades() >= wanted)

    async def stop_market(self) -> None:
        self._market.cancel()
        with suppress(asyncio.CancelledError):
            await self._market

    async def settles(self) -> None:
        """Freeze the venue, wait for a state of every account read after that, and compare everything with the venue."""
        await self.stop_market()
        frozen_ns = time.time_ns()
        await self.until(lambda: all(_agreed_after(feed, frozen_ns) for feed in self.feeds("private")))
        self.compare()

    def compare(self) -> None:
        applied: dict[str, AppliedAccount] = defaultdict(AppliedAccount)
        numbers: dict[str, int] = defaultdict(int)
        for event in self.events():
            numbers[event.account] += 1
            assert event.account_seq == numbers[event.account], "account_seq must be gapless"
            applied[event.account].apply(event)
        for account in self.venue.accounts:
            ours = applied[f"binance_usdm:{account.name}"]
            truth = {(p.symbol, p.side): Decimal(text_of(p.size)) for p in account.open_positions()}
            wallets = {asset: Decimal(text_of(balance)) for asset, balance in account.wallets.items() if balance}
            assert ours.last_state is not None
            assert sizes_of(ours.last_state) == truth
            assert {key: size for key, size in ours.sizes.items() if size} == truth
            assert {asset: balance for asset, balance in ours.wallets.items() if balance} == wallets


def _agreed_after(feed: FeedHealth, moment_ns: int) -> bool:
    # A state whose reading began before the freeze may have been in flight; a second later none is.
    return feed.last_agreement_ns is not None and feed.last_agreement_ns > moment_ns + 1_000_000_000


@asynccontextmanager
async def connected(
    monkeypatch: pytest.MonkeyPatch, accounts: int = 3, trades_per_s: float = 30.0, **settings: object
) -> AsyncIterator[Connection]:
    """A venue with a busy market and a connector on it, with intervals short enough for a test."""
    venue = SimulatedVenue(
        SimulatorSettings(
            accounts=accounts,
            seed=7,
            trades_per_s=trades_per_s,
            transfers_per_s=2.0,
            tick_interval_s=0.25,
            step_interval_s=0.05,
            funding_interval_s=2,
            check_timestamps=False,
        )
    )
    await venue.start()
    inbox = RecordingInbox()
    values: dict[str, object] = {
        "rest_url": venue.rest_url,
        "stream_url": venue.stream_url,
        "permissions_url": venue.rest_url,
        "accounts": [_account(monkeypatch, item.name, item.api_key, item.api_secret) for item in venue.accounts],
        "weight_per_minute": 1_000_000,
        "connects_per_five_minutes": 1_000_000,
        "reconcile_interval_s": 0.5,
        "market_stale_s": 1.0,
        "backoff_first_s": 0.1,
        "backoff_most_s": 0.5,
        **settings,
    }
    connector = BinanceUsdm(BinanceSettings(**values), inbox, _WallClock(), random=Random(3))  # type: ignore[arg-type]
    market = asyncio.create_task(venue.run())
    running = asyncio.create_task(connector.run())
    try:
        yield Connection(venue, connector, inbox, market)
        assert not running.done(), "the connector must go on"
    finally:
        for task in (running, market):
            task.cancel()
        await asyncio.gather(running, market, return_exceptions=True)
        await venue.stop()


def _account(monkeypatch: pytest.MonkeyPatch, name: str, key: str, secret: str) -> BinanceAccountSettings:
    monkeypatch.setenv(f"KEY_{name}", key)
    monkeypatch.setenv(f"SECRET_{name}", secret)
    return BinanceAccountSettings(name=name, key_env=f"KEY_{name}", secret_env=f"SECRET_{name}")
