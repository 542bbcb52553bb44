"""Cheap questions about levels and certainty, for readers that ask every second: no figure is computed."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.book.accounts import Watched
from monitor.book.pool_entry import NEVER_VALUED, NO_SLOT, PoolEntry
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.level import Level
from monitor.engine.pool_desk import PoolDesk
from monitor.engine.world import World


class Outlooks:
    """Read-only over the engine's state, between two inputs."""

    def __init__(self, world: World, pools: PoolDesk) -> None:
        self._world = world
        self._pools = pools

    def account(self, account: str) -> Watched | None:
        """What is known about an account beside its ledger, to be read only; None when it is not watched."""
        return self._world.accounts.get(account)

    def is_on_stream(self, watched: Watched) -> bool:
        """Whether the account comes by a private stream, which proves nothing until REST agrees."""
        return watched.source in self._world.settings.stream_sources

    def pool(self, pool: str) -> tuple[Level | None, Certainty] | None:
        """Level and certainty of a pool, None when there is no such pool."""
        entry = self._world.entries.get(pool)
        return None if entry is None else (_level(entry), self._pools.certainty(entry))

    def levels(self) -> Iterator[tuple[str, Level | None]]:
        """The level of every pool."""
        return ((entry.pool, _level(entry)) for entry in self._world.entries.values())

    def oldest_price_recv_ns(self, pool: str) -> int | None:
        """When the oldest price that a pool stands on was received, None when it holds no priced thing."""
        entry = self._world.entries.get(pool)
        drivers = [] if entry is None else self._pools.drivers_of(entry)
        return min((int(self._world.drivers.last_recv_ns[index]) for index in drivers), default=None)

    def holder_count(self, driver: str) -> int:
        """How many places in the columns hold a driver (`mark/venue:SYMBOL`); 0 for one that was never mentioned."""
        kind, _, subject = driver.partition("/")
        index = self._world.drivers.index(DriverKey(DriverKind(kind), subject))
        return 0 if index is None else len(self._pools.book.holders(index))

    def holders(self, driver: str) -> Iterator[str]:
        """The pools that hold a driver, in order of their ids."""
        kind, _, subject = driver.partition("/")
        index = self._world.drivers.index(DriverKey(DriverKind(kind), subject))
        if index is not None:
            for entry in self._pools.entries_on(index):
                yield entry.pool

    def stale_drivers(self) -> Iterator[str]:
        """The drivers that are STALE."""
        drivers = self._world.drivers
        return (str(key) for index, key in drivers if drivers.state_of(index) is DriverState.STALE)

    def accounts(self) -> Iterator[Watched]:
        """Every account, to be read only."""
        return iter(self._world.accounts.values())

    def lacking(self) -> Iterator[tuple[str, bool]]:
        """Pools without a figure, True when they lack a first price, False when they lack a table."""
        for account in self._pools.waiting:
            watched = self._world.accounts.get(account)
            for pool in () if watched is None else watched.pools:
                entry = self._world.entries[pool]
                if entry.missing:
                    yield pool, entry.ours.slot != NO_SLOT


def _level(entry: PoolEntry) -> Level | None:
    return None if entry.level == NEVER_VALUED else Level(entry.level)
