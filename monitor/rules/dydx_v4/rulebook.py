"""The rulebook of dYdX v4."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.report import Part, PoolReport
from monitor.rules.backing import in_order
from monitor.rules.dydx_v4.documents import FUNDING, QUANTUM
from monitor.rules.dydx_v4.form import DOCUMENTS
from monitor.rules.dydx_v4.funding import missing_indices, unsettled, with_funding
from monitor.rules.dydx_v4.parts import liquidation_parts, subaccount_of, venue_figures
from monitor.rules.dydx_v4.terms import Lookup, fundings_of
from monitor.rules.exact import exact
from monitor.rules.pool_report import known_report, position_report
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.schedules import table_schedules
from monitor.rules.single_currency import SingleCurrency
from monitor.rules.single_currency.ladder import ladder_of
from monitor.rules.single_currency.parts import parts_of
from monitor.rules.single_currency.reporting import report_unknown
from monitor.rules.single_currency.tape import compile_tape
from monitor.rules.single_currency.valuation import Valuation, value_pool
from monitor.rules.solve import liquidation_prices
from monitor.rules.tape import Tape

# Notional, initial margin and the two steps of maintenance margin are each rounded by less than a quantum.
_STEPS = 3


class DydxV4(SingleCurrency):
    """Subaccounts of dYdX v4 behind the interface that every venue has; an isolated market's is an account of its own."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of a subaccount in order of their ids."""
        pools = super().pools(account, tables)
        isolated = any(position.isolated_wallet is not None for position in account.positions)
        reason = "positions in isolated markets have a subaccount, and are told as an account, of their own"
        return in_order(pools, reason) if isolated else pools

    def compile(self, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
        """The subaccount's tape, or what is missing."""
        tape = compile_tape(pool, tables, DOCUMENTS)
        if isinstance(tape, Missing):
            return tape
        with exact():
            rounding = _STEPS * len(pool.positions) * QUANTUM
        return with_funding(tape, fundings_of(pool, Lookup(tables)), rounding)

    def figures(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolFigures | Missing:
        """C, M, I and A of the subaccount, exact, or what is missing."""
        found = self._value(pool, tables, prices)
        return found if isinstance(found, Missing) else found[0].figures

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the subaccount; level and top-up are the caller's."""
        found = self._value(pool, tables, prices)
        if isinstance(found, Missing):
            return report_unknown(pool, tables, prices, found, DOCUMENTS)
        valuation, funding = found
        lookup = Lookup(tables)
        solved = liquidation_prices(pool, self.compile(pool, tables), tables, prices, table_schedules)
        positions = tuple(position_report(value, solved[value.terms.position.instrument]) for value in valuation.positions)
        subaccount, holdings = subaccount_of(valuation, funding, lookup)
        parts = (
            *parts_of(valuation, DOCUMENTS),
            *_funding_parts(funding),
            *liquidation_parts(valuation, subaccount, holdings, lookup.liquidation_terms()),
        )
        figures = replace(valuation.figures, parts=parts)
        unverified = () if valuation.verified else ("a table is not verified",)
        ladder = ladder_of(figures, DOCUMENTS, venue_figures(subaccount))
        return known_report(pool, figures, positions, ladder, unverified, prices)

    def _value(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> tuple[Valuation, Decimal] | Missing:
        """The subaccount valued with its unsettled funding, and that funding."""
        valuation = value_pool(pool, tables, prices, DOCUMENTS)
        fundings = fundings_of(pool, Lookup(tables))
        missing = missing_indices(fundings, prices)
        if isinstance(valuation, Missing):
            return Missing((*valuation.reasons, *missing))
        if missing:
            return Missing(missing)
        funding = unsettled(fundings, prices)
        with exact():
            collateral = valuation.figures.collateral_value + funding
        return replace(valuation, figures=replace(valuation.figures, collateral_value=collateral)), funding


def _funding_parts(funding: Decimal) -> tuple[Part, ...]:
    if not funding:
        return ()
    formula = "-(index now - index of the position) × base quantums / 1e6"
    return (
        Part(
            figure="collateral_value",
            name="unsettled funding",
            amount=funding,
            unit="USDC",
            formula=formula,
            source=FUNDING,
        ),
    )
