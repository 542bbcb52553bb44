"""What the live stream says: totals, feeds and the worst pools of one filter, all rows at one seq."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from monitor.analytics.frozen import FrozenView
from monitor.analytics.scan import BookScan
from monitor.analytics.view import RiskView
from monitor.analytics.worst import worst_row
from monitor.domain.certainty import Certainty
from monitor.domain.level import Level, level_label
from monitor.domain.ports import Clock
from monitor.telemetry.feeds import feed_summary
from monitor.telemetry.filters import PoolFilter
from monitor.telemetry.plain import plain
from monitor.telemetry.rows import row_document
from monitor.telemetry.scanner import Scanner

MOST_ALERTS = 50


class BoardMessages:
    """Builds one message a filter and beat. Rows of one seq are made once, however many filters show them."""

    def __init__(
        self,
        view: RiskView,
        scanner: Scanner,
        clock: Clock,
        *,
        run_id: str,
        rows: int,
        ready: Callable[[], Sequence[str]],
        alerts: Callable[[], Sequence[object]],
        feeds: Callable[[], Sequence[object]],
    ) -> None:
        self._view = view
        self._scanner = scanner
        self._clock = clock
        self._run_id = run_id
        self._rows = rows
        self._ready = ready
        self._alerts = alerts
        self._feeds = feeds

    async def message(self, wanted: PoolFilter, scan_age_ns: int) -> bytes:
        """The message for one filter as JSON."""
        scan = await self._scanner.latest(scan_age_ns)
        shown = scan.worst(
            self._rows,
            None if wanted.is_all else lambda pool: wanted.matches(pool, scan.by_account.get(pool.account)),
        )
        frozen = FrozenView(self._view, {pool.account: None for pool in shown}, [pool.pool for pool in shown])
        document = self._heading(scan, frozen)
        rows = []
        for pool in shown:
            row = worst_row(frozen, pool.pool)
            if row is not None:
                rows.append(row_document(row))
            # A report solves liquidation prices in decimals: one at a time, the engine in between.
            await asyncio.sleep(0)
        document["rows"] = rows
        document["sent_ns"] = self._clock.now_ns()
        return orjson.dumps(document)

    def _heading(self, scan: BookScan, frozen: FrozenView) -> dict[str, Any]:
        alerts = self._alerts()
        return {
            "run_id": self._run_id,
            "as_of_seq": frozen.seq,
            "as_of_ns": frozen.now_ns,
            "is_valuing": self._view.is_valuing,
            "not_ready": list(self._ready()),
            "totals": totals_document(scan),
            "feeds": feed_summary(self._feeds()),
            "prices": prices_document(scan),
            "alerts": {"count": len(alerts), "first": [plain(alert) for alert in alerts[:MOST_ALERTS]]},
        }


def totals_document(scan: BookScan) -> dict[str, Any]:
    """Counts by level and certainty over the whole book, and the equity that is watched."""
    levels = dict.fromkeys([*(level_label(level) for level in Level), level_label(None)], 0)
    certainties = dict.fromkeys([certainty.name.lower() for certainty in Certainty], 0)
    for (_, level), count in scan.levels.items():
        levels[level_label(level)] += count
    for (_, certainty), count in scan.certainties.items():
        certainties[certainty.name.lower()] += count
    return {
        "as_of_seq": scan.started_seq,
        "accounts": scan.accounts,
        "accounts_fresh": scan.accounts_fresh,
        "accounts_without_equity": scan.accounts_without_equity,
        "pools": scan.pools,
        "levels": levels,
        "certainties": certainties,
        "equity_usd": f"{scan.equity_usd:.2f}" if scan.accounts > scan.accounts_without_equity else None,
        "equity_watched_ratio": f"{scan.equity_watched_ratio:.6f}",
        "accounts_watched_ratio": f"{scan.accounts_watched_ratio:.6f}",
        "venues": sorted(scan.venues),
    }


def prices_document(scan: BookScan) -> list[dict[str, Any]]:
    """The prices that pools hold, by venue: how many in each state and the oldest receive time."""
    return [
        {
            "venue": venue,
            "states": {state.name.lower(): count for state, count in sorted(totals.states.items())},
            "oldest_recv_ns": totals.oldest_recv_ns,
        }
        for venue, totals in sorted(scan.drivers.items())
    ]
