"""The parts of a pool's figures. For each figure in the coin they add up to it; the rest is named as such."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.binance_coinm import documents
from monitor.rules.binance_coinm.valuation import PositionValue, Valuation
from monitor.rules.exact import exact


def parts_of(valuation: Valuation) -> tuple[Part, ...]:
    """Every part of the pool's figures, in canonical order."""
    pnl_formula = "sum over positions of quantity × (1 / entry - 1 / mark)"
    pnl = sum_exact(value.unrealised_pnl for value in valuation.positions)
    source = documents.LIQUIDATION_PRICE
    parts = [
        Part(figure="collateral_value", name="wallet balance", amount=valuation.wallet, unit=valuation.coin, source=source),
        Part(
            figure="collateral_value",
            name="unrealised PnL",
            amount=pnl,
            unit=valuation.coin,
            formula=pnl_formula,
            source=source,
        ),
    ]
    for value in valuation.positions:
        parts += _pool_parts(value, has_initial=valuation.figures.initial_margin is not None)
    for value in valuation.positions:
        parts += position_parts(value)
    return tuple(parts)


def sum_exact(amounts: Iterator[Decimal]) -> Decimal:
    """The sum without a rounding."""
    with exact():
        return sum(amounts, Decimal(0))


def _pool_parts(value: PositionValue, *, has_initial: bool) -> Iterator[Part]:
    unit, name = value.terms.instrument.settle_asset, _label(value)
    yield Part(
        figure="maintenance_margin",
        name=name,
        amount=value.maintenance_margin,
        unit=unit,
        formula="notional × rate - deduction",
        source=documents.LIQUIDATION_PRICE,
        verified=value.terms.brackets_version.verified,
    )
    if has_initial and value.initial_margin is not None:
        yield Part(figure="initial_margin", name=name, amount=value.initial_margin, unit=unit, source=documents.POSITION)


def position_parts(value: PositionValue) -> Iterator[Part]:
    """What one position adds, in its coin, with the figures of its formula."""
    unit, name, terms = value.terms.instrument.settle_asset, _label(value), value.terms
    yield Part(
        figure="unrealised_pnl",
        name=name,
        amount=value.unrealised_pnl,
        unit=unit,
        formula=_pnl_formula(value),
        source=documents.LIQUIDATION_PRICE,
    )
    version = terms.brackets_version
    table = f"{version.version} ({version.source})" if version.source else version.version
    yield Part(
        figure="position_maintenance_margin",
        name=name,
        amount=value.maintenance_margin,
        unit=unit,
        formula=f"{_text(value.notional)} × {_text(value.bracket.maintenance_margin_rate)} - {_text(value.bracket.deduction)}",
        source=f"{documents.LIQUIDATION_PRICE}; table {table}",
        verified=version.verified,
    )


def _pnl_formula(value: PositionValue) -> str:
    quantity, entry, mark = _text(value.terms.quantity), value.entry_price, _text(value.mark_price)
    return f"-{quantity} / {mark}" if entry is None else f"{quantity} × (1 / {_text(entry)} - 1 / {mark})"


def _label(value: PositionValue) -> str:
    """`SYMBOL side`, unique in a pool also in hedge mode."""
    return f"{value.terms.symbol} {'long' if value.terms.quantity > 0 else 'short'}"


def _text(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros."""
    with exact():
        return f"{value.normalize():f}"
