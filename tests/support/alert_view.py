"""A book for alerting that a test writes."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.alerting.labels import AlertContext
from monitor.alerting.view import Doubtful, Outlook
from monitor.domain.certainty import Certainty
from monitor.domain.effects import Cause, CauseKind, CertaintyChanged, CertaintySubject, LevelChanged
from monitor.domain.ids import account_of, venue_of
from monitor.domain.level import Level

SECOND = 1_000_000_000


class WrittenView:
    """Implements `AlertView`: pools, accounts and holders as set by the test."""

    def __init__(self) -> None:
        self.owners: dict[str, str] = {}
        self.pools: dict[str, Outlook] = {}
        self.watched: set[str] = set()
        self.proven: set[str] = set()
        self.driver_holders: dict[str, int] = {}
        self.doubts: list[Doubtful] = []
        self.never: list[Doubtful] = []
        self.looks = 0

    def put(self, pool: str, level: Level | None, certainty: Certainty = Certainty.FRESH) -> None:
        """Set a pool's outlook; its account is watched."""
        self.pools[pool] = Outlook(level, certainty)
        self.watched.add(account_of(pool))

    def context(self, account: str) -> AlertContext | None:
        if account not in self.watched:
            return None
        return AlertContext(venue=venue_of(account), owner=self.owners.get(account, "none"))

    def outlook(self, pool: str) -> Outlook | None:
        return self.pools.get(pool)

    def declarations(self) -> int:
        """One more at every look: what `context` says may have changed."""
        self.looks += 1
        return self.looks

    def is_watched(self, account: str) -> bool:
        return account in self.watched

    def is_proven(self, pool: str, since_ns: int) -> bool:
        return pool in self.proven

    def holders(self, driver: str) -> int:
        return self.driver_holders.get(driver, 0)

    def alertable(self) -> Iterator[tuple[str, Level]]:
        for pool, outlook in self.pools.items():
            if outlook.level is not None and outlook.level >= Level.WARNING:
                yield pool, outlook.level

    def doubtful(self) -> Iterator[Doubtful]:
        return iter(self.doubts)

    def unopened(self) -> Iterator[Doubtful]:
        return iter(self.never)


def level_changed(
    pool: str, old: Level | None, new: Level | None, *, seq: int = 1, at_ns: int = SECOND, cause: Cause | None = None
) -> LevelChanged:
    """A level change with plain figures."""
    return LevelChanged(
        seq=seq,
        engine_ns=at_ns,
        pool=pool,
        account=account_of(pool),
        old=old,
        new=new,
        cause=cause or Cause(CauseKind.PRICE, "mark/sim:BTCUSDT", 100.0, 99.0),
        certainty=Certainty.FRESH,
        collateral_value=1000.0,
        maintenance_margin=800.0,
        stress_notional=4000.0,
        headroom=200.0,
        margin_ratio=0.8,
        margin_ratio_reason=None,
        buffer_ratio=0.05,
        buffer_ratio_reason=None,
        margin_currency="USDT",
        table_version="7",
    )


def account_certainty(account: str, old: Certainty, new: Certainty, *, at_ns: int, seq: int = 1) -> CertaintyChanged:
    """An account became better or worse known."""
    return CertaintyChanged(
        seq=seq, engine_ns=at_ns, kind=CertaintySubject.ACCOUNT, subject=account, old=old, new=new, reasons=("test",)
    )
