"""Funding that is not settled yet: it counts before a subaccount is checked, and moves with the index of its market.

A leg of margin alone adds it to the collateral: funding is no exposure to the underlying's price.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.rules.dydx_v4.terms import Funding
from monitor.rules.exact import exact
from monitor.rules.rulebook import Prices
from monitor.rules.tape import COLLATERAL_CELL, NO_CELL, Leg, Tape


def missing_indices(fundings: tuple[Funding, ...], prices: Prices) -> tuple[str, ...]:
    """The indices that were never seen, by name."""
    return tuple(f"price {funding.driver} never seen" for funding in fundings if prices(funding.driver) is None)


def unsettled(fundings: tuple[Funding, ...], prices: Prices) -> Decimal:
    """What a subaccount still gets (> 0) or pays, in USDC, at indices that are known."""
    with exact():
        return sum(
            (funding.per_index * ((prices(funding.driver) or Decimal(0)) - funding.settled) for funding in fundings), Decimal(0)
        )


def with_funding(tape: Tape, fundings: tuple[Funding, ...], rounding: Decimal) -> Tape:
    """The tape with a leg a position on its market's funding index, and the bound of the chain's roundings."""
    legs = [
        Leg(
            driver=funding.driver,
            quantity=Decimal(0),
            value_cell=NO_CELL,
            margin_cell=COLLATERAL_CELL,
            extra_margin=funding.per_index,
        )
        for funding in fundings
    ]
    with exact():
        settled = sum((funding.per_index * funding.settled for funding in fundings), Decimal(0))
        base = (tape.base[COLLATERAL_CELL] - settled, *tape.base[COLLATERAL_CELL + 1 :])
    return replace(tape, base=base, legs=(*tape.legs, *legs), rounding=rounding)
