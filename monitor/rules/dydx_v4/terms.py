"""What the tables say about a subaccount's positions: fractions of a market, the base unit, what funding is not settled.

maintenance margin = |notional| * initial fraction * maintenance fraction
initial margin     = |notional| * initial fraction, growing with open interest from its lower cap to 1 at its upper cap
unsettled funding  = -(index now - index of the position) * base quantums / 1e6, in quote quantums
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, symbol_of
from monitor.domain.market_margin import LiquidationTerms, MarketMargin
from monitor.domain.tables import Bracket, LeverageBrackets, TableKind
from monitor.rules.dydx_v4.documents import COVERED, QUANTUM, REFUSAL, VENUE
from monitor.rules.exact import exact, quotient
from monitor.rules.rulebook import Tables
from monitor.rules.terms import PositionLookup, PositionTerms

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Funding:
    """A position's funding: USDC for each unit of its market's funding index, and the index up to which it is settled."""

    driver: DriverKey
    per_index: Decimal
    settled: Decimal


class Lookup(PositionLookup):
    """Reads what values a subaccount."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(VENUE, tables, COVERED, REFUSAL)

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when a table is missing or its kind is not covered."""
        instrument = self.instrument(position.instrument)
        version = self.table(TableKind.MARKET_MARGIN, symbol_of(position.instrument))
        if instrument is None or version is None or not isinstance(version.table, MarketMargin):
            return None
        market = version.table
        with exact():
            quantity = position.size * instrument.contract_size
            rate = market.initial_margin_fraction * market.maintenance_fraction
        flat = Bracket(floor=Decimal(0), cap=None, maintenance_margin_rate=rate, deduction=Decimal(0))
        brackets = LeverageBrackets(brackets=(flat,))
        fraction = initial_fraction(market)
        return PositionTerms(position, instrument, brackets, version, quantity, initial_rate=fraction, is_flat=True)

    def market(self, terms: PositionTerms) -> MarketMargin:
        """The market of a position whose terms were found."""
        table = terms.brackets_version.table
        assert isinstance(table, MarketMargin)
        return table

    def liquidation_terms(self) -> LiquidationTerms | None:
        """How liquidations are priced; None where it is not told."""
        found = self.optional(TableKind.LIQUIDATION_TERMS, "all")
        return found.table if found is not None and isinstance(found.table, LiquidationTerms) else None


def initial_fraction(market: MarketMargin) -> Decimal:
    """The initial margin fraction at the market's open interest; a growing one to 40 digits."""
    base, interest, lower, upper = market.initial_margin_fraction, market.open_interest, market.lower_cap, market.upper_cap
    if interest is None or lower is None or upper is None or interest <= lower:
        return base
    if interest >= upper:
        return Decimal(1)
    with exact():
        return base + quotient((1 - base) * (interest - lower), upper - lower)


def fundings_of(pool: PoolHoldings, lookup: Lookup) -> tuple[Funding, ...]:
    """The funding of each position whose settled index is known; of the others all is settled."""
    found = []
    for terms in lookup.positions(pool):
        settled = terms.position.funding_index
        if settled is not None:
            driver = DriverKey(DriverKind.FUNDING_INDEX, terms.position.instrument)
            with exact():
                base_quantums = quotient(terms.quantity, lookup.market(terms).base_quantum)
                found.append(Funding(driver, -base_quantums * QUANTUM / _MILLION, settled))
    return tuple(found)
