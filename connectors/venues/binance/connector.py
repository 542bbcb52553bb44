"""Binance USDⓈ-M as one connection: market sockets, private sockets, REST, tables and clock, in one group of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random

import aiohttp
import structlog

from connectors.check_result import CheckResult
from connectors.feed_health import FeedHealth, FeedState
from connectors.venues.backoff import Backoff
from connectors.venues.binance.account_feed import AccountFeed
from connectors.venues.binance.addresses import market_address, market_streams
from connectors.venues.binance.connection_check import check_connection
from connectors.venues.binance.credentials import Credentials, read_credentials
from connectors.venues.binance.listen_keys import ListenKeys
from connectors.venues.binance.market_feed import INDEX_CHANNEL, MARK_CHANNEL, MarketFeed
from connectors.venues.binance.rest_client import BinanceRest
from connectors.venues.binance.settings import BinanceAccountSettings, BinanceSettings
from connectors.venues.binance.tables_feed import TablesFeed
from connectors.venues.feed_row import FeedRow
from connectors.venues.rate_gate import RateGate
from connectors.venues.socket_feed import FrameSink, SocketFeed, SocketPolicy
from monitor.domain.errors import BadInput, Transient
from monitor.domain.events import ClockOffset
from monitor.domain.ids import SourcePosition
from monitor.domain.ports import Clock, Inbox

_LOG = structlog.get_logger()


class BinanceUsdm:
    """Watches the market and all accounts of one configuration section until cancelled.

    `resume`: per account id the venue time (ns) of the last state that the daemon restored; fills and money since then are
    fetched before the first state. `random` spreads pauses; the epoch of all events is the time of construction.
    """

    def __init__(
        self,
        settings: BinanceSettings,
        inbox: Inbox,
        clock: Clock,
        resume: Mapping[str, int] | None = None,
        random: Random | None = None,
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._clock = clock
        self._resume = resume or {}
        self._random = Random() if random is None else random
        self._epoch = clock.now_ns()
        self._gate = RateGate(clock, settings.weight_per_minute, settings.connects_per_five_minutes)
        self._rest_row = FeedRow(f"{settings.name}:rest", "rest", self._epoch)
        self._markets: list[MarketFeed] = []
        self._accounts: list[AccountFeed] = []
        self._offsets: list[int] = []

    async def run(self) -> None:
        """Connect and hand on until cancelled. Raises BadConfiguration when a key cannot be read."""
        credentials = [read_credentials(account) for account in self._settings.accounts]
        symbols = None if self._settings.symbols is None else frozenset(self._settings.symbols)
        async with (
            aiohttp.ClientSession(trust_env=self._settings.use_environment_proxy) as session,
            asyncio.TaskGroup() as group,
        ):
            rest = BinanceRest(self._settings, session, self._gate, self._clock)
            first = credentials[0] if credentials else None
            tables = TablesFeed(self._settings.name, rest, first, symbols, self._inbox)
            for socket in self._market_sockets(symbols, tables):
                group.create_task(socket.run())
            group.create_task(self._watch(tables))
            await self._until_done(lambda: self._measure_clock(rest), "clock")
            await self._until_done(tables.load, "tables")
            self._put_first_indexes(tables)
            group.create_task(self._repeat(self._settings.clock_interval_s, lambda: self._measure_clock(rest), "clock"))
            group.create_task(self._repeat(self._settings.tables_interval_s, tables.load, "tables"))
            keys = ListenKeys(rest, self._settings.stream_url, self._settings.listen_key_renewal_s, self._clock, self._random)
            group.create_task(keys.renew())
            for account, credential in zip(self._settings.accounts, credentials, strict=True):
                feed, socket = self._account(account, credential, rest, keys, tables)
                group.create_task(socket.run())
                group.create_task(feed.work())
                group.create_task(feed.reconcile())

    def feeds(self) -> list[FeedHealth]:
        """REST first, then the market sockets, then the accounts in order of configuration."""
        row = self._rest_row
        row.clock_offset_ns = self.clock_offset_ns
        blocked = self._gate.blocked_reason
        if blocked:
            row.enter(FeedState.BLOCKED, blocked, self._clock.now_ns())
        elif row.state is FeedState.BLOCKED:
            row.enter(FeedState.LIVE, "", self._clock.now_ns())
        return [row.health() for row in (row, *(feed.row for feed in self._markets), *(feed.row for feed in self._accounts))]

    @property
    def clock_offset_ns(self) -> int | None:
        """The venue's clock less ours, median of the last measurements; None before the first."""
        return sorted(self._offsets)[len(self._offsets) // 2] if self._offsets else None

    async def check(self) -> list[CheckResult]:
        """What would keep this connection from working, found out without handing anything on."""
        return await check_connection(self._settings, self._gate, self._clock)

    def _market_sockets(self, symbols: frozenset[str] | None, tables: TablesFeed) -> list[SocketFeed]:
        sockets = []
        portions = market_streams(self._settings.symbols, self._settings.symbols_per_socket)
        for number, streams in enumerate(portions):
            # A socket of indices alone has no marks to wait for.
            marks = (MARK_CHANNEL,) if any("markPrice" in name for name in streams) else ()
            feed = MarketFeed(
                f"{self._settings.name}:market/{number}",
                self._settings.name,
                (*marks, INDEX_CHANNEL) if number == 0 else marks,
                symbols,
                self._settings.market_stale_s,
                self._inbox,
                self._clock,
                tables.note_buffers,
            )
            url = market_address(self._settings.stream_url, streams)
            socket = self._socket(lambda url=url: _same(url), feed)  # type: ignore[misc]
            feed.cut = socket.cut
            self._markets.append(feed)
            sockets.append(socket)
        return sockets

    def _account(
        self,
        account: BinanceAccountSettings,
        credentials: Credentials,
        rest: BinanceRest,
        keys: ListenKeys,
        tables: TablesFeed,
    ) -> tuple[AccountFeed, SocketFeed]:
        feed = AccountFeed(
            account,
            self._settings,
            rest,
            credentials,
            self._inbox,
            self._clock,
            self._epoch,
            tables.settle_assets,
            self._random,
            self._resume.get(f"{self._settings.name}:{account.name}"),
        )
        socket = self._socket(lambda: keys.address(credentials), feed)
        feed.cut = socket.cut
        keys.add(feed, credentials)
        self._accounts.append(feed)
        return feed, socket

    def _socket(self, address: Callable[[], Awaitable[str]], sink: FrameSink) -> SocketFeed:
        settings = self._settings
        policy = SocketPolicy(
            # Spread, so that not all sockets are replaced in one minute.
            rotate_after_s=settings.rotate_after_s * self._random.uniform(0.9, 1.0),
            open_timeout_s=settings.open_timeout_s,
            close_timeout_s=settings.close_timeout_s,
            ping_interval_s=settings.ping_interval_s,
            compression=settings.compression,
            use_environment_proxy=settings.use_environment_proxy,
        )
        backoff = Backoff(settings.backoff_first_s, settings.backoff_most_s, self._random)
        return SocketFeed(address, sink, policy, self._gate, backoff, self._clock)

    async def _watch(self, tables: TablesFeed) -> None:
        """Judge the market channels, and hand on the index buffers that the stream changed."""
        pause_s = min(1.0, self._settings.market_stale_s / 5)
        while True:
            await asyncio.sleep(pause_s)
            for feed in self._markets:
                feed.judge()
            await tables.hand_on_buffers(self._clock.now_ns())

    async def _measure_clock(self, rest: BinanceRest) -> None:
        self._offsets = [*self._offsets[-4:], await rest.measure_clock()]
        offset_ns = self.clock_offset_ns
        assert offset_ns is not None
        rest.offset_ns = offset_ns
        position = SourcePosition(f"{self._settings.name}:/fapi/v1/time", 0, rest.requests)
        await self._inbox.put(ClockOffset(venue=self._settings.name, offset_ns=offset_ns), position)

    async def _until_done(self, act: Callable[[], Awaitable[object]], what: str) -> None:
        backoff = Backoff(self._settings.backoff_first_s, self._settings.backoff_most_s, self._random)
        while True:
            if await self._try(act, what):
                return
            await asyncio.sleep(backoff.next_s())

    async def _repeat(self, interval_s: float, act: Callable[[], Awaitable[object]], what: str) -> None:
        while True:
            await asyncio.sleep(interval_s * self._random.uniform(0.9, 1.0))
            await self._try(act, what)

    async def _try(self, act: Callable[[], Awaitable[object]], what: str) -> bool:
        try:
            await act()
        except (Transient, BadInput) as error:
            if isinstance(error, BadInput):
                self._rest_row.refused += 1
                self._inbox.refuse(error)
            if self._rest_row.enter(FeedState.DOWN, f"{what}: {error}", self._clock.now_ns()):
                _LOG.warning("rest_failed", venue=self._settings.name, what=what, reason=str(error))
            return False
        self._rest_row.received(self._clock.now_ns())
        self._rest_row.enter(FeedState.LIVE, "", self._clock.now_ns())
        return True

    def _put_first_indexes(self, tables: TablesFeed) -> None:
        if tables.indexes is not None:
            self._markets[0].put_index_prices(tables.indexes, tables.indexes_recv_ns, 0)


async def _same(url: str) -> str:
    return url
