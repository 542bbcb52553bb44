"""The parts of a pool's figures. For each figure in the margin currency they add up to it; the rest is named as such."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.exact import exact, text
from monitor.rules.multi_currency.coins import CoinValue
from monitor.rules.multi_currency.documents import OTHER_MAINTENANCE, Documents
from monitor.rules.multi_currency.valuation import Valuation
from monitor.rules.single_currency.parts import position_parts


def parts_of(valuation: Valuation, documents: Documents) -> tuple[Part, ...]:
    """Every part of the pool's figures, in canonical order."""
    has_initial, given = valuation.figures.initial_margin is not None, valuation.pool.venue_given
    parts = [
        _part(figure, name, amount, "USD", formula, documents)
        for coin in valuation.coins
        for figure, name, amount, formula in _coin_figures(coin)
        if amount and (figure != "initial_margin" or has_initial)
    ]
    parts += [
        _part("collateral_value", name, given[name].copy_negate(), "USD", "given with the account", documents)
        for name in documents.owed
        if name in given
    ]
    if OTHER_MAINTENANCE in given:
        amount = given[OTHER_MAINTENANCE]
        name = "positions that are not told"
        parts.append(_part("maintenance_margin", name, amount, "USD", "given with the account", documents))
    for coin in valuation.coins:
        parts += [_part(*figure, documents) for figure in _figures_in_coin(coin) if figure[2]]
    return (
        *parts,
        *valuation.extra.parts,
        *(part for value in valuation.positions for part in position_parts(value, documents)),
    )


def _coin_figures(coin: CoinValue) -> Iterator[tuple[str, str, Decimal, str]]:
    """Figure, name, amount in USD and formula of what one coin adds to the pool's figures."""
    with exact():
        amounts = (
            coin.position_maintenance * coin.index,
            coin.borrow_maintenance * coin.index,
            coin.position_initial * coin.index,
            coin.borrow_initial * coin.index,
        )
    formula = f"what counts of {text(coin.equity)} × index {text(coin.index)}"
    yield "collateral_value", f"equity in {coin.coin}", coin.collateral_value, formula
    yield "maintenance_margin", f"positions in {coin.coin}", amounts[0], "sum over positions × index"
    yield "maintenance_margin", f"borrowed in {coin.coin}", amounts[1], "slices × rates × index"
    yield "initial_margin", f"positions in {coin.coin}", amounts[2], "notional / leverage × index"
    yield "initial_margin", f"borrowed in {coin.coin}", amounts[3], "slices × rates × index"


def _figures_in_coin(coin: CoinValue) -> Iterator[tuple[str, str, Decimal, str, str]]:
    """The same in the coin, as venues print them."""
    with exact():
        value = coin.equity * coin.index
    yield "equity", coin.coin, coin.equity, coin.coin, "balance + unrealised PnL"
    yield "equity_value", coin.coin, value, "USD", "equity × index, before collateral tiers"
    yield "borrow_maintenance_margin", coin.coin, coin.borrow_maintenance, coin.coin, "slices × rates"
    yield "borrow_initial_margin", coin.coin, coin.borrow_initial, coin.coin, "slices × rates"


def _part(figure: str, name: str, amount: Decimal, unit: str, formula: str, documents: Documents) -> Part:
    verified = not documents.unverified
    return Part(
        figure=figure, name=name, amount=amount, unit=unit, formula=formula, source=documents.formulas, verified=verified
    )
