"""One coin of a pool over all coins, valued."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinValue:
    """In the coin, but `collateral_value`, what its equity counts for, in USD; `index` is USD per unit."""

    coin: str
    equity: Decimal
    collateral_value: Decimal
    position_maintenance: Decimal
    position_initial: Decimal
    borrow_maintenance: Decimal
    borrow_initial: Decimal
    index: Decimal
