"""What alerting asks of the book: few questions, each cheap enough for every second."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from monitor.alerting.labels import AlertContext
from monitor.domain.alert import BlindCause
from monitor.domain.certainty import Certainty
from monitor.domain.level import Level


class Outlook(NamedTuple):
    """One pool's two axes now."""

    level: Level | None
    certainty: Certainty


class Doubtful(NamedTuple):
    """Something that cannot be seen well now: a driver (PRICE), an account (ACCOUNT) or a pool that lacks a table (TABLE)."""

    cause: BlindCause
    subject: str
    certainty: Certainty


class AlertView(Protocol):
    """The book as alerting reads it, between two inputs."""

    def context(self, account: str) -> AlertContext | None:
        """Venue, owner and entity of an account, None when it is not known (now)."""

    def declarations(self) -> int:
        """How many account declarations were taken so far: only these change what `context` says."""

    def outlook(self, pool: str) -> Outlook | None:
        """Level and certainty of a pool, None when there is no such pool."""

    def is_watched(self, account: str) -> bool:
        """Whether the account is known and was opened by a complete state."""

    def is_proven(self, pool: str, since_ns: int) -> bool:
        """Whether prices and account of a pool were confirmed after `since_ns`, so that a lower level is no memory."""

    def holders(self, driver: str) -> int:
        """How many pools hold a driver (`mark/venue:SYMBOL`)."""

    def alertable(self) -> Iterable[tuple[str, Level]]:
        """Every pool at WARNING or worse. Goes over all pools: asked once, after a start."""

    def doubtful(self) -> Iterable[Doubtful]:
        """Drivers and accounts that are STALE, RECONCILING or lost now. Goes over all: asked once, after a start."""

    def unopened(self) -> Iterable[Doubtful]:
        """Accounts never opened and pools that lack a table or a first price: no effect tells of these."""
