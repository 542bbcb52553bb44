"""One account: its private stream and its REST state, handed on as one numbered sequence of events.

Three tasks share the work. The socket's reader puts stamped frames on a bounded queue and never waits. The worker (`work`)
is the only one that hands events on, so that the numbers are gapless and in order. The reconciler (`reconcile`) reads REST at
each opening, at each interval and when asked, and puts what it read on the same queue, so that the worker sees it in order
with the frames.

Until the first good state after an opening, frames are held back (recipe of feeds.md 1.10); money and fills that the stream
lost come before the state, which then checks them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

import structlog

from connectors.feed_health import FeedState
from connectors.venues.backoff import Backoff
from connectors.venues.binance.account_events import Origin
from connectors.venues.binance.credentials import Credentials
from connectors.venues.binance.frames import AccountEvents, Decoded, ListenKeyExpired, MarginCall, decode_frame
from connectors.venues.binance.market_frames import AssetIndexes, MarkPrices
from connectors.venues.binance.reconciler import AccountReader, StateRead
from connectors.venues.binance.rest_account import AccountModes, figure_events, state_event
from connectors.venues.binance.rest_client import BinanceRest
from connectors.venues.binance.settings import BinanceAccountSettings, BinanceSettings
from connectors.venues.binance.shadow import AccountShadow
from connectors.venues.feed_row import FeedRow
from monitor.domain.errors import BadInput, Transient
from monitor.domain.events import AccountDeclared, AccountEventType, AccountGap, SettingsChanged
from monitor.domain.ids import SourcePosition
from monitor.domain.ports import Clock, Inbox

_LOG = structlog.get_logger()
_FRAMES_REMEMBERED = 2_000
_DIFFERENCE_WAIT_S = 2.0
_REJECTED_PAUSE_S = 0.1
_REJECTED_PAUSE_MOST_S = 10.0


@dataclass(frozen=True, slots=True)
class _Frame:
    raw: bytes
    ts_recv_ns: int
    connection: int


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: int


@dataclass(frozen=True, slots=True)
class _Closed:
    reason: str


@dataclass(frozen=True, slots=True)
class _Read:
    """A state, and what was missing before it; `confirmed` says that a difference was seen twice."""

    state: StateRead
    missing: list[AccountEventType]
    difference: bool


_Item = _Frame | _Opened | _Closed | _Read


class AccountFeed:
    """Everything of one account. `resume_ns`: venue time of the last state that the daemon restored, None at a first start."""

    def __init__(
        self,
        account: BinanceAccountSettings,
        settings: BinanceSettings,
        rest: BinanceRest,
        credentials: Credentials,
        inbox: Inbox,
        clock: Clock,
        epoch: int,
        settle_assets: Mapping[str, str],
        random: Random,
        resume_ns: int | None = None,
    ) -> None:
        self.identifier = f"{settings.name}:{account.name}"
        self.row = FeedRow(f"{self.identifier}/private", "private", clock.now_ns(), settings.private_queue)
        self.cut: Callable[[str], None] = lambda _reason: None
        self._account = account
        self._settings = settings
        self._inbox = inbox
        self._clock = clock
        self._epoch = epoch
        self._random = random
        self._reader = AccountReader(rest, credentials, clock, self._origin)
        self._shadow = AccountShadow(settle_assets)
        self._shadow.agreed_ns = resume_ns
        self._queue: asyncio.Queue[_Item] = asyncio.Queue()
        self._wanted = asyncio.Event()
        self._held: list[_Frame] | None = []
        self._seen_frames: OrderedDict[int, None] = OrderedDict()
        self._modes: AccountModes | None = None
        self._modes_read_ns = 0
        self._sequence = 0
        self._opened_ns: int | None = None
        self._connection = 0
        self._overflowed = False
        self._lost_since_state = False
        self._rejected = 0
        self._unknown_logged: set[str] = set()

    # What the socket calls; nothing here waits.

    def opened(self, connection: int) -> None:
        """A connection is open: from here on nothing more is lost."""
        self._connection = connection
        self._overflowed = False
        self._queue.put_nowait(_Opened(connection))

    def frame(self, raw: bytes, ts_recv_ns: int) -> None:
        """One frame; one too many is a declared gap: the connection is dropped and the account read anew."""
        self.row.received(ts_recv_ns)
        if self._overflowed:
            return
        waiting = self._queue.qsize() + len(self._held or ())
        if waiting >= self._settings.private_queue:
            self._overflowed = True
            self.cut(f"private queue is full ({waiting} frames)")
            return
        self._queue.put_nowait(_Frame(raw, ts_recv_ns, self._connection))

    def closed(self, reason: str) -> None:
        """The connection ended: from here on events may be lost."""
        self._queue.put_nowait(_Closed(reason))

    # The worker: the only one that hands on.

    async def work(self) -> None:
        """Hand on frames and states until cancelled."""
        while True:
            item = await self._queue.get()
            self.row.queue_depth = self._queue.qsize()
            if isinstance(item, _Frame):
                await self._take_frame(item)
            elif isinstance(item, _Read):
                await self._take_read(item)
            elif isinstance(item, _Opened):
                self._opened_ns = self._clock.now_ns()
                self._held = [] if self._held is None else self._held
                self._enter(FeedState.RECONCILING, "reading the account's state")
                self._wanted.set()
            else:
                await self._take_closed(item.reason)

    async def _take_closed(self, reason: str) -> None:
        was_open = self._opened_ns is not None
        self._opened_ns = None
        # Held frames are of the connection that ended; REST has what they told.
        self._held = []
        self._enter(FeedState.DOWN, reason)
        if was_open:
            self.row.reconnects += 1
            await self._declare_gap(f"private stream ended: {reason}")

    async def _declare_gap(self, reason: str) -> None:
        self._lost_since_state = True
        if self._modes is None:
            return  # not yet declared: the account is unknown, which says more than a gap
        self.row.gaps += 1
        now_ns = self._clock.now_ns()
        origin = self._origin(self._modes)
        await self._hand_on(
            AccountGap(
                account=self.identifier,
                event_id=f"gap:{now_ns}",
                ts_event_ns=now_ns,
                ts_recv_ns=now_ns,
                source=origin.source,
                source_epoch=origin.source_epoch,
                account_seq=1,
                reason=reason,
            )
        )

    async def _take_frame(self, frame: _Frame) -> None:
        if self._held is not None:
            self._held.append(frame)
            return
        await self._apply_frame(frame)

    async def _apply_frame(self, frame: _Frame) -> None:
        decoded = await self._decode(frame)
        if decoded is None:
            return
        if isinstance(decoded, AccountEvents):
            if self._is_repeated(frame.raw):
                self.row.duplicates += 1
                return
            if not self.row.happened(decoded.ts_event_ns):
                self.row.out_of_order += 1
            for event in decoded.events:
                await self._take_event(event, from_rest=False)
        elif isinstance(decoded, MarginCall):
            _LOG.warning("margin_call", account=self.identifier, symbols=list(decoded.symbols))
            self._wanted.set()  # the call has no totals; REST has
        elif isinstance(decoded, ListenKeyExpired):
            self.cut("listen key expired")
        elif not isinstance(decoded, (MarkPrices, AssetIndexes)) and decoded.unknown:
            self._count_unknown(decoded.event_type)

    async def _decode(self, frame: _Frame) -> Decoded | None:
        """The frame's content; one that cannot be read may have been a fill, so the account is read anew."""
        assert self._modes is not None  # frames are held until the account is declared
        try:
            return decode_frame(frame.raw, frame.ts_recv_ns, self.row.name, self._origin(self._modes))
        except BadInput as error:
            self.row.refused += 1
            position = SourcePosition(self.row.name, frame.connection, self.row.messages)
            self._inbox.refuse(error, position)
            await self._declare_gap(f"a private message could not be read: {error.reason}")
            self._wanted.set()
            return None

    async def _take_read(self, read: _Read) -> None:
        """Hand on a state with what was missing before it, if nothing happened in its window."""
        state = read.state
        if self._opened_ns is None or state.asked_recv_ns < self._opened_ns:
            self._wanted.set()  # read before this connection was open: what fell between could be lost
            return
        held = self._held or []
        if self._shadow.newest_ns > state.ts_event_ns:
            # A later event was handed on already; this state would undo it.
            self.row.resyncs += 1
            self._rejected += 1
            self._wanted.set()
            return
        self._rejected = 0
        await self._declare_modes(state)
        if read.difference and not self._lost_since_state:
            self.row.differences += 1
            await self._declare_gap("REST holds what the stream did not bring")
        for event in read.missing:
            await self._take_event(event, from_rest=True)
        later = [frame for frame in held if not self._is_before(frame, state)]
        self._held = None
        for frame in held:
            if self._is_before(frame, state):
                await self._apply_frame(frame)
        await self._hand_on_state(state)
        for frame in later:
            await self._apply_frame(frame)

    async def _hand_on_state(self, state: StateRead) -> None:
        await self._hand_on(state_event(state.snapshot, state.ts_event_ns, state.ts_recv_ns, state.origin))
        for event in figure_events(state.snapshot, state.begun_ns, state.ts_recv_ns, state.origin):
            await self._hand_on(event)
        self._shadow.adopt(state.snapshot, state.ts_event_ns)
        self._lost_since_state = False
        self.row.last_agreement_ns = state.ts_recv_ns
        self._enter(FeedState.LIVE, "")

    async def _take_event(self, event: AccountEventType, *, from_rest: bool) -> None:
        taken = self._shadow.take(event, from_rest=from_rest)
        if taken is None:
            if not from_rest:
                self.row.duplicates += 1
            return
        if isinstance(taken, SettingsChanged) and taken.mode is not None:
            self._modes_read_ns = 0  # another mode has other pools: read the settings and the state anew
            self._wanted.set()
        await self._hand_on(taken)

    async def _hand_on(self, event: AccountEventType) -> None:
        self._sequence += 1
        position = SourcePosition(self.row.name, self._connection, self._sequence)
        await self._inbox.put(replace(event, account_seq=self._sequence), position)

    async def _declare_modes(self, state: StateRead) -> None:
        """Declare the account once; afterwards only what changed."""
        modes, now_ns, origin = state.modes, state.ts_recv_ns, state.origin
        if self._modes is None:
            await self._hand_on(
                AccountDeclared(
                    account=self.identifier,
                    event_id=f"declared:{self._epoch}",
                    ts_event_ns=state.ts_event_ns,
                    ts_recv_ns=now_ns,
                    source=origin.source,
                    source_epoch=origin.source_epoch,
                    account_seq=1,
                    mode=modes.mode,
                    position_mode=modes.position_mode,
                    entity=self._account.entity,
                    owner=self._account.owner,
                    profile=self._account.profile,
                    tags=dict(self._account.tags),
                    instruments=tuple(modes.instruments.values()),
                )
            )
        elif modes != self._modes:
            old = self._modes.instruments
            await self._hand_on(
                SettingsChanged(
                    account=self.identifier,
                    event_id=f"settings:{state.begun_ns}",
                    ts_event_ns=state.ts_event_ns,
                    ts_recv_ns=now_ns,
                    source=origin.source,
                    source_epoch=origin.source_epoch,
                    account_seq=1,
                    mode=modes.mode,
                    position_mode=modes.position_mode,
                    instruments=tuple(row for symbol, row in modes.instruments.items() if old.get(symbol) != row),
                )
            )
        self._modes = modes

    # The reconciler: reads REST, hands nothing on itself.

    async def reconcile(self) -> None:
        """Read the account at each opening, at each interval (spread by a tenth) and when asked, until cancelled."""
        settings = self._settings
        backoff = Backoff(settings.backoff_first_s, settings.backoff_most_s, self._random)
        while True:
            await self._wait_for_turn()
            self._wanted.clear()
            if self._opened_ns is None:
                continue  # nothing can be agreed without a stream; its opening asks again
            try:
                await self._read()
                backoff.reset()
                await asyncio.sleep(min(_REJECTED_PAUSE_MOST_S, _REJECTED_PAUSE_S * 2.0 ** min(self._rejected, 10)))
            except (Transient, BadInput) as error:
                self._note_failure(error)
                await asyncio.sleep(backoff.next_s())
                self._wanted.set()

    async def _wait_for_turn(self) -> None:
        interval = self._settings.reconcile_interval_s * self._random.uniform(0.9, 1.1)
        try:
            async with asyncio.timeout(interval):
                await self._wanted.wait()
        except TimeoutError:
            return

    async def _read(self) -> None:
        source = self.identifier
        modes = await self._current_modes(source)
        state = await self._whole_state(modes, source)
        difference = bool(self._shadow.difference(state.snapshot)) and self._shadow.agreed_ns is not None
        missing: list[AccountEventType] = []
        if difference and not self._lost_since_state and self._held is None:
            # The stream may only be late: what it brings within the wait is not missing.
            await asyncio.sleep(_DIFFERENCE_WAIT_S)
            state = await self._whole_state(modes, source)
            difference = bool(self._shadow.difference(state.snapshot))
        agreed_ns = self._shadow.agreed_ns
        if difference and agreed_ns is not None:
            symbols = self._shadow.difference(state.snapshot).symbols
            history = await self._reader.history(modes, agreed_ns, symbols, source)
            # What happened up to the agreed state is in it, and what is later than this one the stream will bring.
            missing = [event for event in history if agreed_ns < event.ts_event_ns <= state.ts_event_ns]
        self._queue.put_nowait(_Read(state, missing, difference))

    async def _current_modes(self, source: str) -> AccountModes:
        age_ns = self._clock.now_ns() - self._modes_read_ns
        if self._modes is not None and age_ns < self._settings.settings_interval_s * 1e9 and self._modes_read_ns:
            return self._modes
        modes = await self._reader.modes(self._settings.name, source)
        self._modes_read_ns = self._clock.now_ns()
        return modes

    async def _whole_state(self, modes: AccountModes, source: str) -> StateRead:
        """A state that is not torn and not older than the stream; pauses between attempts."""
        backoff = Backoff(self._settings.backoff_first_s / 4, self._settings.backoff_most_s, self._random)
        while True:
            state = await self._reader.state(modes, source)
            if state.is_torn:
                self._enter_reading("the account changed while it was read")
            elif self._shadow.is_older_than_stream(state.snapshot, state.begun_ns):
                self._enter_reading("REST is older than the stream")
            else:
                return state
            self.row.resyncs += 1
            await asyncio.sleep(backoff.next_s())

    def _enter_reading(self, reason: str) -> None:
        if self.row.state is FeedState.RECONCILING:
            self._enter(FeedState.RECONCILING, reason)

    def _note_failure(self, error: Transient | BadInput) -> None:
        if isinstance(error, BadInput):
            self.row.refused += 1
            self._inbox.refuse(error, SourcePosition(self.row.name, self._connection, self.row.messages))
        reason = str(error)
        if self.row.state is FeedState.LIVE:
            _LOG.warning("reconcile_failed", account=self.identifier, reason=reason)
        else:
            self._enter(FeedState.RECONCILING, reason)

    # Small judgements.

    def _origin(self, modes: AccountModes) -> Origin:
        name = self._settings.name
        return Origin(name, self.identifier, f"{name}:stream", self._epoch, modes.mode)

    def _is_before(self, frame: _Frame, state: StateRead) -> bool:
        moment = self._moment(frame, state)
        return moment is not None and moment <= state.ts_event_ns

    def _moment(self, frame: _Frame, state: StateRead) -> int | None:
        """The venue time of a held frame; None when it holds no account event (it is judged when it is applied)."""
        try:
            decoded = decode_frame(frame.raw, frame.ts_recv_ns, self.row.name, state.origin)
        except BadInput:
            return None
        return decoded.ts_event_ns if isinstance(decoded, AccountEvents) else None

    def _is_repeated(self, raw: bytes) -> bool:
        """Whether the same bytes came before: a venue's repetition, or the overlap of two sockets."""
        mark = hash(raw)
        if mark in self._seen_frames:
            return True
        self._seen_frames[mark] = None
        if len(self._seen_frames) > _FRAMES_REMEMBERED:
            self._seen_frames.popitem(last=False)
        return False

    def _count_unknown(self, event_type: str) -> None:
        self.row.unknown += 1
        if event_type not in self._unknown_logged and len(self._unknown_logged) < 20:
            self._unknown_logged.add(event_type)
            _LOG.warning("unknown_event_type", feed=self.row.name, event_type=event_type)

    def _enter(self, state: FeedState, reason: str) -> None:
        if self.row.enter(state, reason, self._clock.now_ns()):
            level = _LOG.info if state in {FeedState.LIVE, FeedState.RECONCILING} else _LOG.warning
            level("feed_state", feed=self.row.name, state=state.value, reason=reason)
