"""The account's figures under the venue's own names, and cut off as the venue prints them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.bybit import documents
from monitor.rules.bybit.valuation import Valuation
from monitor.rules.exact import exact, quotient, truncated

_PREFIX = "printed_"


def printed_parts(valuation: Valuation) -> Iterator[Part]:
    """Totals in USD behind 8 decimals, rates behind 4, each cut off; what is not known is left out."""
    collateral, maintenance, initial = (
        valuation.collateral_value,
        valuation.maintenance_margin,
        valuation.initial_margin,
    )
    # Totals of margins are as good as the margins in them.
    verified = not valuation.survey.unverified
    with exact():
        available = None if initial is None else collateral - initial
    totals = (
        ("totalEquity", _total_equity(valuation), "sum over coins of equity × index, no haircut", True),
        ("totalMarginBalance", collateral, "collateral_value", True),
        ("totalMaintenanceMargin", maintenance, "maintenance_margin", verified),
        ("totalInitialMargin", initial, "initial_margin", verified),
        ("totalAvailableBalance", available, "collateral_value - initial_margin", verified),
    )
    for name, amount, formula, is_verified in totals:
        if amount is not None:
            yield _printed(name, truncated(amount, documents.AMOUNT_DECIMALS), "USD", formula, is_verified)
    if collateral > 0:
        for name, margin in (("accountMMRate", maintenance), ("accountIMRate", initial)):
            if margin is not None:
                rate = truncated(quotient(margin, collateral), documents.RATE_DECIMALS)
                yield _printed(name, rate, "ratio", "margin / collateral_value", verified)


def venue_figures(valuation: Valuation) -> dict[str, Decimal]:
    """The same figures by the venue's names alone."""
    return {part.figure.removeprefix(_PREFIX): part.amount for part in printed_parts(valuation)}


def _total_equity(valuation: Valuation) -> Decimal | None:
    """Equity of all coins in USD without any haircut, None while an index is not known."""
    total = Decimal(0)
    with exact():
        for coin in valuation.survey.coins:
            if coin.index is None and coin.equity != 0:
                return None
            total += coin.equity * coin.rate
    return total


def _printed(name: str, amount: Decimal, unit: str, formula: str, verified: bool) -> Part:
    return Part(
        figure=f"{_PREFIX}{name}",
        name="pool",
        amount=amount,
        unit=unit,
        formula=formula,
        source=documents.WALLET,
        verified=verified,
    )
