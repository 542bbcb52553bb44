"""The parts of a pool's figures. For each figure in the margin currency they add up to it; the rest is named as such."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.exact import exact, text
from monitor.rules.generic.documents import CONVENTIONS, ONE_CURRENCY, OTHER_MAINTENANCE
from monitor.rules.generic.valuation import CoinValue, Valuation
from monitor.rules.single_currency.parts import position_parts


def parts_of(valuation: Valuation) -> tuple[Part, ...]:
    """Every part of the pool's figures, in canonical order."""
    unit = valuation.figures.margin_currency
    parts = [part for coin in valuation.coins for part in _coin_parts(valuation, coin, unit)]
    other = valuation.pool.venue_given.get(OTHER_MAINTENANCE)
    if other is not None:
        parts.append(_part("maintenance_margin", "positions that are not told", other, unit, "given with the account"))
    return (*parts, *(part for value in valuation.positions for part in position_parts(value, ONE_CURRENCY)))


def _coin_parts(valuation: Valuation, coin: CoinValue, unit: str) -> Iterator[Part]:
    with exact():
        figures = (
            (
                "collateral_value",
                "equity",
                coin.counted * coin.index,
                f"counted {text(coin.counted)} of {text(coin.equity)} × index",
            ),
            ("maintenance_margin", "positions", coin.position_maintenance * coin.index, "sum over positions × index"),
            ("maintenance_margin", "borrowed", coin.borrow_maintenance * coin.index, "slices × rates × index"),
            ("initial_margin", "positions", coin.position_initial * coin.index, "notional / leverage × index"),
            ("initial_margin", "borrowed", coin.borrow_initial * coin.index, "slices × rates × index"),
        )
    for figure, what, amount, formula in figures:
        if amount and (figure != "initial_margin" or valuation.figures.initial_margin is not None):
            yield _part(figure, f"{what} in {coin.coin}", amount, unit, formula)


def _part(figure: str, name: str, amount: Decimal, unit: str, formula: str) -> Part:
    return Part(figure=figure, name=name, amount=amount, unit=unit, formula=formula, source=CONVENTIONS)
