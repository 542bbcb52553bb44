"""What the venue does before, at and after liquidation."""

from __future__ import annotations

from decimal import Decimal

from monitor.rules.binance_coinm import documents
from monitor.rules.ladder import Ladder, Threshold
from monitor.rules.rulebook import PoolFigures

TRIGGER = "collateral_value - maintenance_margin <= 0"

PROCEDURE = (
    "All open orders of the coin are cancelled; one large immediate-or-cancel order tries to reduce the position to a lower "
    "bracket; if the pool is then within its margin it stops, else the position is closed or taken over at its bankruptcy "
    "price by the insurance fund, and by auto-deleveraging when the fund cannot."
)
_THRESHOLDS = (
    Threshold(
        name="initial margin used up",
        condition="collateral_value - initial_margin <= 0",
        initial_factor=Decimal(1),
        source=documents.POSITION,
    ),
    Threshold(name="liquidation", condition=TRIGGER, margin_factor=Decimal(1), source=documents.LIQUIDATION),
    Threshold(name="bankruptcy", condition="collateral_value <= 0", source=documents.LIQUIDATION),
)

UNKNOWN = Ladder(trigger=TRIGGER, procedure=PROCEDURE)
"""The ladder of a pool without figures."""


def ladder_of(figures: PoolFigures) -> Ladder:
    """The ladder of a pool with figures, its stages in the order in which they come."""
    stages = tuple(threshold.stage(figures) for threshold in _THRESHOLDS)
    return Ladder(trigger=TRIGGER, procedure=PROCEDURE, stages=stages)
