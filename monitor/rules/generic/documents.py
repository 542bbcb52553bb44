"""The conventions of the plain book. They are our own: no venue's document stands behind them, its tables are the user's.

collateral     positive equity of a coin in slices by quantity, each at its ratio; negative in full; times the coin's index
maintenance    bracket of the notional at mark; slices of what is borrowed at their rates; what other positions are said to need
liquidation    collateral - maintenance at or below 0
"""

from monitor.rules.single_currency import Documents
from monitor.rules.terms import INVERSE, LINEAR

VENUE = "generic"
CONVENTIONS = "conventions of the plain book (docs/venues/generic.md)"

OTHER_MAINTENANCE = "other_maintenance_margin"
"""Name of the figure an account may give: maintenance margin, in USD, of positions that are not told. They count in full."""

PROCEDURE = "The plain book knows no venue's procedure: see what the venue's documents say."

ONE_CURRENCY = Documents(
    venue=VENUE,
    formulas=CONVENTIONS,
    initial_margin=CONVENTIONS,
    liquidation=CONVENTIONS,
    procedure=PROCEDURE,
    covered=LINEAR | INVERSE,
    refusal="not covered by the plain book",
    rules="the plain book",
)
"""Pools that do not span all coins: those of a settle asset, and isolated ones."""
