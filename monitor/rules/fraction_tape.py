"""A tape evaluated in rationals: the plain meaning of the venue-neutral form, without any rounding.

The rules' own figures must equal it exactly (a compile error shows here), and the compiled kernel within its error band.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from monitor.domain.ids import DriverKey
from monitor.rules.derived import source_of
from monitor.rules.exact import reciprocal
from monitor.rules.piecewise import piece_at
from monitor.rules.tape import COLLATERAL_CELL, NO_CELL, Leg, Node, NodeMode, Piece, ScheduleKey, Tape

Schedules = Callable[[ScheduleKey], tuple[Piece, ...]]
Values = Callable[[DriverKey], Decimal]


class TapeFigures(NamedTuple):
    """C, M, I and A of a tape, exact, in the pool's margin currency."""

    collateral_value: Fraction
    maintenance_margin: Fraction
    initial_margin: Fraction
    stress_notional: Fraction


def evaluate(tape: Tape, schedules: Schedules, prices: Values, weights: Values) -> TapeFigures:
    """The tape's figures at given prices of drivers that tick; `weights` is the class weight of a driver's underlying."""
    cells = [Fraction(constant) for constant in tape.base]
    exposures: list[Fraction] = []
    for leg in tape.legs:
        price, direction = _price_of(leg, prices)
        _add_leg(cells, leg, price, schedules)
        if leg.value_cell != NO_CELL:
            scale = _scale_of(tape, leg.value_cell, prices)
            exposures.append(direction * Fraction(weights(source_of(leg.driver))) * Fraction(leg.quantity) * price * scale)
    for node in tape.program:
        added = _run_node(cells, node, schedules, prices)
        if node.scale is not None and node.target_cell == COLLATERAL_CELL:
            exposures.append(Fraction(weights(node.scale)) * added)
    largest = max((abs(exposure) for exposure in exposures), default=Fraction(0))
    return TapeFigures(cells[0], cells[1], cells[2], max(abs(sum(exposures, Fraction(0))), largest / 2))


def _price_of(leg: Leg, prices: Values) -> tuple[Fraction, int]:
    """What the leg takes of its driver, and whether that rises (1) or falls (-1) with the driver's price."""
    source = source_of(leg.driver)
    price = prices(source)
    return (Fraction(price), 1) if source == leg.driver else (Fraction(reciprocal(price)), -1)


def _add_leg(cells: list[Fraction], leg: Leg, price: Fraction, schedules: Schedules) -> None:
    value = Fraction(leg.quantity) * price
    if leg.value_cell != NO_CELL:
        cells[leg.value_cell] += value
    if leg.margin_cell != NO_CELL:
        cells[leg.margin_cell] += _apply(leg.schedule, abs(value), schedules) if leg.schedule is not None else 0
        cells[leg.margin_cell] += Fraction(leg.extra_margin) * price
    if leg.initial_cell != NO_CELL:
        cells[leg.initial_cell] += Fraction(leg.initial_rate) * price


def _run_node(cells: list[Fraction], node: Node, schedules: Schedules, prices: Values) -> Fraction:
    """Run one node; what it added in all."""
    factor = Fraction(node.weight) * (1 if node.scale is None else Fraction(prices(node.scale)))
    sources = cells[node.source_cell : node.source_cell + node.width]
    if node.mode is NodeMode.MAX:
        sources = [max(sources)]
    added = [factor * _apply(node.schedule, source, schedules) for source in sources]
    for offset, amount in enumerate(added):
        cells[node.target_cell + offset] += amount
    return sum(added, Fraction(0))


def _apply(schedule: ScheduleKey | None, x: Fraction, schedules: Schedules) -> Fraction:
    if schedule is None:
        return x
    piece = piece_at(schedules(schedule), x)
    return Fraction(piece.slope) * x + Fraction(piece.offset)


def _scale_of(tape: Tape, cell: int, prices: Values) -> Fraction:
    """What converts a leg's exposure: the driver of the first node that reads its cell, 1 where none does."""
    for node in tape.program:
        if node.source_cell <= cell < node.source_cell + node.width and node.scale is not None:
            return Fraction(prices(node.scale))
    return Fraction(1)
