"""The liquidation price: the mark of one symbol at which the pool reaches its trigger, all other prices fixed.

Solved on the account's own function, not on a formula for one case. With everything else fixed, headroom is piecewise linear
in the mark: it bends where a position enters another bracket and, in multi-assets mode, where the settle asset's equity
changes sign (bid to ask). So brackets are those at the liquidation price, as the venue's FAQ demands, and a hedge's long and
short, which move with one mark, share one price. Exact in rationals; the result is rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise

from monitor.rules.binance_usdm.positions import PositionValue
from monitor.rules.binance_usdm.valuation import AssetValue, Valuation

NONE = "none"
ALREADY = "already"

# More digits than any tick needs; the solution itself is a ratio without an end.
_PRICE = Context(prec=24)

_Slack = Callable[[Fraction], Fraction]


@dataclass(frozen=True, slots=True)
class LiquidationPrice:
    """The price, or None with its reason: `none` (no such price above 0), `already` (at or past the trigger now)."""

    price: Decimal | None
    reason: str | None = None


def liquidation_prices(valuation: Valuation) -> dict[str, LiquidationPrice]:
    """The liquidation price of each instrument in the pool."""
    return {name: _liquidation_price(valuation, name) for name in dict.fromkeys(_names(valuation))}


def _names(valuation: Valuation) -> list[str]:
    return [value.terms.position.instrument for value in valuation.positions]


def _liquidation_price(valuation: Valuation, instrument: str) -> LiquidationPrice:
    legs = [value for value in valuation.positions if value.terms.position.instrument == instrument]
    asset = next(a for a in valuation.assets if a.asset == legs[0].terms.instrument.settle_asset)
    slack = _slack_function(valuation, asset, legs)
    mark = Fraction(legs[0].mark_price)
    if slack(mark) <= 0:
        return LiquidationPrice(None, ALREADY)
    bends = _bends(asset, legs)
    below = _first_root(slack, [mark, *sorted((b for b in bends if b < mark), reverse=True), Fraction(0)])
    above = _first_root(slack, [mark, *sorted(b for b in bends if b > mark)]) or _root_on_the_last_ray(
        slack, max([mark, *bends])
    )
    # Headroom is concave in the mark, so there is at most one price on either side; the nearer one is met first.
    roots = [root for root in (below, above) if root is not None and root > 0]
    if not roots:
        return LiquidationPrice(None, NONE)
    nearest = min(roots, key=lambda root: abs(root - mark))
    return LiquidationPrice(_PRICE.divide(Decimal(nearest.numerator), Decimal(nearest.denominator)))


def _slack_function(valuation: Valuation, asset: AssetValue, legs: list[PositionValue]) -> _Slack:
    """Headroom of the pool as a function of the mark of `legs`, everything else as it stands."""
    equity = Fraction(asset.equity) - sum(Fraction(leg.unrealised_pnl) for leg in legs)
    margin = Fraction(asset.maintenance_margin) - sum(Fraction(leg.maintenance_margin) for leg in legs)
    bid, ask = Fraction(asset.rates.bid), Fraction(asset.rates.ask)
    others = Fraction(valuation.collateral_value) - Fraction(asset.collateral_value)
    others -= Fraction(valuation.maintenance_margin) - Fraction(asset.maintenance_margin) * ask

    def slack(mark: Fraction) -> Fraction:
        own = equity + sum(Fraction(leg.terms.quantity) * mark - Fraction(leg.terms.position.cost) for leg in legs)
        required = margin + sum(_margin_at(leg, mark) for leg in legs)
        return others + own * (bid if own >= 0 else ask) - required * ask

    return slack


def _margin_at(leg: PositionValue, mark: Fraction) -> Fraction:
    """Maintenance margin of a position at another mark, by the bracket of the notional there."""
    notional = abs(Fraction(leg.terms.quantity)) * mark
    brackets = leg.terms.brackets.brackets
    bracket = next((b for b in brackets if b.cap is None or notional < b.cap), brackets[-1])
    return notional * Fraction(bracket.maintenance_margin_rate) - Fraction(bracket.deduction)


def _bends(asset: AssetValue, legs: list[PositionValue]) -> set[Fraction]:
    """The marks above 0 at which headroom bends: bracket edges, and where the asset's equity is 0."""
    bends = {
        Fraction(bracket.floor) / abs(Fraction(leg.terms.quantity)) for leg in legs for bracket in leg.terms.brackets.brackets
    }
    net = sum(Fraction(leg.terms.quantity) for leg in legs)
    if net != 0:
        fixed = Fraction(asset.equity) - sum(Fraction(leg.exposure) for leg in legs)
        bends.add(-fixed / net)
    return {bend for bend in bends if bend > 0}


def _first_root(slack: _Slack, points: list[Fraction]) -> Fraction | None:
    """Where the slack, positive at the first point and linear from point to point, first reaches 0; None if nowhere."""
    for near, far in pairwise(points):
        at_near, at_far = slack(near), slack(far)
        if at_far <= 0:
            return near + (far - near) * at_near / (at_near - at_far)
    return None


def _root_on_the_last_ray(slack: _Slack, start: Fraction) -> Fraction | None:
    """Where the slack reaches 0 beyond the last bend, None when it does not fall there."""
    at_start = slack(start)
    slope = slack(start + 1) - at_start
    return start - at_start / slope if slope < 0 else None
