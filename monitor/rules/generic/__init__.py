"""A plain "equity over maintenance" book for any venue without rules of its own: configured by tables alone.

The conventions are our own: no venue's document stands behind them, its tables are the user's. Collateral tiers and borrow
tiers a coin, brackets an instrument, linear and inverse contracts; borrowed spot is a coin's equity below 0. The forms are
those of `multi_currency` (one pool over all coins) and `single_currency` (one a coin, and isolated positions).
"""

from monitor.domain.account import AccountMode
from monitor.rules.multi_currency import Documents, MultiCurrency
from monitor.rules.terms import INVERSE, LINEAR

CONVENTIONS = "conventions of the plain book (docs/venues/generic.md)"

DOCUMENTS = Documents(
    venue="generic",
    formulas=CONVENTIONS,
    initial_margin=CONVENTIONS,
    liquidation=CONVENTIONS,
    procedure="The plain book knows no venue's procedure: see what the venue's documents say.",
    covered=LINEAR | INVERSE,
    refusal="not covered by the plain book",
    rules="the plain book",
    modes=frozenset({AccountMode.MULTI_CURRENCY}),
    by_asset=True,
)


class Generic(MultiCurrency):
    """The plain book behind the interface that every venue has."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)
