"""A liquidation price as reports tell it, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

NONE = "none"
ALREADY = "already"

# More digits than any tick needs; the solution itself is a ratio without an end.
_PRICE = Context(prec=24)


@dataclass(frozen=True, slots=True)
class LiquidationPrice:
    """The price, or None with its reason: `none` (no such price above 0), `already` (at or past the trigger now)."""

    price: Decimal | None
    reason: str | None = None


def price_of(exact_price: Fraction) -> LiquidationPrice:
    """A price as reports show it: 24 digits, the solution's one rounding."""
    return LiquidationPrice(_PRICE.divide(Decimal(exact_price.numerator), Decimal(exact_price.denominator)))
