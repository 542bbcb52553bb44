"""Mark prices and asset indices: one socket, decoded as it is read, prices straight to the inbox.

Decoding a frame never waits, and prices coalesce in the inbox, so the reader always drains. Each channel has a clock of the
venue's own times: a socket whose times stand still is cut, though it answers pings (failure story F1).
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from connectors.feed_health import FeedState
from connectors.venues.binance.frames import Ignored, decode_frame
from connectors.venues.binance.market_frames import AssetIndexes, MarkPrices
from connectors.venues.feed_row import FeedRow
from monitor.domain.errors import BadInput
from monitor.domain.ids import DriverKey, DriverKind, SourcePosition, subject_id
from monitor.domain.ports import Clock, Inbox

_LOG = structlog.get_logger()
MARK_CHANNEL = "mark"
INDEX_CHANNEL = "asset_index"


class MarketFeed:
    """One public socket. `channels` must each show newer venue times within `stale_s`; `symbols` None takes every mark."""

    def __init__(
        self,
        name: str,
        venue: str,
        channels: tuple[str, ...],
        symbols: frozenset[str] | None,
        stale_s: float,
        inbox: Inbox,
        clock: Clock,
        on_buffers: Callable[[AssetIndexes], None],
    ) -> None:
        self.row = FeedRow(name, "market", clock.now_ns())
        self.cut: Callable[[str], None] = lambda _reason: None
        self._venue = venue
        self._symbols = symbols
        self._stale_ns = int(stale_s * 1e9)
        self._inbox = inbox
        self._clock = clock
        self._on_buffers = on_buffers
        self._drivers: dict[tuple[DriverKind, str], int] = {}
        self._newest_ns = dict.fromkeys(channels, 0)
        self._advanced_ns = dict.fromkeys(channels, 0)
        self._connection = 0
        self._lane = inbox.lane(name, 0)
        self._is_open = False
        self._unknown_logged: set[str] = set()

    def opened(self, connection: int) -> None:
        """A connection is open: each channel has the limit from now to show a price."""
        now_ns = self._clock.now_ns()
        self._connection = connection
        self._is_open = True
        self._advanced_ns = dict.fromkeys(self._advanced_ns, now_ns)
        self._enter(FeedState.CONNECTING, "no price yet", now_ns)

    def closed(self, reason: str) -> None:
        """The connection ended."""
        if self._is_open:
            self.row.gaps += 1
        self._is_open = False
        self.row.reconnects += 1
        self._enter(FeedState.DOWN, reason, self._clock.now_ns())

    def frame(self, raw: bytes, ts_recv_ns: int) -> None:
        """Decode one frame and put its prices."""
        row = self.row
        row.received(ts_recv_ns)
        try:
            decoded = decode_frame(raw, ts_recv_ns, row.name)
        except BadInput as error:
            self._refuse(error)
            return
        if isinstance(decoded, MarkPrices):
            self._marks(decoded, ts_recv_ns)
        elif isinstance(decoded, AssetIndexes):
            self._indexes(decoded, ts_recv_ns)
        elif isinstance(decoded, Ignored) and decoded.unknown:
            self._unknown(decoded.event_type)

    def judge(self) -> None:
        """Cut the socket when a channel's venue time stood still for too long; to be called every second or so."""
        if not self._is_open:
            return
        now_ns = self._clock.now_ns()
        for channel, advanced_ns in self._advanced_ns.items():
            if now_ns - advanced_ns > self._stale_ns:
                reason = f"{channel}: no newer venue time for {(now_ns - advanced_ns) / 1e9:.1f} s"
                self._enter(FeedState.STALE, reason, now_ns)
                self.cut(reason)
                return

    def put_index_prices(self, indexes: AssetIndexes, ts_recv_ns: int, offset: int) -> None:
        """Asset indices read from REST, before the stream brings the first."""
        for asset, price, ts_event_ns, _, _ in indexes.rows:
            self._put(DriverKind.ASSET_INDEX, asset, price, ts_event_ns, ts_recv_ns, offset)

    def _marks(self, decoded: MarkPrices, ts_recv_ns: int) -> None:
        offset = self.row.messages
        symbols = self._symbols
        newest = 0
        for symbol, price, ts_event_ns in decoded.rows:
            if symbols is None or symbol in symbols:
                newest = max(newest, ts_event_ns)
                self._put(DriverKind.MARK, symbol, price, ts_event_ns, ts_recv_ns, offset)
        self._seen(MARK_CHANNEL, newest, ts_recv_ns)
        for error in decoded.refused:
            self._refuse(error)

    def _indexes(self, decoded: AssetIndexes, ts_recv_ns: int) -> None:
        offset = self.row.messages
        newest = 0
        for asset, price, ts_event_ns, _, _ in decoded.rows:
            newest = max(newest, ts_event_ns)
            self._put(DriverKind.ASSET_INDEX, asset, price, ts_event_ns, ts_recv_ns, offset)
        self._seen(INDEX_CHANNEL, newest, ts_recv_ns)
        self._on_buffers(decoded)
        for error in decoded.refused:
            self._refuse(error)

    def _put(self, kind: DriverKind, name: str, price: float, ts_event_ns: int, ts_recv_ns: int, offset: int) -> None:
        key = (kind, name)
        driver = self._drivers.get(key)
        if driver is None:
            driver = self._drivers[key] = self._inbox.driver(DriverKey(kind, subject_id(self._venue, name)))
        self._inbox.put_price(driver, price, ts_event_ns, ts_recv_ns, self._lane, offset)

    def _seen(self, channel: str, newest_ns: int, ts_recv_ns: int) -> None:
        if newest_ns <= self._newest_ns.get(channel, 0):
            self.row.out_of_order += newest_ns < self._newest_ns.get(channel, 0)
            return
        self._newest_ns[channel] = newest_ns
        self._advanced_ns[channel] = ts_recv_ns
        self.row.happened(newest_ns)
        if self.row.state is not FeedState.LIVE:
            self._enter(FeedState.LIVE, "", ts_recv_ns)

    def _refuse(self, error: BadInput) -> None:
        self.row.refused += 1
        self._inbox.refuse(error, SourcePosition(self.row.name, self._connection, self.row.messages))

    def _unknown(self, event_type: str) -> None:
        self.row.unknown += 1
        if event_type not in self._unknown_logged and len(self._unknown_logged) < 20:
            self._unknown_logged.add(event_type)
            _LOG.warning("unknown_event_type", feed=self.row.name, event_type=event_type)

    def _enter(self, state: FeedState, reason: str, now_ns: int) -> None:
        if self.row.enter(state, reason, now_ns):
            level = _LOG.info if state in {FeedState.LIVE, FeedState.CONNECTING} else _LOG.warning
            level("feed_state", feed=self.row.name, state=state.value, reason=reason)
