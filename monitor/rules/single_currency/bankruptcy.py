"""The bankruptcy price: the mark of one instrument at which nothing of the collateral is left, all other prices fixed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from monitor.rules.exact import quotient, shown
from monitor.rules.single_currency.valuation import Valuation


def bankruptcy_price(valuation: Valuation, instrument: str) -> Decimal | None:
    """To 20 digits; None where there is none above 0. Hedge: both sides move with one mark."""
    legs = [value for value in valuation.positions if value.terms.position.instrument == instrument]
    quantity = sum(Fraction(leg.terms.value_quantity) for leg in legs)
    if quantity == 0:
        return None
    terms, mark_price = legs[0].terms, legs[0].mark_price
    taken = Fraction(terms.taken(mark_price)) - Fraction(valuation.figures.collateral_value) / quantity
    if taken <= 0:
        return None
    price = 1 / taken if terms.instrument.kind.is_inverse else taken
    return shown(quotient(Decimal(price.numerator), Decimal(price.denominator)))
