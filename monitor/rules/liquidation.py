"""The nearest price at which a pool's headroom, concave and piecewise linear in one mark, reaches its trigger.

Exact in rationals; the result is rounded once. The venue gives the headroom as a function of the mark, and its bends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise

NONE = "none"
ALREADY = "already"

Slack = Callable[[Fraction], Fraction]

# More digits than any tick needs; the solution itself is a ratio without an end.
_PRICE = Context(prec=24)


@dataclass(frozen=True, slots=True)
class LiquidationPrice:
    """The price, or None with its reason: `none` (no such price above 0), `already` (at or past the trigger now)."""

    price: Decimal | None
    reason: str | None = None


def nearest_price(slack: Slack, mark: Fraction, bends: Iterable[Fraction]) -> LiquidationPrice:
    """The price nearest to `mark` at which `slack` is 0. `bends`: where its slope changes; those at or below 0 are left out.

    The slack must be concave, so that there is at most one price on either side of the mark.
    """
    if slack(mark) <= 0:
        return LiquidationPrice(None, ALREADY)
    return _nearest(mark, _roots(slack, mark, bends))


def _nearest(mark: Fraction, prices: list[Fraction]) -> LiquidationPrice:
    if not prices:
        return LiquidationPrice(None, NONE)
    nearest = min(prices, key=lambda price: abs(price - mark))
    return price_of(nearest)


def price_of(exact_price: Fraction) -> LiquidationPrice:
    """A price as reports show it: 24 digits, the solution's one rounding."""
    return LiquidationPrice(_PRICE.divide(Decimal(exact_price.numerator), Decimal(exact_price.denominator)))


def _roots(slack: Slack, start: Fraction, bends: Iterable[Fraction]) -> list[Fraction]:
    """The first places above 0 on either side of `start` at which the slack, positive there, is 0."""
    above_zero = {bend for bend in bends if bend > 0}
    lower = [start, *sorted((bend for bend in above_zero if bend < start), reverse=True), Fraction(0)]
    upper = [start, *sorted(bend for bend in above_zero if bend > start)]
    below = _first_root(slack, lower)
    above = _first_root(slack, upper) or _root_on_the_last_ray(slack, upper[-1])
    return [root for root in (below, above) if root is not None and root > 0]


def _first_root(slack: Slack, points: list[Fraction]) -> Fraction | None:
    """Where the slack, positive at the first point and linear from point to point, first reaches 0; None if nowhere."""
    for near, far in pairwise(points):
        at_near, at_far = slack(near), slack(far)
        if at_far <= 0:
            return near + (far - near) * at_near / (at_near - at_far)
    return None


def _root_on_the_last_ray(slack: Slack, start: Fraction) -> Fraction | None:
    """Where the slack reaches 0 beyond the last bend, None when it does not fall there."""
    at_start = slack(start)
    slope = slack(start + 1) - at_start
    return start - at_start / slope if slope < 0 else None
