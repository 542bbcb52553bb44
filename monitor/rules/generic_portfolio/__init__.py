"""A portfolio-margin rulebook for a clearing house or a prime broker, configured by tables alone.

Collateral and borrowing are those of the plain book over all coins (`multi_currency`); the margin of positions is that of
scenario grids (`scenarios`): a SPAN-like 16 and a TIMS-like ladder stand in the examples. Options are valued at their mark and
need the array that the clearing house publishes. The conventions are our own: no house's document stands behind them.
"""

from monitor.domain.account import AccountMode
from monitor.domain.instrument import InstrumentKind
from monitor.rules.multi_currency import Documents, MultiCurrency
from monitor.rules.rulebook import Tables
from monitor.rules.scenarios import ScenarioMargin
from monitor.rules.terms import INVERSE, LINEAR, PooledLookup, PositionLookup

VENUE = "generic_portfolio"
CONVENTIONS = "conventions of the portfolio book (docs/venues/generic-portfolio.md)"
_COVERED = LINEAR | INVERSE | {InstrumentKind.OPTION}
_REFUSAL = "not covered by the portfolio book"


class PortfolioDocuments(Documents):
    """Documents whose positions are read without brackets."""

    def lookup(self, tables: Tables) -> PositionLookup:
        """Reads what values a pool of the venue."""
        return PooledLookup(VENUE, tables, _COVERED, _REFUSAL)


DOCUMENTS = PortfolioDocuments(
    venue=VENUE,
    formulas=CONVENTIONS,
    initial_margin=CONVENTIONS,
    liquidation=CONVENTIONS,
    procedure="The portfolio book knows no house's procedure: see what its documents say.",
    covered=_COVERED,
    refusal=_REFUSAL,
    rules="the portfolio book",
    modes=frozenset({AccountMode.PORTFOLIO}),
    has_isolated=False,
    needs_leverage=False,
    extra=ScenarioMargin(VENUE, CONVENTIONS),
)


class GenericPortfolio(MultiCurrency):
    """The portfolio book behind the interface that every venue has."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)
