"""The engine: one input in, its effects out. State is a pure function of the inputs and the settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from monitor.book.drivers import DriverTable
from monitor.book.lanes import Lanes
from monitor.book.ledger import Ledger
from monitor.book.status import AccountStatus, Counters, DriverStatus, PoolStatus
from monitor.domain.effects import Cause, CauseKind, Effect
from monitor.domain.events import (
    ACCOUNT_EVENT_KINDS,
    ClockOffset,
    DriverDeclared,
    Heartbeat,
    ValuationStarted,
    VenueStatus,
)
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.ids import DriverKey, SourcePosition, venue_of
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch
from monitor.domain.profile import SwitchSet
from monitor.domain.tables import TableChanged
from monitor.engine.account_desk import AccountDesk
from monitor.engine.outlooks import Outlooks
from monitor.engine.plain import (
    levels_from_plain,
    state_from_plain,
    table_from_plain,
    table_to_plain,
    watched_from_plain,
)
from monitor.engine.pool_desk import PoolDesk
from monitor.engine.price_desk import PriceDesk
from monitor.engine.readers import Readers
from monitor.engine.source_desk import SourceDesk
from monitor.engine.state_cut import StateCut
from monitor.engine.table_desk import TableDesk
from monitor.engine.turn import Turn
from monitor.engine.world import World
from monitor.engine_settings import EngineSettings
from monitor.rules.registry import rulebook_of
from monitor.rules.rulebook import Rulebook
from monitor.rules.tables import TableSet

STATE_VERSION = 2

_KIND_OF = {kind: name for name, kind in ACCOUNT_EVENT_KINDS.items()}


class Engine:
    """Keeps every pool current. Feed it inputs in order with `process`; read it at any moment between two inputs.

    The first input must be a `ClockAdvanced`; pools are valued from `ValuationStarted` on.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._world = World(
            settings,
            rulebook_of,
            Ledger(),
            TableSet(),
            DriverTable(settings.driver_limit_ns),
            Lanes(settings.kafka_limit_ns, settings.stream_limit_ns),
        )
        self._pools = PoolDesk(self._world)
        self._sources = SourceDesk(self._world)
        self._accounts = AccountDesk(self._world, self._pools, self._sources)
        self._prices = PriceDesk(self._world, self._pools)
        self._tables = TableDesk(self._world, self._pools, self._accounts)
        self._readers = Readers(self._world, self._pools)
        self.outlooks = Outlooks(self._world, self._pools)

    # ---- inputs

    def process(self, item: Input, position: SourcePosition | None = None) -> list[Effect]:
        """Process one input and return its effects in order. Each price, event and clock takes the next seq.

        Raises `IndexError` for a price of a driver that was never declared, `InvariantBroken` on a bug.
        """
        world = self._world
        turn = Turn(world.seq + 1, world.now_ns, Cause(CauseKind.EVENT))
        if isinstance(item, PriceBatch):
            if len(item):
                self._prices.on_batch(item, turn)
                world.seq += len(item)
            return turn.effects
        world.seq += 1
        if position is not None:
            known = world.positions.get((position.topic, position.partition), -1)
            world.positions[position.topic, position.partition] = max(known, position.offset)
        self._on_event(item, position, turn)
        self._pools.settle_accounts(turn)
        return turn.effects

    def _on_event(self, item: Input, position: SourcePosition | None, turn: Turn) -> None:
        match item:
            case ClockAdvanced():
                self._on_clock(item, turn)
            case TableChanged():
                self._tables.on_table(item, turn)
            case DriverDeclared():
                self._pools.declare(self._world.drivers.bind(item.index, item.key), item.key)
            case ClockOffset():
                self._world.drivers.set_offset(item.venue, item.offset_ns)
            case ValuationStarted():
                self._start_valuing(turn)
            case VenueStatus():
                self._world.venue_status[item.venue] = item.status
            case Heartbeat():
                turn.cause = Cause(CauseKind.EVENT, f"heartbeat:{item.source}")
                self._sources.on_heartbeat(item, turn)
            case PriceBatch():
                raise TypeError("batches take a seq per row")
            case _:
                kind = _KIND_OF[type(item)]
                self._count_event(venue_of(item.account), kind)
                turn.cause = Cause(CauseKind.EVENT, f"{kind}:{item.source}:{item.source_epoch}:{item.account_seq}")
                self._accounts.on_event(item, position, turn)

    def _on_clock(self, item: ClockAdvanced, turn: Turn) -> None:
        world = self._world
        world.now_ns = turn.engine_ns = max(world.now_ns, item.now_ns)
        self._tables.on_clock(turn)
        turn.cause = Cause(CauseKind.CLOCK)
        self._prices.expire(turn)
        self._accounts.on_clock(turn)

    def _start_valuing(self, turn: Turn) -> None:
        if self._world.is_valuing:
            return
        self._world.is_valuing = True
        turn.cause = Cause(CauseKind.VALUATION_STARTED)
        for account in sorted(self._world.accounts):
            self._pools.refresh(self._world.accounts[account], turn)

    def _count_event(self, venue: str, kind: str) -> None:
        counts = self._world.counters.account_events
        counts[venue, kind] = counts.get((venue, kind), 0) + 1

    # ---- readers

    @property
    def seq(self) -> int:
        """The number of the last input."""
        return self._world.seq

    @property
    def now_ns(self) -> int:
        """Engine time: that of the last `ClockAdvanced`, 0 before the first."""
        return self._world.now_ns

    @property
    def is_valuing(self) -> bool:
        """Whether pools are valued yet."""
        return self._world.is_valuing

    @property
    def counters(self) -> Counters:
        """Running counts since the start of this process."""
        return self._world.counters

    @property
    def positions(self) -> dict[tuple[str, int], int]:
        """The last offset read of each (topic, partition)."""
        return dict(self._world.positions)

    @property
    def tables(self) -> TableSet:
        """The tables in force."""
        return self._world.tables

    def rulebook(self, venue: str) -> Rulebook:
        """The rules of a venue."""
        return self._world.rulebook(venue)

    def pool_status(self, pool: str) -> PoolStatus | None:
        """One pool now."""
        return self._readers.pool_status(pool)

    def pool_statuses(self) -> list[PoolStatus]:
        """All pools now, in order of their ids."""
        return self._readers.pool_statuses()

    def account_status(self, account: str) -> AccountStatus | None:
        """One account now."""
        return self._readers.account_status(account)

    def account_ids(self) -> list[str]:
        """The accounts watched, sorted: for readers that go through them in slices."""
        return sorted(self._world.accounts)

    @property
    def account_count(self) -> int:
        """How many accounts are watched."""
        return len(self._world.accounts)

    def agreed_accounts(self) -> int:
        """How many accounts have agreed with their source once: asked ten times a second while the daemon becomes ready."""
        return self._readers.agreed_accounts()

    def account_statuses(self) -> list[AccountStatus]:
        """All accounts now, in order of their ids."""
        return self._readers.account_statuses()

    def driver_statuses(self) -> list[DriverStatus]:
        """All drivers now, in order of first mention."""
        return self._readers.driver_statuses()

    def holdings(self, account: str) -> AccountHoldings:
        """What an account holds."""
        return self._world.ledger.holdings(account)

    def pool_holdings(self, pool: str) -> PoolHoldings | None:
        """What a pool holds, None when there is no such pool."""
        entry = self._world.entries.get(pool)
        return None if entry is None else entry.holdings

    def price(self, key: DriverKey) -> Decimal | None:
        """The last price of a driver as printed, None when it was never seen."""
        return self._world.drivers.exact_price(key)

    def switch_set(self, pool: str) -> SwitchSet:
        """The boundaries of a pool."""
        return self._pools.switch_set(self._world.entries[pool])

    # ---- state out and in

    def state(self) -> dict[str, Any]:
        """The whole state as JSON-able data: ledger, tables, drivers, accounts, levels, input positions."""
        cut = self.begin_cut()
        cut.take(len(self._world.accounts))
        return cut.state()

    def begin_cut(self) -> StateCut:
        """The state of now, to be taken in slices while inputs go on; an earlier cut is finished first."""
        world = self._world
        world.keep_all()
        held = set(self._pools.book.held_slots().tolist())
        cut = StateCut(world, held, self._head(), on_done=self._end_cut)
        world.cut = None if cut.take(0) else cut
        return cut

    def _end_cut(self) -> None:
        self._world.cut = None

    def _head(self) -> dict[str, Any]:
        """What a state holds besides accounts, pools and ledger."""
        world = self._world
        return {
            "version": STATE_VERSION,
            "seq": world.seq,
            "now_ns": world.now_ns,
            "is_valuing": world.is_valuing,
            "tables": [table_to_plain(changed) for changed in world.tables.state()],
            "is_news": self._tables.is_news,
            "drivers": world.drivers.plain(),
            "lanes": world.lanes.plain(),
            "undeclared": {account: msgspec.to_builtins(state) for account, state in world.undeclared.items()},
            "venue_status": dict(world.venue_status),
            "positions": [[topic, partition, offset] for (topic, partition), offset in world.positions.items()],
        }

    @classmethod
    def restore(cls, settings: EngineSettings, state: dict[str, Any]) -> Engine:
        """The engine that `state()` was taken of, under the given settings. Raises `ValueError` for another version."""
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"state version {state.get('version')!r}, this build reads {STATE_VERSION}")
        engine = cls(settings)
        world = engine._world
        world.seq, world.now_ns = state["seq"], state["now_ns"]
        world.ledger = Ledger.restore(state["ledger"])
        for plain in state["tables"]:
            world.tables.schedule(table_from_plain(plain))
        world.drivers.load(state["drivers"])
        for index, key in world.drivers:
            engine._pools.declare(index, key)
        world.lanes.load(state["lanes"])
        world.venue_status = dict(state["venue_status"])
        world.positions = {(topic, partition): offset for topic, partition, offset in state["positions"]}
        engine._tables.load_all(is_news=state["is_news"])
        world.undeclared = {account: state_from_plain(plain) for account, plain in state["undeclared"].items()}
        for plain in state["accounts"]:
            watched = watched_from_plain(plain)
            world.accounts[watched.account] = watched
        engine._accounts.rearm()
        engine._restore_pools(state["pools"], is_valuing=state["is_valuing"])
        return engine

    def _restore_pools(self, pools: list[dict[str, Any]], *, is_valuing: bool) -> None:
        """Compile every account again and put the levels back, without any effect of it."""
        turn = Turn(self._world.seq, self._world.now_ns, Cause(CauseKind.EVENT, "restore"))
        for account in sorted(self._world.accounts):
            self._pools.refresh(self._world.accounts[account], turn)
        for plain in pools:
            if plain["holdings"] is not None:
                self._pools.restore_waiting(plain)
        for plain in pools:
            entry = self._world.entries.get(plain["pool"])
            if entry is not None:
                levels_from_plain(entry, plain)
        self._world.is_valuing = is_valuing
        if is_valuing:
            self._pools.restore_faces({plain["pool"]: plain for plain in pools})
