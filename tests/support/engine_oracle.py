"""The whole engine once more, in exact fractions and plain words: every pool valued in full after every input.

Shares no function with the book, the rules or the engine; knows the domain's types alone. What it yields for an input is the
set of level changes (seq, pool, old, new), written from the contract: levels by the sign of the slack, switches held while an
input is stale or a gap is open, nothing moved by what is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from monitor.domain.certainty import Certainty
from monitor.domain.events import (
    AccountDeclared,
    AccountEventType,
    AccountGap,
    AccountRemoved,
    AccountState,
    ClockOffset,
    DriverDeclared,
    Fee,
    Fill,
    Funding,
    Heartbeat,
    Interest,
    SettingsChanged,
    Transfer,
    ValuationStarted,
    VenueFigures,
)
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch
from monitor.domain.instrument import Instrument
from monitor.domain.profile import BoundaryKind, Profile, SwitchSet
from monitor.domain.tables import TableChanged, TableKey, TableKind, TableVersion
from tests.support.engine_oracle_account import Book, Cash
from tests.support.engine_oracle_margin import WEIGHTS, Figures, Shape, Tables, Terms, Unknown
from tests.support.engine_oracle_state import Account, Driver, Lane, Numbers, Pool, Side

SECOND_NS = 10**9
NAMES = ("notice", "warning", "critical", "liquidation")


class Change(NamedTuple):
    """One pool's level changed; None: never valued, or closed."""

    seq: int
    pool: str
    old: int | None
    new: int | None


class Refused(Exception):
    """The event cannot be applied: its account is RECONCILING."""


HEALED = {"gap", "new epoch", "refused"}


