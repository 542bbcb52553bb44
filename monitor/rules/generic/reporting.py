"""The report of a pool: every figure with the parts that it is made of, positions with their liquidation prices."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.domain.errors import InvariantBroken
from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.ids import DriverKey
from monitor.domain.report import Part, PoolReport, PositionReport
from monitor.rules.exact import quotient
from monitor.rules.generic.ladder import UNKNOWN, ladder_of
from monitor.rules.generic.parts import parts_of, position_parts
from monitor.rules.generic.schedules import schedules_of
from monitor.rules.generic.tape import compile_tape
from monitor.rules.generic.terms import Lookup
from monitor.rules.generic.valuation import PositionValue, Valuation, value_pool, value_position
from monitor.rules.liquidation import LiquidationPrice
from monitor.rules.pool_report import known_report, shown, unknown_report
from monitor.rules.rulebook import Missing, Prices, Tables
from monitor.rules.solve import solve
from monitor.rules.tape import Tape


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices)
    if isinstance(valuation, Missing):
        return _unknown_report(pool, tables, prices, valuation)
    tape = compile_tape(pool, tables)
    if isinstance(tape, Missing):
        raise InvariantBroken(f"{pool.pool} has figures and no tape: {tape.reasons}")
    solved = _liquidation_prices(valuation, tape, tables, prices)
    positions = tuple(_position_report(value, solved[value.terms.position.instrument]) for value in valuation.positions)
    figures = replace(valuation.figures, parts=parts_of(valuation))
    unverified = () if valuation.verified else ("a table is not verified",)
    return known_report(pool, figures, positions, ladder_of(figures), unverified, prices)


def _liquidation_prices(valuation: Valuation, tape: Tape, tables: Tables, prices: Prices) -> dict[str, LiquidationPrice]:
    schedules = schedules_of(valuation, tables)

    def known(driver: DriverKey) -> Decimal:
        price = prices(driver)
        if price is None:
            raise InvariantBroken(f"{valuation.pool.pool} has figures without a price of {driver}")
        return price

    marks = dict.fromkeys(value.terms.mark for value in valuation.positions)
    return {mark.subject: solve(tape, schedules.__getitem__, known, mark) for mark in marks}


def _unknown_report(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing) -> PoolReport:
    """Without the pool's figures, those of single positions are still told where they can be had."""
    unsolved = LiquidationPrice(None, f"pool unknown: {'; '.join(missing.reasons)}")
    reports: list[PositionReport] = []
    parts: list[Part] = []
    for position in pool.positions:
        lookup = Lookup(tables)
        terms = lookup.position(position)
        mark_price = None if terms is None else lookup.price(terms.mark, prices)
        if terms is None or mark_price is None:
            reports.append(_unvalued_position(position, "; ".join(lookup.reasons)))
            continue
        value = value_position(terms, mark_price)
        reports.append(_position_report(value, unsolved))
        parts += position_parts(value)
    return unknown_report(pool, missing, tuple(reports), UNKNOWN, parts)


def _position_report(value: PositionValue, solved: LiquidationPrice) -> PositionReport:
    position = value.terms.position
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        entry_price=_entry_price(value),
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


def _entry_price(value: PositionValue) -> Decimal | None:
    """`cost / quantity`; of an inverse position the harmonic mean, `-quantity / cost`."""
    quantity, cost = value.terms.value_quantity, value.terms.position.cost
    if not value.terms.instrument.kind.is_inverse:
        return shown(quotient(cost, quantity))
    return None if cost == 0 else shown(quotient(quantity, cost))


def _side(position: Position) -> str:
    return "long" if position.size > 0 else "short"
