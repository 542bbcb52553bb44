"""The whole state of the engine in one place, shared by the desks that write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from monitor.book.accounts import Watched
from monitor.book.drivers import DriverTable
from monitor.book.lanes import Lanes
from monitor.book.ledger import Ledger
from monitor.book.pool_entry import PoolEntry
from monitor.book.status import Counters
from monitor.domain.events import AccountState
from monitor.engine_settings import EngineSettings
from monitor.rules.rulebook import Rulebook
from monitor.rules.tables import TableSet


class Cut(Protocol):
    """A cut through the state that is being taken."""

    def keep(self, account: str) -> None:
        """Take an account as it is, before it changes."""

    def take(self, most: int) -> bool:
        """Take up to `most` more accounts; True when none is left."""


@dataclass(slots=True)
class World:
    """State that the desks share. `seq` is the number of the last input, `now_ns` engine time (0 before the first clock).

    While a `cut` is being taken, `keep` comes before any change of an account, its pools or its holdings.
    """

    settings: EngineSettings
    rulebook: Callable[[str], Rulebook]
    ledger: Ledger
    tables: TableSet
    drivers: DriverTable
    lanes: Lanes
    accounts: dict[str, Watched] = field(default_factory=dict)
    entries: dict[str, PoolEntry] = field(default_factory=dict)
    undeclared: dict[str, AccountState] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    venue_status: dict[str, str] = field(default_factory=dict)
    seq: int = 0
    now_ns: int = 0
    is_valuing: bool = False
    cut: Cut | None = None

    def keep(self, account: str) -> None:
        """An account, one of its pools or its holdings is about to change."""
        if self.cut is not None:
            self.cut.keep(account)

    def keep_all(self) -> None:
        """All accounts are about to change."""
        if self.cut is not None:
            self.cut.take(len(self.accounts))
