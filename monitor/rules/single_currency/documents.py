"""What a venue with pools in one currency says of them: the sources that reports name, and what its documents leave open."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from monitor.domain.instrument import InstrumentKind
from monitor.rules.ladder import Threshold
from monitor.rules.rulebook import Tables
from monitor.rules.tape import Trigger
from monitor.rules.terms import INVERSE, PositionLookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A venue's documents. Liquidation comes where equity is `margin_factor` times the maintenance margin, below it when
    `is_strict`. `unverified` names what they do not confirm: with any such reason every pool is UNVERIFIED. `covered`: the
    kinds of contracts; others are refused. `stages`: the venue's ladder, None for the common one. `needs_leverage`: initial
    margin follows from the leverage of each position.
    """

    venue: str
    formulas: str
    initial_margin: str
    liquidation: str
    procedure: str
    is_strict: bool = False
    margin_factor: Decimal = Decimal(1)
    stages: tuple[Threshold, ...] | None = None
    unverified: tuple[str, ...] = ()
    needs_leverage: bool = True
    covered: frozenset[InstrumentKind] = field(default=INVERSE)
    refusal: str = "not coin-margined"
    rules: str = "the rules of coin-margined contracts"

    @property
    def trigger(self) -> Trigger:
        """The venue's liquidation trigger in the form that decides."""
        return Trigger(margin_factor=self.margin_factor, strict=self.is_strict)

    @property
    def trigger_text(self) -> str:
        """The trigger as reports tell it, with its exact sense."""
        factor = "" if self.margin_factor == 1 else f"{self.margin_factor} * "
        return f"collateral_value - {factor}maintenance_margin {'<' if self.is_strict else '<='} 0"

    def lookup(self, tables: Tables) -> PositionLookup:
        """Reads what values a pool of the venue."""
        return PositionLookup(self.venue, tables, self.covered, self.refusal)
