"""Risk tiers by the size of a position: its tier's rates hold for the whole of it, and so its margin jumps at a tier's edge."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from monitor.domain.checks import require_not_negative, require_positive


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionTier:
    """One tier, by size in contracts, from `floor` (not in it, but for 0) up to `cap`; None: without an end."""

    floor: Decimal
    cap: Decimal | None
    maintenance_margin_rate: Decimal
    initial_leverage: Decimal | None = None

    def __post_init__(self) -> None:
        require_not_negative("floor", self.floor)
        require_positive("cap", self.cap)
        require_not_negative("maintenance_margin_rate", self.maintenance_margin_rate)
        require_positive("initial_leverage", self.initial_leverage)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionTiers:
    """The tiers of one instrument: contiguous from 0, the rate never falling."""

    tiers: tuple[PositionTier, ...]

    def __post_init__(self) -> None:
        if not self.tiers or self.tiers[0].floor != 0:
            raise ValueError("tiers must start at size 0")
        for lower, upper in pairwise(self.tiers):
            if lower.cap != upper.floor:
                raise ValueError(f"tiers must be contiguous: cap {lower.cap} before floor {upper.floor}")
            if upper.floor <= lower.floor:
                raise ValueError(f"tiers must rise: floor {upper.floor}")
            if upper.maintenance_margin_rate < lower.maintenance_margin_rate:
                raise ValueError(f"maintenance_margin_rate falls at size {upper.floor}")

    def tier_at(self, size: Decimal) -> PositionTier:
        """The tier of a size (>= 0); beyond the last cap the last one."""
        return next((tier for tier in self.tiers if tier.cap is None or size <= tier.cap), self.tiers[-1])
