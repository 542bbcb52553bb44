"""The desk of tables: risk parameters come into force at their time, and the pools for which they differ are valued afresh."""

from __future__ import annotations

from monitor.domain.effects import Cause, CauseKind, InputRefused, TableApplied
from monitor.domain.errors import BadInput
from monitor.domain.ids import DriverKind, symbol_of, venue_of
from monitor.domain.instrument import Instrument
from monitor.domain.tables import TableChanged, TableKey, TableKind, TableVersion
from monitor.engine.account_desk import AccountDesk
from monitor.engine.driver_weight import driver_weight
from monitor.engine.pool_desk import PoolDesk
from monitor.engine.turn import Turn
from monitor.engine.world import World
from monitor.rules.tables import says_the_same

OF_NO_DRIVER = frozenset({TableKind.SCENARIO_GRID, TableKind.RISK_CLASS})
"""Tables that bear no driver's name: a grid or a class of a portfolio margin concerns contracts of any name."""


class TableDesk:
    """Writes the tables in force, and through them instruments, schedules and class weights."""

    def __init__(self, world: World, pools: PoolDesk, accounts: AccountDesk) -> None:
        self._world = world
        self._pools = pools
        self._accounts = accounts
        self._is_news = False
        self._used: dict[TableKey, TableVersion] = {}
        self._applied: dict[TableKey, TableVersion] = {}

    @property
    def is_news(self) -> bool:
        """Whether a table came into force since the last clock: accounts that lacked one look again at the next."""
        return self._is_news

    def on_table(self, changed: TableChanged, turn: Turn) -> None:
        """A whole schedule of versions replaces what was known; what is due now comes into force now.

        A version that says what the one before it said is told, and no pool is valued for it.
        """
        try:
            now_in_force = [changed.key] if self._world.tables.schedule(changed) else []
        except BadInput as error:
            self._refuse(changed.key, error, turn)
            return
        keys = {*now_in_force, *self._world.tables.due(turn.engine_ns)}
        self._bring_in(keys, turn)

    def on_clock(self, turn: Turn) -> None:
        """Bring into force what is due at engine time."""
        self._bring_in(set(self._world.tables.due(turn.engine_ns)), turn)
        if self._is_news:
            # Once a clock, not once a table: a thousand accounts may lack the same fifty tables while they come in.
            self._is_news = False
            turn.cause = Cause(CauseKind.TABLE, "tables that were missing")
            for account in self._pools.waiting:
                turn.touch(account)
            self._accounts.on_instrument(turn)

    def _bring_in(self, keys: set[TableKey], turn: Turn) -> None:
        for key in sorted(keys, key=str):
            turn.cause = Cause(CauseKind.TABLE, str(key))
            version = self._world.tables.find(key)
            pools = 0
            if not says_the_same(self._applied.get(key), version):
                try:
                    concerned = self._apply(key)
                except BadInput as error:
                    self._keep_former(key, error, turn)
                    continue
                self._is_news = True
                pools = self._have_valued(key, concerned, turn)
            self._note(key, version)
            turn.effects.append(
                TableApplied(
                    seq=turn.seq,
                    engine_ns=turn.engine_ns,
                    key=str(key),
                    version="" if version is None else version.version,
                    pools=pools,
                )
            )

    def _have_valued(self, key: TableKey, concerned: set[str], turn: Turn) -> int:
        """Have what a table concerns valued afresh at the end of the turn; how many pools that is."""
        world = self._world
        entries = [world.entries[pool] for pool in sorted(concerned)]
        if key.kind is not TableKind.INSTRUMENT:
            for entry in entries:
                turn.retable(entry.account, entry.pool)
            return len(entries)
        # What an instrument settles in decides which pools an account has: they are formed anew.
        accounts = sorted({entry.account for entry in entries})
        for account in accounts:
            turn.touch(account)
        return sum(len(world.accounts[account].pools) for account in accounts)

    def load_all(self, *, is_news: bool) -> None:
        """After a restore: instruments, schedules and weights of every table in force go to where they are used."""
        self._is_news = is_news
        for key in self._world.tables:
            self._apply(key)
            self._note(key, self._world.tables.find(key))

    def _note(self, key: TableKey, version: TableVersion | None) -> None:
        if version is None:
            self._applied.pop(key, None)
        else:
            self._applied[key] = version

    def _keep_former(self, key: TableKey, error: BadInput, turn: Turn) -> None:
        """An instrument's new terms contradict what is held of it: rules and ledger go on with the terms they both know."""
        former = self._used.get(key)
        if former is None:
            self._world.tables.withdraw(key)
        else:
            self._world.tables.put(key, former)
        self._refuse(key, error, turn)

    def _refuse(self, key: TableKey, error: BadInput, turn: Turn) -> None:
        refused = self._world.counters.records_refused
        refused[str(key), error.reason] = refused.get((str(key), error.reason), 0) + 1
        turn.effects.append(
            InputRefused(
                seq=turn.seq,
                engine_ns=turn.engine_ns,
                source=str(key),
                field=error.field,
                value=str(error.value),
                reason=error.reason,
                account=None,
                position=None,
            )
        )

    def _apply(self, key: TableKey) -> set[str]:
        """Hand one table to those that use it; the pools that must be compiled afresh."""
        version = self._world.tables.find(key)
        if key.kind is TableKind.CLASS_WEIGHTS:
            return self._reweigh()
        if key.kind is TableKind.INSTRUMENT:
            return self._instrument(key)
        pools = self._holders(key)
        if version is not None:
            for schedule, pieces in self._world.rulebook(key.venue).schedules(key, version).items():
                slots = self._pools.book.set_schedule(schedule, pieces)
                pools.update(entry.pool for entry in self._pools.entries_at(slots))
        return pools

    def _reweigh(self) -> set[str]:
        pools: set[str] = set()
        for index, key in self._world.drivers:
            slots = self._pools.book.set_weight(index, driver_weight(key, self._world.tables))
            pools.update(entry.pool for entry in self._pools.entries_at(slots))
        return pools

    def _instrument(self, key: TableKey) -> set[str]:
        version = self._world.tables.find(key)
        if version is not None and isinstance(version.table, Instrument):
            self._world.keep_all()  # a finer size step counts every size anew
            self._world.ledger.set_instrument(version.table)
            self._used[key] = version
        for index, driver in self._world.drivers:
            if symbol_of(driver.subject) == key.symbol and driver.kind in (DriverKind.MARK, DriverKind.INDEX):
                self._pools.book.set_weight(index, driver_weight(driver, self._world.tables))
        return self._holders(key)

    def _holders(self, key: TableKey) -> set[str]:
        """The pools that hold a driver of the table's symbol, or of a table that no driver names all."""
        if key.kind in OF_NO_DRIVER:
            return {pool for pool, entry in self._world.entries.items() if venue_of(entry.account) == key.venue}
        pools: set[str] = set()
        subject = f"{key.venue}:{key.symbol}"
        for index, driver in self._world.drivers:
            if driver.subject == subject:
                pools.update(entry.pool for entry in self._pools.entries_on(index))
        return pools
