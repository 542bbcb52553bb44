"""The parts of a pool's figures. For each figure in the currency they add up to it; the rest is named as such."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.exact import exact
from monitor.rules.part_text import bracket_formula, label, pnl_formula, table_text
from monitor.rules.positions import PositionValue
from monitor.rules.single_currency.bankruptcy import bankruptcy_price
from monitor.rules.single_currency.documents import Documents
from monitor.rules.single_currency.valuation import Valuation


def parts_of(valuation: Valuation, documents: Documents) -> tuple[Part, ...]:
    """Every part of the pool's figures, in canonical order."""
    pnl = sum_exact(value.unrealised_pnl for value in valuation.positions)
    source = documents.formulas
    parts = [
        Part(figure="collateral_value", name="wallet balance", amount=valuation.wallet, unit=valuation.coin, source=source),
        Part(
            figure="collateral_value",
            name="unrealised PnL",
            amount=pnl,
            unit=valuation.coin,
            formula="sum over positions of their value at mark - cost",
            source=source,
        ),
    ]
    for value in valuation.positions:
        parts += _pool_parts(value, documents, has_initial=valuation.figures.initial_margin is not None)
    for value in valuation.positions:
        parts += position_parts(value, documents)
    return (*parts, *_bankruptcy_parts(valuation, documents))


def _bankruptcy_parts(valuation: Valuation, documents: Documents) -> Iterator[Part]:
    """The price at which the collateral is used up, of each instrument that has one."""
    instruments = {value.terms.position.instrument: value.terms for value in valuation.positions}
    for name, terms in instruments.items():
        price = bankruptcy_price(valuation, name)
        if price is not None:
            yield Part(
                figure="bankruptcy_price",
                name=terms.symbol,
                amount=price,
                unit=terms.instrument.quote,
                formula="mark at which collateral_value is 0",
                source=documents.formulas,
            )


def sum_exact(amounts: Iterator[Decimal]) -> Decimal:
    """The sum without a rounding."""
    with exact():
        return sum(amounts, Decimal(0))


def _pool_parts(value: PositionValue, documents: Documents, *, has_initial: bool) -> Iterator[Part]:
    unit, name = value.terms.instrument.settle_asset, label(value.terms)
    yield Part(
        figure="maintenance_margin",
        name=name,
        amount=value.maintenance_margin,
        unit=unit,
        formula="notional × rate - deduction",
        source=documents.formulas,
        verified=value.terms.brackets_version.verified and not documents.unverified,
    )
    if has_initial and value.initial_margin is not None:
        yield Part(figure="initial_margin", name=name, amount=value.initial_margin, unit=unit, source=documents.initial_margin)


def position_parts(value: PositionValue, documents: Documents) -> Iterator[Part]:
    """What one position adds, in its coin, with the figures of its formula."""
    unit, name, terms = value.terms.instrument.settle_asset, label(value.terms), value.terms
    yield Part(
        figure="unrealised_pnl",
        name=name,
        amount=value.unrealised_pnl,
        unit=unit,
        formula=pnl_formula(value),
        source=documents.formulas,
    )
    if not terms.has_margin:
        return
    version = terms.brackets_version
    yield Part(
        figure="position_maintenance_margin",
        name=name,
        amount=value.maintenance_margin,
        unit=unit,
        formula=bracket_formula(value.notional, value.bracket),
        source=f"{documents.formulas}; {table_text(version)}",
        verified=version.verified and not documents.unverified,
    )
