"""The arithmetic of one fill on one position, in integers: open, add, reduce, close, flip.

With `N` the signed value of a fill and `r` its realised PnL, `cost' = cost + N + r` and `wallet' = wallet + r`, so that
wallet + unrealised PnL moves by the cash flow alone, to the last step. `r` is the venue's printed figure; where it prints
none it is `-N` less the released share of cost, rounded half even. `printed - ours` is the fill's rounding.

A close leaves no cost that could carry the rounding, and an opening realises nothing: there a printed figure that is not
ours goes to the wallet (our wallet is the venue's) and is returned as `residual`, so that wallet + unrealised PnL still
equals cash flows + residuals exactly.

How far a printed figure may be from ours: one unit of its last digit, and `doubt`, what earlier printing left open about the
cost itself (an adopted entry price is printed with so many decimals; each printed realised PnL is good to one unit).
"""

from __future__ import annotations

from typing import NamedTuple

from monitor.book.ledger.fixed_point import divide_half_even
from monitor.book.ledger.terms import ContractTerms

MOST_DOUBT = 1 << 62


class Booking(NamedTuple):
    """A position after a fill, and what the fill realised. `restarts`: it was opened, closed or flipped."""

    size: int
    cost: int
    doubt: int
    realised: int
    residual: int
    rounding_exceeded: bool
    restarts: bool


def book_fill(
    terms: ContractTerms, size: int, cost: int, doubt: int, traded: int, price: int, printed: int | None, unit: int
) -> Booking:
    """The position (`size` in units, `cost` and `doubt` in asset steps) after `traded` units at `price` (in 1e-18).

    `printed` is the venue's realised PnL in asset steps, None where it prints none, and `unit` its last digit.
    """
    after = size + traded
    if size == 0 or (size > 0) == (traded > 0):
        realised = printed or 0
        opened = cost + terms.value(traded, price)
        return Booking(after, opened, doubt, realised, realised, abs(realised) > unit, size == 0)
    if after != 0 and (after > 0) == (size > 0):
        return _reduce(terms, size, cost, doubt, traded, price, printed, unit)
    ours = -terms.value(-size, price) - cost
    realised = ours if printed is None else printed
    opened = terms.value(after, price) if after else 0
    return Booking(after, opened, 0, realised, realised - ours, abs(realised - ours) > unit + doubt, True)


def _reduce(
    terms: ContractTerms, size: int, cost: int, doubt: int, traded: int, price: int, printed: int | None, unit: int
) -> Booking:
    value = terms.value(traded, price)
    ours = -value - divide_half_even(cost * abs(traded), abs(size))
    if printed is None:
        return Booking(size + traded, cost + value + ours, doubt, ours, 0, False, False)
    exceeded = abs(printed - ours) > unit - (-doubt * abs(traded) // abs(size))
    widened = min(doubt + unit, MOST_DOUBT)
    return Booking(size + traded, cost + value + printed, widened, printed, 0, exceeded, False)
