"""One pass over the whole book: counts by level and certainty, equity watched, pools in order of danger.

`BookScan` takes in one account at a time, so that a reader on the event loop can make the pass in slices.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.analytics.view import RiskView
from monitor.analytics.worst import DangerKey, danger_key
from monitor.book.status import AccountStatus, PoolStatus
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.level import Level

# The worst are picked out while the pass goes on: picking them from a whole book at its end would hold up the event loop.
HEAD_POOLS = 300


@dataclass(slots=True)
class DriverTotals:
    """The drivers of one venue that pools hold: how many in each state, and the oldest receive time among those seen."""

    states: Counter[DriverState] = field(default_factory=Counter)
    oldest_recv_ns: int | None = None


@dataclass(slots=True)
class BookScan:
    """Totals over all accounts and pools, and every pool's place in the order of danger.

    `equity_*` are USD sums of `max(equity, 0)`, last known figures; an account is FRESH when it and all its pools are.
    """

    started_seq: int
    started_ns: int
    is_valuing: bool
    levels: Counter[tuple[str, Level | None]] = field(default_factory=Counter)
    certainties: Counter[tuple[str, Certainty]] = field(default_factory=Counter)
    drivers: dict[str, DriverTotals] = field(default_factory=dict)
    venues: set[str] = field(default_factory=set)
    accounts: int = 0
    accounts_fresh: int = 0
    accounts_without_equity: int = 0
    equity_usd: float = 0.0
    equity_fresh_usd: float = 0.0
    ranked: list[tuple[DangerKey, PoolStatus]] = field(default_factory=list)
    by_account: dict[str, AccountStatus] = field(default_factory=dict)
    _head: list[tuple[DangerKey, PoolStatus]] = field(default_factory=list)
    _head_limit: DangerKey | None = None

    @classmethod
    def start(cls, view: RiskView) -> BookScan:
        """An empty pass with the drivers' totals taken."""
        scan = cls(started_seq=view.seq, started_ns=view.now_ns, is_valuing=view.is_valuing)
        for driver in view.driver_statuses():
            if driver.holders:
                scan._take_driver(driver.key.subject.partition(":")[0], driver.state, driver.ts_recv_ns)
        return scan

    def take(self, view: RiskView, account: AccountStatus) -> None:
        """Add one account with its pools."""
        pools = [status for pool in account.pools if (status := view.pool_status(pool)) is not None]
        self.by_account[account.account] = account
        self.venues.add(account.venue)
        for status in pools:
            self.levels[status.venue, status.level] += 1
            self.certainties[status.venue, status.certainty] += 1
            self._rank(danger_key(status), status)
        worst = max((status.certainty for status in pools), default=Certainty.FRESH)
        self._take_equity(account.equity_usd, max(account.certainty, worst) is Certainty.FRESH)

    def worst(self, limit: int, matches: Callable[[PoolStatus], bool] | None = None) -> list[PoolStatus]:
        """At most `limit` pools that match, worst first; danger keys are unique by their pool ids."""
        if matches is None:
            entries = self._head if limit <= HEAD_POOLS else self.ranked
        else:
            entries = [entry for entry in self.ranked if matches(entry[1])]
        return [status for _, status in heapq.nsmallest(limit, entries, key=lambda entry: entry[0])]

    @property
    def pools(self) -> int:
        """How many pools there are."""
        return len(self.ranked)

    @property
    def equity_watched_ratio(self) -> float:
        """Equity that is FRESH over all known equity; 0 when nothing is known."""
        return self.equity_fresh_usd / self.equity_usd if self.equity_usd > 0 else 0.0

    @property
    def accounts_watched_ratio(self) -> float:
        """Accounts that are FRESH over all accounts; 0 when there are none."""
        return self.accounts_fresh / self.accounts if self.accounts else 0.0

    def _rank(self, key: DangerKey, status: PoolStatus) -> None:
        self.ranked.append((key, status))
        if self._head_limit is not None and key > self._head_limit:
            return
        self._head.append((key, status))
        if len(self._head) >= 2 * HEAD_POOLS:
            self._head = heapq.nsmallest(HEAD_POOLS, self._head, key=lambda entry: entry[0])
            self._head_limit = self._head[-1][0]

    def _take_equity(self, equity_usd: float | None, is_fresh: bool) -> None:
        self.accounts += 1
        self.accounts_fresh += is_fresh
        if equity_usd is None:
            self.accounts_without_equity += 1
            return
        self.equity_usd += max(equity_usd, 0.0)
        self.equity_fresh_usd += max(equity_usd, 0.0) if is_fresh else 0.0

    def _take_driver(self, venue: str, state: DriverState, ts_recv_ns: int) -> None:
        self.venues.add(venue)
        totals = self.drivers.setdefault(venue, DriverTotals())
        totals.states[state] += 1
        if state is not DriverState.NEVER_SEEN:
            oldest = totals.oldest_recv_ns
            totals.oldest_recv_ns = ts_recv_ns if oldest is None else min(oldest, ts_recv_ns)
