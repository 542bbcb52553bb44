"""What the venue does before, at and after liquidation."""

from __future__ import annotations

from decimal import Decimal

from monitor.rules.ladder import Ladder, Threshold
from monitor.rules.rulebook import PoolFigures
from monitor.rules.single_currency.documents import Documents


def unknown_ladder(documents: Documents) -> Ladder:
    """The ladder of a pool without figures."""
    return Ladder(trigger=documents.trigger_text, procedure=documents.procedure)


def ladder_of(figures: PoolFigures, documents: Documents, venue_figures: dict[str, Decimal] | None = None) -> Ladder:
    """The ladder of a pool with figures, its stages in the order in which they come, and the venue's own figures."""
    thresholds = _common_stages(documents) if documents.stages is None else documents.stages
    return Ladder(
        trigger=documents.trigger_text,
        procedure=documents.procedure,
        stages=tuple(threshold.stage(figures) for threshold in thresholds),
        venue_figures=venue_figures or {},
    )


def _common_stages(documents: Documents) -> tuple[Threshold, ...]:
    return (
        Threshold(
            name="initial margin used up",
            condition="collateral_value - initial_margin <= 0",
            initial_factor=Decimal(1),
            source=documents.initial_margin,
        ),
        Threshold(
            name="liquidation",
            condition=documents.trigger_text,
            margin_factor=documents.margin_factor,
            strict=documents.is_strict,
            source=documents.liquidation,
        ),
        Threshold(name="bankruptcy", condition="collateral_value <= 0", source=documents.liquidation),
    )
