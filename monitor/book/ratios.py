"""The ratios as they are printed: one scalar function with a fixed order of operations, so that a replay is byte-identical."""

from __future__ import annotations

from typing import NamedTuple

from monitor.rules.tape import Trigger

COLLATERAL_EXHAUSTED = "collateral_exhausted"
NO_EXPOSURE = "no_exposure"


class Ratios(NamedTuple):
    """Headroom and both ratios of a pool; a ratio is None with its reason (contract 1)."""

    headroom: float
    margin_ratio: float | None
    margin_ratio_reason: str | None
    buffer_ratio: float | None
    buffer_ratio_reason: str | None


def ratios(collateral_value: float, maintenance_margin: float, stress_notional: float, trigger: Trigger) -> Ratios:
    """`headroom = a*C - b*M`, `margin_ratio = b*M / (a*C)`, `buffer_ratio = headroom / A`, in the pool's margin currency."""
    available = float(trigger.collateral_factor) * collateral_value
    required = float(trigger.margin_factor) * maintenance_margin
    headroom = available - required
    exhausted = collateral_value <= 0.0
    exposed = stress_notional > 0.0
    return Ratios(
        headroom,
        None if exhausted else required / available,
        COLLATERAL_EXHAUSTED if exhausted else None,
        headroom / stress_notional if exposed else None,
        None if exposed else NO_EXPOSURE,
    )


def danger(headroom: float, required: float, stress_notional: float) -> float:
    """What orders pools of one level, worst first when ascending: headroom over the larger of A and b*M (contract 1)."""
    scale = max(stress_notional, required)
    if scale <= 0.0:
        return float("inf") if headroom >= 0.0 else float("-inf")
    return headroom / scale
