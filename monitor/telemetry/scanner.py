"""Passes over the whole book in slices, shared by the board, the lists and the metrics."""

from __future__ import annotations

import asyncio

from monitor.analytics.scan import BookScan
from monitor.analytics.view import RiskView
from monitor.domain.ports import Clock

# A few milliseconds of work between two awaits.
ACCOUNTS_PER_SLICE = 20


class Scanner:
    """Makes one pass at a time and hands the last one to everybody who finds it young enough."""

    def __init__(self, view: RiskView, clock: Clock) -> None:
        self._view = view
        self._clock = clock
        self._lock = asyncio.Lock()
        self._last: BookScan | None = None
        self._last_ns = 0

    async def latest(self, max_age_ns: int) -> BookScan:
        """A pass that ended at most `max_age_ns` ago, made now when there is none."""
        async with self._lock:
            if self._last is None or self._clock.now_ns() - self._last_ns > max_age_ns:
                self._last = await self._pass()
                self._last_ns = self._clock.now_ns()
            return self._last

    async def _pass(self) -> BookScan:
        scan = BookScan.start(self._view)
        for count, account in enumerate(self._view.account_ids(), start=1):
            status = self._view.account_status(account)
            if status is not None:  # gone since the pass began
                scan.take(self._view, status)
            if count % ACCOUNTS_PER_SLICE == 0:
                await asyncio.sleep(0)
        return scan
