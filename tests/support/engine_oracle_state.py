"""What the oracle knows: drivers, lanes, the numbers of sources, accounts and their pools."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from monitor.domain.certainty import Certainty
from monitor.domain.events import AccountState, Fill
from tests.support.engine_oracle_account import Book, Cash, Key
from tests.support.engine_oracle_margin import Shape


@dataclass
class Driver:
    """`state`: never, live or stale."""

    price: Fraction | None = None
    ts_event_ns: int = 0
    ts_recv_ns: int = 0
    state: str = "never"


@dataclass
class Lane:
    last_recv_ns: int = 0
    epoch: int = 0
    count: int = 0
    is_stale: bool = False
    accounts: set[str] = field(default_factory=set)


@dataclass
class Numbers:
    """The numbers of one source of an account."""

    epoch: int
    last: int = 0
    holes: set[int] = field(default_factory=set)
    last_hole: int = 0


Side = tuple[Shape, bool]
"""A shape, and whether it lacked a table when it was taken."""


@dataclass
class Pool:
    """A pool's shapes as last taken, and its levels: ours, by the venue's state, by the venue's own ratio, and as told."""

    ours: Shape
    theirs: Shape | None = None
    lacks_table: bool = False
    they_lack_table: bool = False
    our_level: int | None = None
    their_level: int | None = None
    venue_level: int = 0
    told: int | None = None

    def sides(self) -> list[Side]:
        """Ours, and the venue's while it differs."""
        ours = (self.ours, self.lacks_table)
        return [ours] if self.theirs is None else [ours, (self.theirs, self.they_lack_table)]


@dataclass
class Account:
    name: str
    profile: str | None = None
    book: Book | None = None
    doubts: set[str] = field(default_factory=lambda: {"not opened"})
    numbers: dict[str, Numbers] = field(default_factory=dict)
    agreed_ns: int = -1
    seen: set[tuple[str, ...]] = field(default_factory=set)
    unchecked: list[tuple[int, AccountState]] = field(default_factory=list)
    differing: AccountState | None = None
    awaiting: AccountState | None = None
    early: list[Fill | Cash] = field(default_factory=list)
    awaited_wallets: dict[Key, int] = field(default_factory=dict)
    wait_until_ns: int | None = None
    pools: dict[str, Pool] = field(default_factory=dict)

    @property
    def certainty(self) -> Certainty:
        if "not opened" in self.doubts:
            return Certainty.UNKNOWN
        if "stale" in self.doubts:
            return Certainty.STALE
        return Certainty.RECONCILING if self.doubts - {"stale"} else Certainty.FRESH

    def heals(self, state: AccountState) -> bool:
        numbers = self.numbers.get(state.source)
        return numbers is None or (state.source_epoch == numbers.epoch and state.account_seq >= numbers.last_hole)
