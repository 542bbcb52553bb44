"""Levels told again after a restart: one that was decided before a crash and not yet written would be missing outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from monitor.book.status import PoolStatus
from monitor.domain.effects import Cause, CauseKind, LevelChanged
from monitor.engine import Engine

RESTATED = Cause(CauseKind.EVENT, "restated after a restart")
ACCOUNTS_AT_ONCE = 200


async def restate_levels(engine: Engine, offer: Callable[[LevelChanged], None]) -> int:
    """Offer the level of every pool as it stands, and return how many; a pool that was never valued has none to tell.

    Each is read and offered in one go, so that no older level follows a newer change. Other tasks get a turn between slices.
    """
    told = 0
    for number, account in enumerate(engine.account_ids()):
        if number % ACCOUNTS_AT_ONCE == 0:
            await asyncio.sleep(0)
        status = engine.account_status(account)
        for pool in () if status is None else status.pools:
            standing = engine.pool_status(pool)
            if standing is not None and standing.level is not None:
                offer(restated(standing, engine.seq, engine.now_ns))
                told += 1
    return told


def restated(status: PoolStatus, seq: int, engine_ns: int) -> LevelChanged:
    """A pool's level as a change from itself to itself, with the figures of this moment."""
    return LevelChanged(
        seq=seq,
        engine_ns=engine_ns,
        pool=status.pool,
        account=status.account,
        old=status.level,
        new=status.level,
        cause=RESTATED,
        certainty=status.certainty,
        collateral_value=status.collateral_value,
        maintenance_margin=status.maintenance_margin,
        stress_notional=status.stress_notional,
        headroom=status.headroom,
        margin_ratio=status.margin_ratio,
        margin_ratio_reason=status.margin_ratio_reason,
        buffer_ratio=status.buffer_ratio,
        buffer_ratio_reason=status.buffer_ratio_reason,
        margin_currency=status.margin_currency,
        table_version="",
    )
