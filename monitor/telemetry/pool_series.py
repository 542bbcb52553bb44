"""Which pools have series of their own: the K worst, with hysteresis so that the set does not churn at its edge."""

from __future__ import annotations

from monitor.analytics.scan import BookScan
from monitor.book.status import PoolStatus


class PoolSeries:
    """At most `most` pools.

    The worst three quarters are always in. The rest of the places go first to pools that were in and are still among the
    worst five quarters, then by rank: a pool at the edge neither flickers nor keeps a clearly worse one out.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._members: frozenset[str] = frozenset()

    def select(self, scan: BookScan) -> list[PoolStatus]:
        """The pools with series, worst first; pools that hold nothing have none."""
        most = self._most
        ranked = [pool for pool in scan.worst(most + most // 4) if not pool.is_empty]
        certain, edge = ranked[: most - most // 4], ranked[most - most // 4 :]
        edge.sort(key=lambda pool: pool.pool not in self._members)
        chosen = {pool.pool for pool in (*certain, *edge[: most - len(certain)])}
        self._members = frozenset(chosen)
        return [pool for pool in ranked if pool.pool in chosen]
