"""Parts of a report in the chain's integers, and what liquidations would do, each with its formula."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from monitor.domain.holdings import PoolHoldings
from monitor.domain.market_margin import LiquidationTerms
from monitor.domain.report import Part
from monitor.rules.dydx_v4.documents import CHAIN, QUANTUM
from monitor.rules.dydx_v4.integers import Holding, Subaccount
from monitor.rules.dydx_v4.terms import Lookup
from monitor.rules.exact import exact, quotient, shown
from monitor.rules.part_text import label
from monitor.rules.positions import PositionValue
from monitor.rules.single_currency.valuation import Valuation

_UNIT = "quote quantums"


def subaccount_of(valuation: Valuation, unsettled: Decimal, lookup: Lookup) -> tuple[Subaccount, dict[str, Holding]]:
    """The subaccount as the chain sees it, and its holdings by instrument."""
    holdings = {
        value.terms.position.instrument: Holding(value.terms.quantity, value.mark_price, lookup.market(value.terms))
        for value in valuation.positions
    }
    with exact():
        # Cost is what was paid out of the balance; the chain counts it there.
        quote = valuation.wallet + unsettled - sum((value.terms.position.cost for value in valuation.positions), Decimal(0))
    return Subaccount(int(Fraction(quote) / Fraction(QUANTUM) // 1), tuple(holdings.values())), holdings


def venue_figures(subaccount: Subaccount) -> dict[str, Decimal]:
    """The chain's own figures in quote quantums, and the indexer's two in USDC."""
    with exact():
        equity = subaccount.net_collateral * QUANTUM
        free = equity - subaccount.initial_margin * QUANTUM
    return {
        "NC": Decimal(subaccount.net_collateral),
        "IMR": Decimal(subaccount.initial_margin),
        "MMR": Decimal(subaccount.maintenance_margin),
        "equity": equity,
        "freeCollateral": free,
    }


def liquidation_parts(
    valuation: Valuation, subaccount: Subaccount, holdings: dict[str, Holding], terms: LiquidationTerms | None
) -> Iterator[Part]:
    """Of each position its notional as the chain cuts it, bankruptcy and fillable price; of reduce-only orders what is left."""
    for value in valuation.positions:
        holding, name = holdings[value.terms.position.instrument], label(value.terms)
        yield _part("net_notional", name, Decimal(holding.net_notional()), _UNIT, "size × oracle price, cut towards 0")
        worth = subaccount.bankruptcy_quantums(holding, holding.size.copy_negate())
        if worth is not None:
            yield from _bankruptcy_parts(value, worth, subaccount)
        fillable = None if terms is None else subaccount.fillable_price(holding, terms)
        if fillable is not None:
            formula = "(PNNV - ABR × SMMR × PMMR) / PS"
            yield _part("fillable_price", name, _decimal(fillable), value.terms.instrument.quote, formula)
    yield from _order_parts(valuation.pool, subaccount, holdings, terms)


def _bankruptcy_parts(value: PositionValue, worth: int, subaccount: Subaccount) -> Iterator[Part]:
    name, terms = label(value.terms), value.terms
    formula = "-DNNV - floor(TNC × |DMMR| / TMMR)"
    yield _part("bankruptcy_quantums", name, Decimal(worth), _UNIT, formula)
    with exact():
        price = quotient(worth * QUANTUM, terms.quantity)
        result = worth * QUANTUM - terms.position.cost
    yield _part("bankruptcy_price", name, shown(price), terms.instrument.quote, f"({formula}) / size")
    if subaccount.net_collateral < 0:
        # Deleveraged there, the other side gains what this one loses.
        yield _part("deleverage_profit", name, result.copy_negate(), "USDC", "cost - worth at the bankruptcy price")


def _order_parts(
    pool: PoolHoldings, subaccount: Subaccount, holdings: dict[str, Holding], terms: LiquidationTerms | None
) -> Iterator[Part]:
    """What closing as much as a reduce-only order would do in a liquidation."""
    for order in pool.orders:
        holding = holdings.get(order.instrument)
        if holding is None or not order.reduce_only or (order.size > 0) == (holding.size > 0):
            continue
        name = f"close {abs(order.size):f} of {order.instrument.partition(':')[2]}"
        worth = subaccount.bankruptcy_quantums(holding, order.size)
        if worth is not None:
            yield _part("bankruptcy_quantums", name, Decimal(worth), _UNIT, "-DNNV - floor(TNC × |DMMR| / TMMR)")
        if terms is not None and order.limit_price is not None:
            left = subaccount.insurance_quantums(holding, order.size, order.limit_price, terms)
            if left is not None:
                formula = "min(largest fee, fill - bankruptcy)"
                yield _part("insurance_fund_delta", name, Decimal(left), _UNIT, formula)


def _decimal(value: Fraction) -> Decimal:
    return shown(quotient(Decimal(value.numerator), Decimal(value.denominator)))


def _part(figure: str, name: str, amount: Decimal, unit: str, formula: str) -> Part:
    return Part(figure=figure, name=name, amount=amount, unit=unit, formula=formula, source=CHAIN)
