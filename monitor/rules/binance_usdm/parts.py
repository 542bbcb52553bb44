"""The parts of a pool's figures. For each figure in the margin currency they add up to it; the rest is named as such."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.binance_usdm import documents
from monitor.rules.binance_usdm.auto_exchange import auto_exchange_parts
from monitor.rules.binance_usdm.valuation import AssetValue, Valuation
from monitor.rules.exact import exact, quotient, text, truncated
from monitor.rules.part_text import bracket_formula, label, table_text
from monitor.rules.positions import PositionValue


def parts_of(valuation: Valuation) -> tuple[Part, ...]:
    """Every part of the pool's figures, in canonical order."""
    parts: list[Part] = []
    for asset in valuation.assets:
        parts += _multi_assets_parts(asset) if valuation.converts else _single_asset_parts(valuation, asset)
    for value in valuation.positions:
        parts += position_parts(value)
    if valuation.converts:
        parts += _available_parts(valuation)
        parts += auto_exchange_parts(valuation)
    return (*parts, *_printed_parts(valuation))


def position_parts(value: PositionValue) -> list[Part]:
    """What one position adds, in its settle asset, with the figures of its formula."""
    unit = value.terms.instrument.settle_asset
    name = label(value.terms)
    entry = value.terms.position
    parts = [
        Part(
            figure="unrealised_pnl",
            name=name,
            amount=value.unrealised_pnl,
            unit=unit,
            formula=f"{text(entry.size)} × {text(value.mark_price)} - {text(entry.cost)}",
            source=documents.LIQUIDATION_PRICE,
        ),
        Part(
            figure="position_maintenance_margin",
            name=name,
            amount=value.maintenance_margin,
            unit=unit,
            formula=bracket_formula(value.notional, value.bracket),
            source=f"{documents.BRACKETS}; {table_text(value.terms.brackets_version)}",
            verified=value.terms.brackets_version.verified,
        ),
    ]
    if value.initial_margin is not None and entry.leverage is not None:
        parts.append(
            Part(
                figure="position_initial_margin",
                name=name,
                amount=value.initial_margin,
                unit=unit,
                formula=f"{text(value.notional)} / {text(entry.leverage)}",
                source=documents.POSITION,
            )
        )
    return parts


def _single_asset_parts(valuation: Valuation, asset: AssetValue) -> Iterator[Part]:
    unit = asset.asset
    source = documents.LIQUIDATION_PRICE
    yield Part(figure="collateral_value", name="wallet balance", amount=asset.wallet, unit=unit, source=source)
    yield Part(
        figure="collateral_value",
        name="unrealised PnL",
        amount=asset.unrealised_pnl,
        unit=unit,
        formula="sum over positions of size × mark - cost",
        source=source,
    )
    for value in valuation.positions:
        yield Part(
            figure="maintenance_margin",
            name=label(value.terms),
            amount=value.maintenance_margin,
            unit=unit,
            formula="notional × rate - deduction",
            source=documents.BRACKETS,
            verified=value.terms.brackets_version.verified,
        )
    yield from _initial_parts(asset, unit)


def _multi_assets_parts(asset: AssetValue) -> Iterator[Part]:
    rates = asset.rates
    side, rate = ("bid", rates.bid) if asset.equity >= 0 else ("ask", rates.ask)
    with exact():
        margin = asset.maintenance_margin * rates.ask
    yield Part(
        figure="collateral_value",
        name=asset.asset,
        amount=asset.collateral_value,
        unit="USD",
        formula=f"({text(asset.wallet)} + {text(asset.unrealised_pnl)}) × {side} {text(rate)}",
        source=documents.MULTI_ASSETS,
    )
    yield Part(
        figure="maintenance_margin",
        name=asset.asset,
        amount=margin,
        unit="USD",
        formula=f"{text(asset.maintenance_margin)} × ask {text(rates.ask)}",
        source=documents.MULTI_ASSETS,
    )
    yield from _initial_parts(asset, "USD")


def _initial_parts(asset: AssetValue, unit: str) -> Iterator[Part]:
    """Initial margin of an asset; what open orders hold back is told apart, since no document confirms it."""
    if asset.initial_margin is None:
        return
    with exact():
        orders = asset.order_margin * asset.rates.ask
        positions = asset.initial_margin * asset.rates.ask - orders
    name = f"positions in {asset.asset}"
    yield Part(figure="initial_margin", name=name, amount=positions, unit=unit, source=documents.POSITION)
    if orders != 0:
        name = f"open orders in {asset.asset}"
        yield Part(figure="initial_margin", name=name, amount=orders, unit=unit, source=documents.ORDERS, verified=False)


def _available_parts(valuation: Valuation) -> Iterator[Part]:
    """What can be ordered in multi-assets mode: equity less initial margin, and the same in each asset at its ask rate."""
    if valuation.initial_margin is None:
        return
    with exact():
        available = valuation.collateral_value - valuation.initial_margin
    yield Part(
        figure="available_for_order",
        name="account",
        amount=available,
        unit="USD",
        formula="collateral_value - initial_margin",
        source=documents.MULTI_ASSETS,
    )
    for asset in valuation.assets:
        yield Part(
            figure="available_for_order",
            name=asset.asset,
            amount=quotient(available, asset.rates.ask),
            unit=asset.asset,
            formula=f"{text(available)} / ask {text(asset.rates.ask)}",
            source=documents.MULTI_ASSETS,
        )


def _printed_parts(valuation: Valuation) -> Iterator[Part]:
    """The same figures as the venue would print them: 8 decimals, cut off."""
    figures: list[tuple[str, str, Decimal | None]] = [
        ("maintenance_margin", "pool", valuation.maintenance_margin),
        ("initial_margin", "pool", valuation.initial_margin),
    ]
    for value in valuation.positions:
        figures += [
            ("position_maintenance_margin", label(value.terms), value.maintenance_margin),
            ("position_initial_margin", label(value.terms), value.initial_margin),
        ]
    for figure, name, amount in figures:
        if amount is not None:
            yield Part(
                figure=f"printed_{figure}",
                name=name,
                amount=truncated(amount, documents.PRINTED_DECIMALS),
                unit=valuation.margin_currency if name == "pool" else "settle asset",
                formula=f"cut off behind {documents.PRINTED_DECIMALS} decimals",
                source=documents.POSITION,
            )
