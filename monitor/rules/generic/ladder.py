"""What comes before, at and after liquidation, by the conventions of the plain book."""

from __future__ import annotations

from decimal import Decimal

from monitor.rules.generic.documents import CONVENTIONS
from monitor.rules.ladder import Ladder, Threshold
from monitor.rules.rulebook import PoolFigures

TRIGGER = "collateral_value - maintenance_margin <= 0"
PROCEDURE = "The plain book knows no venue's procedure: see what the venue's documents say."
_THRESHOLDS = (
    Threshold(
        name="initial margin used up",
        condition="collateral_value - initial_margin <= 0",
        initial_factor=Decimal(1),
        source=CONVENTIONS,
    ),
    Threshold(name="liquidation", condition=TRIGGER, margin_factor=Decimal(1), source=CONVENTIONS),
    Threshold(name="bankruptcy", condition="collateral_value <= 0", source=CONVENTIONS),
)

UNKNOWN = Ladder(trigger=TRIGGER, procedure=PROCEDURE)
"""The ladder of a pool without figures."""


def ladder_of(figures: PoolFigures) -> Ladder:
    """The ladder of a pool with figures, its stages in the order in which they come."""
    stages = tuple(threshold.stage(figures) for threshold in _THRESHOLDS)
    return Ladder(trigger=TRIGGER, procedure=PROCEDURE, stages=stages)
