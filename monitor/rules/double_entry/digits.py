"""Figures of the venue to their last printed digit: one unit in it is the tolerance."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.errors import BadInput
from monitor.rules.exact import exact, truncated


def last_unit(printed: Decimal) -> Decimal:
    """One unit in the last digit that was printed: 0.0001 of 0.4127, also of 0.4100."""
    return Decimal(1).scaleb(_exponent(printed))


def as_printed(ours: Decimal, printed: Decimal) -> Decimal:
    """Our figure with the venue's digits: the venue's own where cutting off or rounding ours gives it, else ours cut off."""
    cut = truncated(ours, -_exponent(printed))
    with exact():
        is_nearest = 2 * abs(ours - printed) <= last_unit(printed)
    return printed if is_nearest else cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Ours less theirs. `units` is its size in units of the venue's last digit; within the tolerance both agree."""

    amount: Decimal
    unit: Decimal
    tolerance: Decimal
    ours_printed: Decimal
    printed: Decimal

    @property
    def agrees(self) -> bool:
        """Within the tolerance, its edge included."""
        return abs(self.amount) <= self.tolerance

    @property
    def is_exact(self) -> bool:
        """The same digits."""
        return self.ours_printed == self.printed

    @property
    def units(self) -> Decimal:
        """How many units of the last digit the printed figures stand apart."""
        with exact():
            return abs(self.ours_printed - self.printed).scaleb(-self.unit.adjusted())


def residual(ours: Decimal, printed: Decimal, slack: Decimal | None = None) -> Residual:
    """Ours beside a printed figure. `slack`: a wider tolerance than one unit, for a sum of printed figures."""
    with exact():
        amount = ours - printed
    unit = last_unit(printed)
    tolerance = unit if slack is None else max(unit, slack)
    return Residual(amount=amount, unit=unit, tolerance=tolerance, ours_printed=as_printed(ours, printed), printed=printed)


def _exponent(printed: Decimal) -> int:
    exponent = printed.as_tuple().exponent
    if isinstance(exponent, str):
        raise BadInput("a printed figure must be finite", value=str(printed))
    return exponent
