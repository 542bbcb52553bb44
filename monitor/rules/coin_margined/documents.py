"""What a venue with coin-margined contracts says of them: the sources that reports name, and what its documents leave open."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.rules.tape import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A venue's documents. `is_strict`: liquidation comes below the maintenance margin, not at it. `unverified` names what
    they do not confirm: with any such reason every pool is UNVERIFIED.
    """

    venue: str
    formulas: str
    initial_margin: str
    liquidation: str
    procedure: str
    is_strict: bool = False
    unverified: tuple[str, ...] = ()

    @property
    def trigger(self) -> Trigger:
        """The venue's liquidation trigger in the form that decides."""
        return Trigger(strict=self.is_strict)
