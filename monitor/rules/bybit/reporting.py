"""The report of a pool: every figure with the parts that it is made of, their unit, formula and source."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.report import PoolReport, PositionReport
from monitor.rules.bybit.ladder import ladder_of, unknown_ladder
from monitor.rules.bybit.liquidation import liquidation_prices
from monitor.rules.bybit.parts import parts_of, surveyed_parts
from monitor.rules.bybit.positions import PositionValue
from monitor.rules.bybit.printed import venue_figures
from monitor.rules.bybit.terms import Lookup
from monitor.rules.bybit.valuation import Valuation, figures_of, survey, value_pool
from monitor.rules.exact import quotient
from monitor.rules.liquidation import LiquidationPrice
from monitor.rules.pool_report import known_report, shown, unknown_report
from monitor.rules.rulebook import Missing, Prices, Tables


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices)
    if isinstance(valuation, Missing):
        return _unknown_report(pool, tables, prices, valuation)
    return _known_report(valuation, tables, prices)


def _known_report(valuation: Valuation, tables: Tables, prices: Prices) -> PoolReport:
    solved = liquidation_prices(valuation, tables)
    positions = tuple(_position_report(value, solved[value.terms.position.instrument]) for value in valuation.survey.positions)
    figures = replace(figures_of(valuation), parts=parts_of(valuation))
    printed = {} if valuation.is_isolated else venue_figures(valuation)
    ladder = replace(ladder_of(figures, is_isolated=valuation.is_isolated), venue_figures=printed)
    return known_report(valuation.pool, figures, positions, ladder, valuation.survey.unverified, prices)


def _unknown_report(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing) -> PoolReport:
    """Without the pool's figures, those of single coins and positions are still told where they can be had."""
    reason = "; ".join(missing.reasons)
    found = survey(pool, tables, prices)
    valued = {id(value.terms.position): value for value in found.positions}
    positions = tuple(
        _position_report(valued[id(position)], LiquidationPrice(None, f"pool unknown: {reason}"))
        if id(position) in valued
        else _unvalued_position(position, tables, reason)
        for position in pool.positions
    )
    ladder = unknown_ladder(is_isolated=pool.kind is PoolKind.ISOLATED)
    report = unknown_report(pool, missing, positions, ladder, surveyed_parts(found))
    return replace(report, collateral_value=found.collateral_value)


def _position_report(value: PositionValue, solved: LiquidationPrice) -> PositionReport:
    position = value.terms.position
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        entry_price=shown(quotient(position.cost, value.terms.quantity)),
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


def _unvalued_position(position: Position, tables: Tables, pool_reason: str) -> PositionReport:
    lookup = Lookup(tables)
    lookup.position(position)
    reason = "; ".join(lookup.reasons) or pool_reason
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        leverage=position.leverage,
        liquidation_price_reason=reason,
        reason=reason,
    )


def _side(position: Position) -> str:
    return "long" if position.size > 0 else "short"
