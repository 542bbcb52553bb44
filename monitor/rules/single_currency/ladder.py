"""What the venue does before, at and after liquidation."""

from __future__ import annotations

from decimal import Decimal

from monitor.rules.ladder import Ladder, Threshold
from monitor.rules.rulebook import PoolFigures
from monitor.rules.single_currency.documents import Documents


def trigger_text(documents: Documents) -> str:
    """The trigger as reports tell it, with its exact sense."""
    return f"collateral_value - maintenance_margin {'<' if documents.is_strict else '<='} 0"


def unknown_ladder(documents: Documents) -> Ladder:
    """The ladder of a pool without figures."""
    return Ladder(trigger=trigger_text(documents), procedure=documents.procedure)


def ladder_of(figures: PoolFigures, documents: Documents) -> Ladder:
    """The ladder of a pool with figures, its stages in the order in which they come."""
    thresholds = (
        Threshold(
            name="initial margin used up",
            condition="collateral_value - initial_margin <= 0",
            initial_factor=Decimal(1),
            source=documents.initial_margin,
        ),
        Threshold(
            name="liquidation",
            condition=trigger_text(documents),
            margin_factor=Decimal(1),
            strict=documents.is_strict,
            source=documents.liquidation,
        ),
        Threshold(name="bankruptcy", condition="collateral_value <= 0", source=documents.liquidation),
    )
    stages = tuple(threshold.stage(figures) for threshold in thresholds)
    return Ladder(trigger=trigger_text(documents), procedure=documents.procedure, stages=stages)
