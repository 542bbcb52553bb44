"""What is known about an account beside its ledger: how it was declared, its sources' numbers, and how certain it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from monitor.book.sequence import SourceSequence
from monitor.domain.account import PositionSide
from monitor.domain.certainty import Certainty
from monitor.domain.events import AccountState, Fee, Fill, Funding, Interest, Transfer, VenueFigures


class Doubt(Enum):
    """A reason why an account is less than FRESH; the value is the text that people read."""

    NOT_OPENED = "no complete account state yet"
    STALE = "source silent beyond its limit"
    GAP = "a gap in the source's events"
    NEW_EPOCH = "the source started anew"
    REFUSED = "an event of the account was refused"
    ISOLATED_WALLET = "waiting for an isolated wallet"
    FILL_IDS = "too many fills since the last agreed state"
    UNCHECKED = "too many unchecked states"
    DIFFERS = "our ledger differs from the venue's state"
    ROUNDING = "printed realised PnL differs by more than a step"
    FIGURES = "our figures differ from the venue's"

    @property
    def certainty(self) -> Certainty:
        """What an account with this doubt can at best be."""
        return _CERTAINTY[self]


_CERTAINTY = {
    Doubt.NOT_OPENED: Certainty.UNKNOWN,
    Doubt.STALE: Certainty.STALE,
    Doubt.GAP: Certainty.RECONCILING,
    Doubt.NEW_EPOCH: Certainty.RECONCILING,
    Doubt.REFUSED: Certainty.RECONCILING,
    Doubt.ISOLATED_WALLET: Certainty.RECONCILING,
    Doubt.FILL_IDS: Certainty.RECONCILING,
    Doubt.UNCHECKED: Certainty.RECONCILING,
    Doubt.DIFFERS: Certainty.UNVERIFIED,
    Doubt.ROUNDING: Certainty.UNVERIFIED,
    Doubt.FIGURES: Certainty.UNVERIFIED,
}

HEALED_BY_STATE = frozenset({Doubt.GAP, Doubt.NEW_EPOCH, Doubt.REFUSED, Doubt.FILL_IDS, Doubt.UNCHECKED})
"""Doubts that a complete account state at or past every hole takes away: it is the truth then."""

MOST_UNCHECKED = 64

MOST_EARLY = 20_000

EarlyEvent = Fill | Funding | Fee | Interest | Transfer


@dataclass(slots=True)
class Unchecked:
    """An absolute state or figure of the venue, compared with ours again when its grace is over."""

    due_ns: int
    said: AccountState | VenueFigures


@dataclass(slots=True)
class Watched:
    """One account that the engine watches. Mutable, written by the engine alone.

    `differing` is the last complete or partial state that still differed after its grace: the account is compiled from it a
    second time, and a second state that differs in the same way is adopted. `awaiting` is a complete state that names an
    instrument of which no table is known yet. `early` are movements that came before the state that opens the account:
    applied on top of it, as far as it does not hold them. `isolated_fills` are isolated positions whose last fill (venue
    time) no state has answered yet with their wallet; `isolated_due_ns` is until when they are waited for.
    """

    account: str
    source: str = ""
    entity: str | None = None
    owner: str | None = None
    profile: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    doubts: dict[Doubt, str] = field(default_factory=lambda: {Doubt.NOT_OPENED: ""})
    certainty: Certainty = Certainty.UNKNOWN
    certainty_since_ns: int = 0
    sequences: dict[str, SourceSequence] = field(default_factory=dict)
    last_event_recv_ns: int = 0
    last_event_ns: int = 0
    last_agreed_ns: int | None = None
    unchecked: list[Unchecked] = field(default_factory=list)
    differing: AccountState | None = None
    awaiting: AccountState | None = None
    early: list[EarlyEvent] = field(default_factory=list)
    isolated_due_ns: int | None = None
    isolated_fills: dict[tuple[str, PositionSide], int] = field(default_factory=dict)
    pools: dict[str, None] = field(default_factory=dict)

    @property
    def is_opened(self) -> bool:
        """Whether a complete state (or `opens_empty`) was seen: before it there are no figures."""
        return Doubt.NOT_OPENED not in self.doubts

    def worst_doubt(self) -> Certainty:
        """The certainty that follows from the doubts."""
        return max((doubt.certainty for doubt in self.doubts), default=Certainty.FRESH)

    def reasons(self) -> tuple[str, ...]:
        """The doubts as people read them, worst first."""
        ordered = sorted(self.doubts, key=lambda doubt: (-doubt.certainty, doubt.value))
        return tuple(f"{doubt.value}: {self.doubts[doubt]}" if self.doubts[doubt] else doubt.value for doubt in ordered)
