"""The report of a pool: every figure with the parts that it is made of, their unit, formula and source."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.domain.errors import InvariantBroken
from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.report import Part, PoolReport, PositionReport
from monitor.rules.coin_margined.documents import Documents
from monitor.rules.coin_margined.ladder import ladder_of, unknown_ladder
from monitor.rules.coin_margined.liquidation import liquidation_prices
from monitor.rules.coin_margined.parts import parts_of, position_parts
from monitor.rules.coin_margined.tape import compile_tape
from monitor.rules.coin_margined.terms import Lookup, mark_driver
from monitor.rules.coin_margined.valuation import PositionValue, Valuation, entry_price, value_pool, value_position
from monitor.rules.exact import exact, reciprocal
from monitor.rules.liquidation import LiquidationPrice
from monitor.rules.pool_report import known_report, unknown_report
from monitor.rules.rulebook import Missing, Prices, Tables


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices, documents: Documents) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices, documents.trigger)
    if isinstance(valuation, Missing):
        return _unknown_report(pool, tables, prices, valuation, documents)
    tape = compile_tape(pool, tables, documents)
    if isinstance(tape, Missing):
        raise InvariantBroken(f"{pool.pool} has figures and no tape: {tape.reasons}")
    return _known_report(valuation, liquidation_prices(valuation, tape), prices, documents)


def _known_report(
    valuation: Valuation, solved: dict[str, LiquidationPrice], prices: Prices, documents: Documents
) -> PoolReport:
    positions = tuple(_position_report(value, solved[value.terms.position.instrument]) for value in valuation.positions)
    figures = replace(valuation.figures, parts=parts_of(valuation, documents))
    unverified = (*documents.unverified, *(() if valuation.verified else ("a table is not verified",)))
    return known_report(valuation.pool, figures, positions, ladder_of(figures, documents), unverified, prices)


def _unknown_report(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing, documents: Documents) -> PoolReport:
    """Without the pool's figures, those of single positions are still told where they can be had."""
    reason = LiquidationPrice(None, f"pool unknown: {'; '.join(missing.reasons)}")
    reports = []
    parts: list[Part] = []
    for position in pool.positions:
        lookup = Lookup(position.instrument, tables)
        terms = lookup.position(position)
        mark_price = lookup.price(mark_driver(position.instrument), prices)
        if terms is None or mark_price is None:
            reports.append(_unvalued_position(position, lookup, mark_price))
            continue
        value = value_position(terms, mark_price)
        reports.append(_position_report(value, reason))
        parts += position_parts(value, documents)
    return unknown_report(pool, missing, tuple(reports), unknown_ladder(documents), parts)


def _position_report(value: PositionValue, solved: LiquidationPrice) -> PositionReport:
    position = value.terms.position
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        entry_price=value.entry_price,
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


def _unvalued_position(position: Position, lookup: Lookup, mark_price: Decimal | None) -> PositionReport:
    """Notional and profit need no brackets: they are told where contract and mark are known."""
    reason = "; ".join(lookup.reasons)
    report = PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        leverage=position.leverage,
        liquidation_price_reason=reason,
        reason=reason,
    )
    instrument = lookup.instrument(position)
    if instrument is None or mark_price is None:
        return report
    with exact():
        quantity = position.size * instrument.contract_size
        exposure = quantity * reciprocal(mark_price)
        return replace(
            report,
            entry_price=entry_price(quantity, position.cost),
            mark_price=mark_price,
            notional=abs(exposure),
            unrealised_pnl=-exposure - position.cost,
        )


def _side(position: Position) -> str:
    return "long" if position.size > 0 else "short"
