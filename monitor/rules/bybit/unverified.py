"""Which of the formulas that a pool's figures rest on no document confirms: told by name, whatever the prices."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings
from monitor.rules.bybit import documents


def unverified_reasons(pool: PoolHoldings, tables_verified: bool) -> tuple[str, ...]:
    """Why a pool's figures are UNVERIFIED, empty when every formula and table is confirmed."""
    reasons = [] if tables_verified else ["a table is not verified"]
    if pool.kind is not PoolKind.CROSS:
        return tuple(reasons)
    if pool.positions:
        reasons.append(documents.FEE_BASE_OPEN)
    if any(count > 1 for count in Counter(p.instrument for p in pool.positions).values()):
        reasons.append(documents.HEDGE_OPEN)
    if pool.positions or any(_owes(pool, asset) for asset in pool.wallets):
        reasons.append(documents.BORROW_MARGIN_OPEN)
    if any(not order.reduce_only for order in pool.orders):
        reasons.append(documents.ORDERS_OPEN)
    return tuple(reasons)


def _owes(pool: PoolHoldings, asset: str) -> bool:
    return pool.wallets[asset] < pool.frozen.get(asset, Decimal(0))