class EngineOracle:
    """`process` as the engine has it; `decided` names the boundary kinds that decided, `slack_zero` counts exact hits."""

    def __init__(
        self, profiles: dict[str, Profile], default_profile: str = "desk", streams: frozenset[str] = frozenset()
    ) -> None:
        self.profiles = profiles
        self.default_profile = default_profile
        self.streams = streams
        self.seq = 0
        self.now_ns = 0
        self.is_valuing = False
        self.schedules: dict[TableKey, list[TableVersion]] = {}
        self.in_force: dict[TableKey, TableVersion] = {}
        self.tables: Tables = {}
        self.instruments: dict[str, Instrument] = {}
        self.feed: dict[int, DriverKey] = {}
        self.drivers: dict[DriverKey, Driver] = {}
        self.offsets: dict[str, int] = {}
        self.lanes: dict[tuple[str, int, str], Lane] = {}
        self.lane_of: dict[str, tuple[str, int, str]] = {}
        self.accounts: dict[str, Account] = {}
        self.undeclared: dict[str, AccountState] = {}
        self.is_news = False
        self.decided: set[tuple[BoundaryKind, bool]] = set()
        self.slack_zero = 0
        self.held = 0
        self._moment = 0
        self._known_terms: dict[int, tuple[Shape, Terms | None]] = {}
        self._known_figures: dict[int, tuple[int, Figures | None]] = {}

    # ---- inputs

    def process(self, item: Input, partition: int = 0) -> list[Change]:
        """The level changes of one input, each price of a batch an input of its own."""
        if isinstance(item, PriceBatch):
            return [change for row in range(len(item)) for change in self._price_row(item, row)]
        self.seq += 1
        before = self._told()
        self._take_in(item, partition)
        return self._settle(before)

    def _take_in(self, item: Input, partition: int) -> None:
        match item:
            case ClockAdvanced():
                self._clock(item.now_ns)
            case TableChanged():
                self._table(item)
            case DriverDeclared():
                self.feed[item.index] = item.key
                self.drivers.setdefault(item.key, Driver())
            case ClockOffset():
                self.offsets[item.venue] = item.offset_ns
            case ValuationStarted():
                if not self.is_valuing:
                    self.is_valuing = True
                    for account in self.accounts.values():
                        self._take(account)
            case Heartbeat():
                self._heartbeat(item)
            case _:
                if isinstance(item, AccountEventType):
                    self._event(item, partition)

    def _price_row(self, batch: PriceBatch, row: int) -> list[Change]:
        self.seq += 1
        before = self._told()
        key = self.feed[batch.driver[row]]
        driver = self.drivers[key]
        stamp, offset = batch.ts_event_ns[row], self.offsets.get(key.subject.split(":")[0], 0)
        price = batch.price[row]
        usable = 0 < price < float("inf")
        if usable and stamp - offset <= self.now_ns + 5 * SECOND_NS and stamp >= driver.ts_event_ns:
            self._moment += 1
            driver.price, driver.state = Fraction(Decimal(repr(price))), "live"
            driver.ts_event_ns, driver.ts_recv_ns = stamp, max(driver.ts_recv_ns, batch.ts_recv_ns[row])
        return self._settle(before)

    # ---- time

    def _clock(self, now_ns: int) -> None:
        self.now_ns = max(self.now_ns, now_ns)
        for key in list(self.schedules):
            self._bring_in(key)
        if self.is_news:
            self.is_news = False
            for account in self.accounts.values():
                if any(lacks for pool in account.pools.values() for _shape, lacks in pool.sides()):
                    self._take(account)
            self._read_awaiting()
        self._expire()
        for account in list(self.accounts.values()):
            self._due(account)

    def _expire(self) -> None:
        for key, driver in self.drivers.items():
            offset = self.offsets.get(key.subject.split(":")[0], 0)
            limit = 10 if key.kind in {DriverKind.ASSET_INDEX, DriverKind.ASSET_BID, DriverKind.ASSET_ASK} else 5
            age = max(self.now_ns - driver.ts_recv_ns, self.now_ns - (driver.ts_event_ns - offset))
            if driver.state == "live" and age > limit * SECOND_NS:
                driver.state = "stale"
        for (_source, _partition, name), lane in self.lanes.items():
            if self.now_ns - lane.last_recv_ns > (150 if name else 6) * SECOND_NS:
                lane.is_stale = True
                for rider in lane.accounts:
                    self.accounts[rider].doubts.add("stale")

    def _due(self, account: Account) -> None:
        if account.wait_until_ns is not None and account.wait_until_ns <= self.now_ns:
            account.wait_until_ns = None
            account.doubts.discard("isolated wallet")
            self._take(account)
        due = [state for at, state in account.unchecked if at <= self.now_ns]
        account.unchecked = [(at, state) for at, state in account.unchecked if at > self.now_ns]
        for state in due:
            if account.book is None or "not opened" in account.doubts or state.ts_event_ns <= account.agreed_ns:
                continue
            differences, before = account.book.differences(state), account.differing
            if not differences:
                self._agreed(account, state)
            elif state.complete and before is not None and differences == account.book.differences(before):
                self._adopt(account, state)
            else:
                account.differing = state
            self._take(account)

    # ---- tables

    def _table(self, changed: TableChanged) -> None:
        times = [version.effective_ns for version in changed.versions]
        if times != sorted(set(times)):
            return
        self.schedules[changed.key] = list(changed.versions)
        past = [version for version in changed.versions if version.effective_ns <= max(changed.ts_recv_ns, self.now_ns)]
        self._put(changed.key, past[-1] if past else None)
        for key in self.schedules:
            self._bring_in(key)

    def _bring_in(self, key: TableKey) -> None:
        past = [version for version in self.schedules[key] if version.effective_ns <= self.now_ns]
        known = self.in_force.get(key)
        if past and (known is None or past[-1].effective_ns > known.effective_ns):
            self._put(key, past[-1])

    def _put(self, key: TableKey, version: TableVersion | None) -> None:
        if self.in_force.get(key) == version:
            return
        known = self.in_force.get(key)
        if known is not None and version is not None and (known.table, known.verified) == (version.table, version.verified):
            self.in_force[key] = version
            return
        concerned = [(account, pool) for account in self.accounts.values() for pool in self._concerned(account, key)]
        self._known_terms.clear()
        self._known_figures.clear()
        if version is None:
            self.in_force.pop(key, None)
            self.tables.pop(key, None)
        else:
            self.in_force[key] = version
            self.tables[key] = version.table
            if isinstance(version.table, Instrument):
                self.instruments[version.table.instrument] = version.table
        self.is_news = True
        for account, pool in concerned:
            if key.kind is TableKind.INSTRUMENT:
                self._take(account)
            else:
                self._note_lacks(pool)

    def _concerned(self, account: Account, key: TableKey) -> list[Pool]:
        found = []
        for pool in account.pools.values():
            for shape, lacks_table in pool.sides():
                terms = None if lacks_table or shape.is_empty else self._terms(shape)
                if terms is None:
                    continue
                if key == WEIGHTS or any(driver.subject == f"{key.venue}:{key.symbol}" for driver in terms.drivers):
                    found.append(pool)
                    break
        return found

    # ---- sources

    def _heartbeat(self, beat: Heartbeat) -> None:
        lane = self.lanes.setdefault((beat.source, beat.partition, ""), Lane())
        if beat.source_epoch < lane.epoch:
            return
        self._wake(lane, beat.ts_recv_ns)
        if beat.source_epoch > lane.epoch:
            for name in lane.accounts if lane.epoch else ():
                self._new_epoch(self.accounts[name], beat.source, beat.source_epoch)
            lane.epoch, lane.count = beat.source_epoch, 0
        if lane.count != beat.count:
            for name in lane.accounts:
                account = self.accounts[name]
                account.doubts.add("gap")
                numbers = account.numbers.get(beat.source)
                if numbers is not None:
                    numbers.last_hole = numbers.last + 1
            lane.count = beat.count

    def _new_epoch(self, account: Account, source: str, epoch: int) -> None:
        numbers = account.numbers.get(source)
        if numbers is not None and epoch > numbers.epoch:
            account.numbers[source] = Numbers(epoch)
            account.doubts.add("new epoch")

    def _wake(self, lane: Lane, recv_ns: int) -> None:
        lane.last_recv_ns = max(lane.last_recv_ns, recv_ns)
        if lane.is_stale and self.now_ns - lane.last_recv_ns <= 6 * SECOND_NS:
            lane.is_stale = False
            for name in lane.accounts:
                self.accounts[name].doubts.discard("stale")

    def _count(self, event: AccountEventType, partition: int) -> None:
        """A record of a source arrived on a lane, whatever becomes of it."""
        own = event.source == "marginwatch"
        key = self.lane_of.get(event.account) if own else (event.source, partition, "")
        if key is None:
            return
        lane = self.lanes.setdefault(key, Lane())
        if not own:
            if event.source_epoch > lane.epoch:
                lane.epoch, lane.count = event.source_epoch, 0
            lane.count += event.source_epoch == lane.epoch
            if event.account in self.accounts:
                before = self.lane_of.get(event.account)
                if before is not None and before != key:
                    self.lanes[before].accounts.discard(event.account)
                self.lane_of[event.account] = key
                lane.accounts.add(event.account)
                if not lane.is_stale:
                    self.accounts[event.account].doubts.discard("stale")
            if event.source_epoch == lane.epoch:
                self._wake(lane, event.ts_recv_ns)

    # ---- account events

    def _event(self, event: AccountEventType, partition: int) -> None:
        account = self.accounts.get(event.account)
        if account is None and isinstance(event, AccountDeclared):
            account = self.accounts[event.account] = Account(event.account)
        self._count(event, partition)
        if account is None:
            if isinstance(event, AccountState) and event.complete:
                self.undeclared[event.account] = event
            return
        if not self._admit(account, event):
            return
        try:
            touched = self._apply(account, event)
        except Refused:
            account.doubts.add("refused")
            if isinstance(event, AccountState) and event.complete:
                account.awaiting = event
            if account.book is None:
                self._forget(account)
            return
        if touched and account.name in self.accounts:
            self._take(account)

    def _admit(self, account: Account, event: AccountEventType) -> bool:
        numbers = account.numbers.setdefault(event.source, Numbers(event.source_epoch))
        if event.source_epoch < numbers.epoch:
            return False
        if event.source_epoch > numbers.epoch:
            numbers = account.numbers[event.source] = Numbers(event.source_epoch)
            account.doubts.add("new epoch")
        elif event.account_seq in numbers.holes:
            numbers.holes.discard(event.account_seq)
            return True
        elif event.account_seq <= numbers.last:
            return False
        if event.account_seq > numbers.last + 1:
            numbers.holes |= set(range(numbers.last + 1, event.account_seq))
            numbers.last_hole = event.account_seq - 1
            account.doubts.add("gap")
        numbers.last = event.account_seq
        return True

    def _apply(self, account: Account, event: AccountEventType) -> bool:
        match event:
            case AccountDeclared():
                return self._declare(account, event)
            case AccountState():
                return self._state(account, event)
            case SettingsChanged():
                self._settings(account, event)
                return True
            case AccountGap():
                account.doubts.add("gap")
                account.numbers[event.source].last_hole = event.account_seq
            case AccountRemoved():
                self._forget(account)
            case VenueFigures():
                self._venue_figures(account, event)
            case Fill() | Funding() | Fee() | Interest() | Transfer():
                if "not opened" in account.doubts:
                    account.early.append(event)
                    return False
                return self._movement(account, event)
        return False

    def _forget(self, account: Account) -> None:
        key = self.lane_of.pop(account.name, None)
        if key is not None:
            self.lanes[key].accounts.discard(account.name)
        del self.accounts[account.name]

    def _declare(self, account: Account, event: AccountDeclared) -> bool:
        self._require_profile(event.profile)
        account.profile = event.profile
        if account.book is None:
            settles = {name: one.settle_asset for name, one in self.instruments.items()}
            account.book = Book(event.mode, event.position_mode, settles)
        account.book.mode, account.book.position_mode = event.mode, event.position_mode
        account.book.set_margin_modes(event.instruments)
        if event.opens_empty and "not opened" in account.doubts:
            self._open(account, None)
        early = self.undeclared.pop(event.account, None)
        if early is not None:
            self._open(account, early)
        return True

    def _require_profile(self, profile: str | None) -> None:
        if profile is not None and profile not in self.profiles:
            raise Refused

    def _settings(self, account: Account, event: SettingsChanged) -> None:
        book = account.book
        assert book is not None
        self._require_profile(event.profile)
        for setting in event.instruments:
            if setting.instrument not in self.instruments:
                raise Refused
        account.profile = event.profile or account.profile
        book.mode = event.mode or book.mode
        book.position_mode = event.position_mode or book.position_mode
        book.set_margin_modes(event.instruments)

    def _open(self, account: Account, state: AccountState | None) -> None:
        if state is not None:
            self._adopt(account, state)
        account.doubts.discard("not opened")
        early, account.early = account.early, []
        for movement in early:
            try:
                self._movement(account, movement)
            except Refused:
                account.doubts.add("refused")

    def _movement(self, account: Account, event: Fill | Cash) -> bool:
        book = account.book
        assert book is not None
        if isinstance(event, Fill):
            identity: tuple[str, ...] = ("fill", event.instrument, event.trade_id, event.order_id, str(event.size > 0))
        else:
            identity = (type(event).__name__, event.event_id)
        if isinstance(event, Fill) and event.instrument not in self.instruments:
            raise Refused
        if identity in account.seen:
            return False
        if isinstance(event, Fill) and (event.position_side.value == "both") == (book.position_mode.value == "hedge"):
            raise Refused
        if event.ts_event_ns <= account.agreed_ns:
            return False
        if isinstance(event, Fill):
            self._require_possible(book, event)
            book.settles[event.instrument] = self.instruments[event.instrument].settle_asset
        account.seen.add(identity)
        book.movements.append(event)
        if isinstance(event, Fill) and event.instrument in book.isolated:
            self._await_wallet(account, event)
        return True

    def _require_possible(self, book: Book, fill: Fill) -> None:
        if fill.size % self.instruments[fill.instrument].size_step:
            raise Refused
        lot = book.now().lots.get((fill.instrument, fill.position_side))
        after = (lot.size if lot else 0) + Fraction(fill.size)
        if (fill.position_side.value == "long" and after < 0) or (fill.position_side.value == "short" and after > 0):
            raise Refused

    # ---- the venue's word

    def _await_wallet(self, account: Account, fill: Fill) -> None:
        """A fill in an isolated position is valued with its wallet: one already told, one to come, or after 3 s as it is."""
        account.awaited_wallets[fill.instrument, fill.position_side] = fill.ts_event_ns
        for _at, state in account.unchecked:
            self._take_wallets(account, state)
        if account.awaited_wallets:
            account.wait_until_ns = self.now_ns + 3 * SECOND_NS
            account.doubts.add("isolated wallet")

    def _take_wallets(self, account: Account, state: AccountState) -> bool:
        listed = {(position.instrument, position.position_side) for position in state.positions}
        answered = [
            key for key, at in account.awaited_wallets.items() if state.ts_event_ns >= at and (state.complete or key in listed)
        ]
        if not answered or account.book is None:
            return False
        account.book.take_isolated_wallets(state)
        for key in answered:
            del account.awaited_wallets[key]
        if not account.awaited_wallets:
            account.wait_until_ns = None
            account.doubts.discard("isolated wallet")
        return True

    def _state(self, account: Account, state: AccountState) -> bool:
        if any(position.instrument not in self.instruments for position in state.positions):
            raise Refused
        if "not opened" in account.doubts:
            if state.complete:
                account.awaiting = None
                self._open(account, state)
                return True
            account.unchecked.append((self.now_ns + 2 * SECOND_NS, state))
            return False
        took = self._take_wallets(account, state)
        assert account.book is not None
        differences = account.book.differences(state)
        if state.complete and account.heals(state) and HEALED & account.doubts:
            self._adopt(account, state)
            return True
        if not differences:
            self._agreed(account, state)
            return True
        account.unchecked.append((self.now_ns + 2 * SECOND_NS, state))
        return took

    def _adopt(self, account: Account, state: AccountState) -> None:
        assert account.book is not None
        account.book.settles.update({name: one.settle_asset for name, one in self.instruments.items()})
        account.book = account.book.with_state(state)
        self._agreed(account, state)

    def _agreed(self, account: Account, state: AccountState) -> None:
        assert account.book is not None
        if state.orders is not None:
            account.book.orders = len(state.orders)
            account.book.order_assets = tuple(self.instruments[order.instrument].settle_asset for order in state.orders)
        if state.complete:
            account.agreed_ns = max(account.agreed_ns, state.ts_event_ns)
            account.differing = account.awaiting = None
            account.unchecked = [(at, one) for at, one in account.unchecked if one.ts_event_ns > state.ts_event_ns]
            if account.heals(state):
                account.doubts -= HEALED

    def _read_awaiting(self) -> None:
        for account in self.accounts.values():
            state, account.awaiting = account.awaiting, None
            if state is not None:
                try:
                    if self._state(account, state):
                        self._take(account)
                except Refused:
                    account.awaiting = state

    def _venue_figures(self, account: Account, event: VenueFigures) -> None:
        pool = account.pools.get(event.pool)
        if pool is None or event.margin_ratio is None:
            return
        ratio = Fraction(event.margin_ratio)
        switches = self._switches(account, pool)
        level = 0
        for number, name in enumerate(NAMES, 1):
            band = getattr(switches, name).ratio
            if band is not None and ratio >= Fraction(band.enter if number > pool.venue_level else min(band.enter, band.leave)):
                level = number
        pool.venue_level = level

    # ---- pools

    def _take(self, account: Account) -> None:
        """Take the account's holdings as the shapes of its pools. While an isolated wallet is awaited: those of before."""
        if account.book is None or "not opened" in account.doubts:
            return
        if account.wait_until_ns is None:
            ours = account.book.shapes(account.name, self.tables)
            theirs: dict[str, Shape] = {}
            if account.differing is not None:
                theirs = account.book.with_state(account.differing).shapes(account.name, self.tables)
            pools = {}
            for name in {*ours, *theirs}:
                pool = account.pools.get(name) or Pool(ours.get(name) or theirs[name])
                pool.ours = ours.get(name) or theirs[name]
                had, pool.theirs = pool.theirs, theirs.get(name)
                if self.is_valuing and had is None and pool.theirs is not None:
                    pool.their_level = pool.our_level if pool.our_level is not None else self._peek(account, pool)
                pools[name] = pool
            account.pools = pools
        for pool in account.pools.values():
            self._note_lacks(pool)

    def _note_lacks(self, pool: Pool) -> None:
        pool.lacks_table = self._lacks_table(pool.ours)
        pool.they_lack_table = pool.theirs is not None and self._lacks_table(pool.theirs)

    def _lacks_table(self, shape: Shape) -> bool:
        return self.is_valuing and not shape.is_empty and self._terms(shape) is None

    def _peek(self, account: Account, pool: Pool) -> int | None:
        return self._level_after(account, pool, (pool.ours, pool.lacks_table), None)

    def _terms(self, shape: Shape) -> Terms | None:
        """The terms of a shape under the tables in force, read once."""
        found = self._known_terms.get(id(shape))
        if found is None:
            try:
                found = shape, Terms(shape, self.tables)
            except Unknown:
                found = shape, None
            self._known_terms[id(shape)] = found
        return found[1]

    def _switches(self, account: Account, pool: Pool) -> SwitchSet:
        profile = self.profiles[account.profile or self.default_profile]
        return profile.isolated if pool.ours.isolated else profile.cross

    def _settle(self, before: dict[str, int | None]) -> list[Change]:
        """Value every pool in full, and say which levels are other than before the input."""
        if self.is_valuing:
            for account in self.accounts.values():
                if "not opened" not in account.doubts:
                    for pool in account.pools.values():
                        self._value(account, pool)
        after = self._told()
        names = sorted({*before, *after})
        return [
            Change(self.seq, name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
        ]

    def _told(self) -> dict[str, int | None]:
        return {name: pool.told for account in self.accounts.values() for name, pool in account.pools.items()}

    def _value(self, account: Account, pool: Pool) -> None:
        may_release = self.may_release(account, pool)
        pool.our_level = self._level(account, pool, (pool.ours, pool.lacks_table), pool.our_level, may_release)
        candidates = [pool.our_level]
        if pool.theirs is not None:
            theirs = (pool.theirs, pool.they_lack_table)
            pool.their_level = self._level(account, pool, theirs, pool.their_level, may_release)
            candidates.append(pool.their_level)
        if pool.venue_level:
            candidates.append(pool.venue_level)
        wanted = max((level for level in candidates if level is not None), default=None)
        if wanted is None or (pool.told is not None and wanted < pool.told and not may_release):
            return
        pool.told = wanted

    def certainty(self, account: Account, pool: Pool) -> Certainty:
        if not pool.ours.is_empty and (pool.lacks_table or self._figures(pool.ours) is None):
            return Certainty.UNKNOWN
        return max([account.certainty, *self._driver_certainties(pool)])

    def _driver_certainties(self, pool: Pool) -> Iterator[Certainty]:
        for shape in (pool.ours, pool.theirs):
            terms = None if shape is None or shape.is_empty else self._terms(shape)
            for key in terms.drivers if terms is not None else ():
                state = self.drivers.get(key, Driver()).state
                yield {"live": Certainty.FRESH, "stale": Certainty.STALE, "never": Certainty.UNKNOWN}[state]

    def may_release(self, account: Account, pool: Pool) -> bool:
        return self.certainty(account, pool) <= Certainty.UNVERIFIED

    def _level(self, account: Account, pool: Pool, side: Side, level: int | None, may_release: bool) -> int | None:
        after = self._level_after(account, pool, side, level)
        is_held = level is not None and after is not None and after < level and not may_release
        self.held += is_held
        return level if is_held or after is None else after

    def _level_after(self, account: Account, pool: Pool, side: Side, level: int | None) -> int | None:
        shape, lacks_table = side
        if shape.is_empty and not shape.unknown:
            return 0
        figures = None if lacks_table else self._figures(shape)
        if figures is None:
            return level
        switches = self._switches(account, pool)
        after = 0
        for number, name in enumerate(NAMES, 1):
            entering, leaving = self._reached(figures, switches, name, True), self._reached(figures, switches, name, False)
            if entering or (leaving and level is not None and level >= number):
                after = number
                self.decided |= {(kind, True) for kind in entering} | {(kind, False) for kind in leaving}
        return after

    def _reached(self, figures: Figures, switches: SwitchSet, name: str, entering: bool) -> set[BoundaryKind]:
        switch = getattr(switches, name)
        found: set[BoundaryKind] = set()
        for kind, band in ((BoundaryKind.RATIO, switch.ratio), (BoundaryKind.BUFFER, switch.buffer)):
            if band is not None:
                edge = Fraction(band.enter if entering else band.leave)
                slack = self.slack(figures, kind, edge)
                self.slack_zero += slack == 0
                if slack <= 0:
                    found.add(kind)
        return found

    @staticmethod
    def slack(figures: Figures, kind: BoundaryKind, edge: Fraction) -> Fraction:
        """`t*C - M` of a ratio boundary, `C - M - beta*A` of a buffer boundary; at or below 0 is beyond."""
        if kind is BoundaryKind.RATIO:
            return edge * figures.collateral - figures.margin
        return figures.collateral - figures.margin - edge * figures.stress

    def figures(self, pool: Pool) -> Figures | None:
        """The pool's figures now."""
        return self._figures(pool.ours)

    def _figures(self, shape: Shape) -> Figures | None:
        terms = self._terms(shape)
        if terms is None:
            return None
        moment, figures = self._known_figures.get(id(shape), (-1, None))
        if moment != self._moment:
            try:
                figures = terms.figures(self._price)
            except Unknown:
                figures = None
            self._known_figures[id(shape)] = self._moment, figures
        return figures

    def _price(self, key: DriverKey) -> Fraction | None:
        driver = self.drivers.get(key)
        return None if driver is None else driver.price
