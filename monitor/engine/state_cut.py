"""The engine's state as it was at one input, taken account by account while the engine goes on.

The state of a large book costs tens of microseconds an account: in one piece it would hold every tick for that long. A cut
takes at once what is small or shared, and the accounts in slices; an account that is about to change before its turn is taken
first (`keep`). So the whole is the state at `seq`, to the byte, whatever came in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from monitor.book.ledger import LedgerHead
from monitor.engine.plain import entry_to_plain, watched_to_plain
from monitor.engine.world import World


class TakenAccount(NamedTuple):
    """One account as plain data: its row in the ledger, what is watched of it, its pools by id."""

    ledger: dict[str, Any]
    watched: dict[str, Any]
    pools: dict[str, dict[str, Any]]


class StateCut:
    """One cut. It holds the engine's mark `world.cut` until its last account is taken."""

    def __init__(self, world: World, held_slots: set[int], head: dict[str, Any], *, on_done: Callable[[], None]) -> None:
        self.seq = world.seq
        self._world = world
        self._held = held_slots
        self._head = head
        self._ledger: LedgerHead = world.ledger.head()
        self._accounts = list(world.accounts)
        self._pools = [(pool, entry.account) for pool, entry in world.entries.items()]
        self._waiting = dict.fromkeys(reversed(self._accounts))
        self._taken: dict[str, TakenAccount] = {}
        self._on_done = on_done
        if not self._waiting:
            on_done()

    def keep(self, account: str) -> None:
        """The account is about to change: take it as it is, unless that was done."""
        if account in self._waiting:
            del self._waiting[account]
            self._take(account)

    def take(self, most: int) -> bool:
        """Take up to `most` more accounts; True when none is left."""
        for _ in range(min(most, len(self._waiting))):
            self._take(self._waiting.popitem()[0])
        return not self._waiting

    def state(self) -> dict[str, Any]:
        """The whole state as JSON-able data, once all accounts are taken; may be called in another thread."""
        if self._waiting:
            raise RuntimeError(f"{len(self._waiting)} accounts of the cut are not taken yet")
        taken = self._taken
        return {
            **self._head,
            "ledger": self._ledger.plain([taken[account].ledger for account in self._ledger.accounts]),
            "accounts": [taken[account].watched for account in self._accounts],
            "pools": [taken[account].pools[pool] for pool, account in self._pools],
        }

    def _take(self, account: str) -> None:
        world = self._world
        watched = world.accounts[account]
        waits = watched.isolated_due_ns is not None
        pools = {pool: entry_to_plain(world.entries[pool], self._held, waits=waits) for pool in watched.pools}
        self._taken[account] = TakenAccount(world.ledger.account_state(account), watched_to_plain(watched), pools)
        if not self._waiting:
            self._on_done()
