"""The steps of a venue's ladder: what happens before liquidation, at it and after it, each with the room that is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from monitor.domain.report import Stage
from monitor.rules.exact import exact
from monitor.rules.rulebook import PoolFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """What the venue does at which point: the trigger in words with its exact sense, the stages, and the procedure."""

    trigger: str
    procedure: str = ""
    stages: tuple[Stage, ...] = ()
    venue_figures: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A stage at which a slack comes to 0: `collateral_factor * C - margin_factor * M - initial_factor * I`.

    Reached at or below 0, below 0 alone when `strict`.
    """

    name: str
    condition: str
    collateral_factor: Decimal = Decimal(1)
    margin_factor: Decimal = Decimal(0)
    initial_factor: Decimal = Decimal(0)
    strict: bool = False
    source: str = ""
    verified: bool = True

    def stage(self, figures: PoolFigures) -> Stage:
        """The stage of a pool; without an initial margin that it needs it is not known, with the reason."""
        initial = figures.initial_margin
        if initial is None and self.initial_factor != 0:
            return self._told(figures, None, figures.initial_margin_reason)
        with exact():
            slack = self.collateral_factor * figures.collateral_value
            slack -= self.margin_factor * figures.maintenance_margin
            slack -= self.initial_factor * (initial or Decimal(0))
        return self._told(figures, slack, None)

    def _told(self, figures: PoolFigures, slack: Decimal | None, reason: str | None) -> Stage:
        reached = None if slack is None else slack < 0 or (slack == 0 and not self.strict)
        return Stage(
            name=self.name,
            condition=self.condition,
            slack=slack,
            is_reached=reached,
            unit=figures.margin_currency,
            reason=reason,
            source=self.source,
            verified=self.verified,
        )
