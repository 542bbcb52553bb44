"""The whole state of the engine in one place, shared by the desks that write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class World:
    """State that the desks share. `seq` is the number of the last input, `now_ns` engine time (0 before the first clock)."""

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
