"""What a venue with pools in one currency says of them: the sources that reports name, and what its documents leave open."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.instrument import InstrumentKind
from monitor.rules.rulebook import Tables
from monitor.rules.tape import Trigger
from monitor.rules.terms import INVERSE, PositionLookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A venue's documents. `is_strict`: liquidation comes below the maintenance margin, not at it. `unverified` names what
    they do not confirm: with any such reason every pool is UNVERIFIED. `covered`: the kinds of contracts; others are refused.
    """

    venue: str
    formulas: str
    initial_margin: str
    liquidation: str
    procedure: str
    is_strict: bool = False
    unverified: tuple[str, ...] = ()
    covered: frozenset[InstrumentKind] = field(default=INVERSE)
    refusal: str = "not coin-margined"
    rules: str = "the rules of coin-margined contracts"

    @property
    def trigger(self) -> Trigger:
        """The venue's liquidation trigger in the form that decides."""
        return Trigger(strict=self.is_strict)

    def lookup(self, tables: Tables) -> PositionLookup:
        """Reads what values a pool of the venue."""
        return PositionLookup(self.venue, tables, self.covered, self.refusal)
