"""The liquidation price: the mark of one instrument at which its pool reaches the trigger, all other prices fixed.

Solved on the account's own function in `u = 1 / mark`, in which headroom is piecewise linear and concave: it bends where a
position enters another bracket, so that brackets are those at the liquidation price. Hedge: both sides move with one mark.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from monitor.rules.coin_margined.valuation import PositionValue, Valuation
from monitor.rules.exact import quotient, reciprocal
from monitor.rules.liquidation import LiquidationPrice, nearest_price_of_inverse
from monitor.rules.pool_report import shown


def liquidation_prices(valuation: Valuation) -> dict[str, LiquidationPrice]:
    """The liquidation price of each instrument in the pool."""
    names = dict.fromkeys(value.terms.position.instrument for value in valuation.positions)
    return {name: _liquidation_price(valuation, name) for name in names}


def bankruptcy_price(valuation: Valuation, instrument: str) -> Decimal | None:
    """The mark of one instrument at which nothing of the collateral value is left, to 20 digits; None where there is none."""
    legs = [value for value in valuation.positions if value.terms.position.instrument == instrument]
    quantity = sum(Fraction(leg.terms.quantity) for leg in legs)
    if quantity == 0:
        return None
    u = Fraction(reciprocal(legs[0].mark_price)) + Fraction(valuation.figures.collateral_value) / quantity
    return shown(quotient(Decimal(u.denominator), Decimal(u.numerator))) if u > 0 else None


def _liquidation_price(valuation: Valuation, instrument: str) -> LiquidationPrice:
    legs = [value for value in valuation.positions if value.terms.position.instrument == instrument]
    now = Fraction(reciprocal(legs[0].mark_price))
    figures = valuation.figures
    others = (
        Fraction(figures.collateral_value) - Fraction(figures.maintenance_margin) - sum(_slack_of(leg, now) for leg in legs)
    )
    bends = {
        Fraction(bracket.floor) / abs(Fraction(leg.terms.quantity)) for leg in legs for bracket in leg.terms.brackets.brackets
    }
    return nearest_price_of_inverse(lambda u: others + sum(_slack_of(leg, u) for leg in legs), now, bends)


def _slack_of(leg: PositionValue, u: Fraction) -> Fraction:
    """What one position adds to the headroom at a reciprocal of its mark: unrealised PnL less maintenance margin."""
    quantity = Fraction(leg.terms.quantity)
    notional = abs(quantity) * u
    brackets = leg.terms.brackets.brackets
    bracket = next((b for b in brackets if b.cap is None or notional < b.cap), brackets[-1])
    margin = notional * Fraction(bracket.maintenance_margin_rate) - Fraction(bracket.deduction)
    return -quantity * u - Fraction(leg.terms.position.cost) - margin
