"""Which pools are worst, and what the board shows of each (contract 1: level, then headroom over scale, then pool id)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from monitor.analytics.report import hurts_most, pool_report
from monitor.analytics.view import AccountView
from monitor.book.ratios import danger
from monitor.book.status import AccountStatus, PoolStatus
from monitor.domain.report import PoolReport, PositionReport

DangerKey = tuple[int, float, str]

# A pool that holds something and was never valued is not known to be safe: it stands between OK and NOTICE.
_UNVALUED_RANK = 1
_EMPTY_RANK = 9
_RANKS = {0: 2, 1: -1, 2: -2, 3: -3, 4: -4}


def danger_key(status: PoolStatus) -> DangerKey:
    """Sorts the worst pool first. A status does not carry the trigger factor b, so `b*M` is read as M (equal where b is 1)."""
    if status.is_empty:
        return (_EMPTY_RANK, 0.0, status.pool)
    rank = _UNVALUED_RANK if status.level is None else _RANKS[status.level.value]
    if status.headroom is None:
        # No figures: nothing says that it is better than the ones beside it.
        return (rank, float("-inf"), status.pool)
    return (rank, danger(status.headroom, status.maintenance_margin or 0.0, status.stress_notional or 0.0), status.pool)


def worst_pools(statuses: Iterable[PoolStatus], limit: int) -> list[PoolStatus]:
    """At most `limit` pools, worst first."""
    return heapq.nsmallest(limit, statuses, key=danger_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstRow:
    """One row of the board: the statuses of a pool and its account, and what only the rules can say of it.

    `liquidation_distance_ratio` is the smallest relative move of one mark price, all others fixed, that reaches the venue's
    trigger; `top_up_to_ok` the collateral value that brings the pool back to OK; `hurts_most` the position with the lowest
    unrealised PnL less its maintenance margin. Each None where it cannot be had; the report holds the reason.
    """

    status: PoolStatus
    account: AccountStatus | None
    report: PoolReport
    liquidation_distance_ratio: Decimal | None
    top_up_to_ok: Decimal | None
    hurts_most: PositionReport | None


def worst_row(view: AccountView, pool: str) -> WorstRow | None:
    """The row of one pool, None when the pool is gone. Costs a whole report: made for rows that are shown, never for all."""
    status = view.pool_status(pool)
    if status is None:
        return None
    report = pool_report(view, status)
    return WorstRow(
        status=status,
        account=view.account_status(status.account),
        report=report,
        liquidation_distance_ratio=report.liquidation_distance_ratio,
        top_up_to_ok=report.top_up_to_ok,
        hurts_most=hurts_most(report),
    )
