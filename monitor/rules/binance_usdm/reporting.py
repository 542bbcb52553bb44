"""The report of a pool: every figure with the parts that it is made of, their unit, formula and source."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.report import PoolReport, PositionReport
from monitor.rules.binance_usdm.ladder import UNKNOWN, ladder_of
from monitor.rules.binance_usdm.liquidation import liquidation_prices
from monitor.rules.binance_usdm.parts import parts_of, position_parts
from monitor.rules.binance_usdm.positions import PositionValue, value_position
from monitor.rules.binance_usdm.terms import Lookup, mark_driver
from monitor.rules.binance_usdm.valuation import Valuation, figures_of, value_pool
from monitor.rules.exact import quotient
from monitor.rules.liquidation import LiquidationPrice
from monitor.rules.pool_report import known_report, shown, unknown_report
from monitor.rules.rulebook import Missing, Prices, Tables


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices)
    if isinstance(valuation, Missing):
        return _unknown_report(pool, tables, prices, valuation)
    return _known_report(valuation, prices)


def _known_report(valuation: Valuation, prices: Prices) -> PoolReport:
    solved = liquidation_prices(valuation)
    positions = tuple(_position_report(value, solved[value.terms.position.instrument]) for value in valuation.positions)
    figures = replace(figures_of(valuation), parts=parts_of(valuation))
    unverified = () if valuation.verified else ("a table is not verified",)
    return known_report(valuation.pool, figures, positions, ladder_of(figures), unverified, prices)


def _unknown_report(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing) -> PoolReport:
    """Without the pool's figures, those of single positions are still told where they can be had."""
    reason = "; ".join(missing.reasons)
    reports = []
    parts = []
    for position in pool.positions:
        found = _value_alone(position, tables, prices)
        if isinstance(found, Missing):
            reports.append(_unvalued_position(position, "; ".join(found.reasons)))
        else:
            reports.append(_position_report(found, LiquidationPrice(None, f"pool unknown: {reason}")))
            parts += position_parts(found)
    return unknown_report(pool, missing, tuple(reports), UNKNOWN, parts)


def _value_alone(position: Position, tables: Tables, prices: Prices) -> PositionValue | Missing:
    lookup = Lookup(tables)
    terms = lookup.position(position)
    mark_price = lookup.price(mark_driver(position.instrument), prices)
    if terms is None or mark_price is None:
        return Missing(lookup.reasons)
    return value_position(terms, mark_price)


def _position_report(value: PositionValue, solved: LiquidationPrice) -> PositionReport:
    position = value.terms.position
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        entry_price=_entry_price(position.cost, value.terms.quantity),
        mark_price=value.mark_price,
        notional=value.notional,
        unrealised_pnl=value.unrealised_pnl,
        initial_margin=value.initial_margin,
        maintenance_margin=value.maintenance_margin,
        maintenance_margin_rate=value.bracket.maintenance_margin_rate,
        leverage=position.leverage,
        liquidation_price=solved.price,
        liquidation_price_reason=solved.reason,
        reason=None if value.initial_margin is not None else f"leverage of {position.instrument} not known",
    )


def _unvalued_position(position: Position, reason: str) -> PositionReport:
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        leverage=position.leverage,
        liquidation_price_reason=reason,
        reason=reason,
    )


def _entry_price(cost: Decimal, quantity: Decimal) -> Decimal:
    return shown(quotient(cost, quantity))


def _side(position: Position) -> str:
    return "long" if position.size > 0 else "short"
