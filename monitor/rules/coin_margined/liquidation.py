"""Liquidation and bankruptcy price: the mark of one instrument at which its pool reaches them, all other prices fixed.

The liquidation price is solved on the pool's tape (`monitor.rules.solve`), which is piecewise linear in `1 / mark`, so that the
brackets are those at the liquidation price. Hedge: both sides move with one mark.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from monitor.domain.ids import DriverKey
from monitor.rules.brackets import bracket_pieces
from monitor.rules.coin_margined.tape import bracket_schedule
from monitor.rules.coin_margined.terms import mark_driver
from monitor.rules.coin_margined.valuation import Valuation
from monitor.rules.exact import quotient, reciprocal
from monitor.rules.liquidation import LiquidationPrice
from monitor.rules.pool_report import shown
from monitor.rules.solve import solve
from monitor.rules.tape import Tape


def liquidation_prices(valuation: Valuation, tape: Tape) -> dict[str, LiquidationPrice]:
    """The liquidation price of each instrument in the pool."""
    schedules = {
        bracket_schedule(value.terms.position.instrument): bracket_pieces(value.terms.brackets) for value in valuation.positions
    }
    marks: dict[DriverKey, Decimal] = {
        mark_driver(value.terms.position.instrument): value.mark_price for value in valuation.positions
    }
    return {mark.subject: solve(tape, schedules.__getitem__, marks.__getitem__, mark) for mark in marks}


def bankruptcy_price(valuation: Valuation, instrument: str) -> Decimal | None:
    """The mark of one instrument at which nothing of the collateral value is left, to 20 digits; None where there is none."""
    legs = [value for value in valuation.positions if value.terms.position.instrument == instrument]
    quantity = sum(Fraction(leg.terms.quantity) for leg in legs)
    if quantity == 0:
        return None
    u = Fraction(reciprocal(legs[0].mark_price)) + Fraction(valuation.figures.collateral_value) / quantity
    return shown(quotient(Decimal(u.denominator), Decimal(u.numerator))) if u > 0 else None
