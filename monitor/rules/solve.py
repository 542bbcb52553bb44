"""Liquidation prices solved on the compiled tape, whatever the venue: the pool's own function of one price, exactly.

With everything else fixed, each cell of a tape is piecewise linear in the mark, or in its reciprocal where the legs take that:
legs add lines, schedules bend them, nodes scale and add them, MAX takes the upper one. The pieces are found by walking the
tape once with rational functions in place of numbers, so that tiers, slices and signs move inside the solve, and the first
place on either side of the mark at which the trigger is reached is found without a search, also across a jump.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from monitor.domain.errors import InvariantBroken
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey
from monitor.rules.derived import source_of
from monitor.rules.drivers import mark_driver
from monitor.rules.exact import reciprocal
from monitor.rules.fraction_tape import Schedules, Values
from monitor.rules.liquidation import ALREADY, NONE, LiquidationPrice, price_of
from monitor.rules.rulebook import Missing, Prices, Tables
from monitor.rules.schedules import TableSchedules, schedules_of_tape
from monitor.rules.tape import COLLATERAL_CELL, MAINTENANCE_CELL, NO_CELL, Leg, Node, NodeMode, Piece, Tape


class Line(NamedTuple):
    """`slope * x + offset` from `start` up to the next line's start."""

    start: Fraction
    slope: Fraction
    offset: Fraction

    def at(self, x: Fraction) -> Fraction:
        """The value there."""
        return self.slope * x + self.offset


Function = tuple[Line, ...]
"""A piecewise linear function of x > 0; the first line starts at 0."""

_ZERO = Fraction(0)


def solve(tape: Tape, schedules: Schedules, prices: Values, mark: DriverKey) -> LiquidationPrice:
    """The price of `mark` nearest to its own at which the pool reaches its trigger, all other prices fixed.

    Raises ValueError for a tape whose legs take both the mark and its reciprocal: it is linear in neither.
    """
    forms = {leg.driver for leg in tape.legs if source_of(leg.driver) == mark}
    if len(forms) > 1:
        raise ValueError(f"legs take both {mark} and its reciprocal")
    is_inverse = bool(forms) and forms != {mark}
    price = prices(mark)
    now = Fraction(reciprocal(price) if is_inverse else price)
    slack, margin = _functions(tape, schedules, prices, mark)
    if tape.trigger.needs_margin and all(line.slope == line.offset == 0 for line in margin):
        return LiquidationPrice(None, NONE)
    is_reached = _reached(tape.trigger.strict)
    if is_reached(_at(slack, now).at(now)):
        return LiquidationPrice(None, ALREADY)
    roots = [root for root in (_below(slack, now, is_reached), _above(slack, now, is_reached)) if root is not None and root > 0]
    found = [1 / root if is_inverse else root for root in roots]
    here = 1 / now if is_inverse else now
    return price_of(min(found, key=lambda one: abs(one - here))) if found else LiquidationPrice(None, NONE)


def liquidation_prices(
    pool: PoolHoldings, tape: Tape | Missing, tables: Tables, prices: Prices, schedules: TableSchedules
) -> dict[str, LiquidationPrice]:
    """The liquidation price of each instrument in a pool with figures, None with the reason where its tape misses a table."""
    names = dict.fromkeys(position.instrument for position in pool.positions)
    if isinstance(tape, Missing):
        # Another table than at the present prices may be needed on the way: a coin that comes to be borrowed.
        return dict.fromkeys(names, LiquidationPrice(None, f"{'; '.join(tape.reasons)}, needed at other prices"))
    found = schedules_of_tape(tape, tables, schedules)

    def known(driver: DriverKey) -> Decimal:
        price = prices(driver)
        if price is None:
            raise InvariantBroken(f"{pool.pool} has figures without a price of {driver}")
        return price

    return {name: solve(tape, found.__getitem__, known, mark_driver(name)) for name in names}


def _functions(tape: Tape, schedules: Schedules, prices: Values, mark: DriverKey) -> tuple[Function, Function]:
    """`a * C - b * M`, and M, as functions of the mark, or of its reciprocal."""
    cells = [_constant(Fraction(constant)) for constant in tape.base]
    cells += [_constant(_ZERO)] * (MAINTENANCE_CELL + 1 - len(cells))
    for leg in tape.legs:
        _add_leg(cells, leg, _taken(leg, prices, mark), schedules)
    for node in tape.program:
        _run_node(cells, node, schedules, prices)
    trigger = tape.trigger
    slack = _sum(
        _scaled(cells[COLLATERAL_CELL], Fraction(trigger.collateral_factor)),
        _scaled(cells[MAINTENANCE_CELL], -Fraction(trigger.margin_factor)),
    )
    return slack, cells[MAINTENANCE_CELL]


def _taken(leg: Leg, prices: Values, mark: DriverKey) -> Function:
    """What a leg takes of its driver: x itself, or the number that stands."""
    source = source_of(leg.driver)
    if source == mark:
        return (Line(_ZERO, Fraction(1), _ZERO),)
    price = prices(source)
    return _constant(Fraction(price if source == leg.driver else reciprocal(price)))


def _add_leg(cells: list[Function], leg: Leg, taken: Function, schedules: Schedules) -> None:
    if leg.value_cell != NO_CELL:
        cells[leg.value_cell] = _sum(cells[leg.value_cell], _scaled(taken, Fraction(leg.quantity)))
    if leg.margin_cell != NO_CELL:
        margin = _scaled(taken, Fraction(leg.extra_margin))
        if leg.schedule is not None:
            margin = _sum(margin, _composed(schedules(leg.schedule), _scaled(taken, abs(Fraction(leg.quantity)))))
        cells[leg.margin_cell] = _sum(cells[leg.margin_cell], margin)
    if leg.initial_cell != NO_CELL:
        cells[leg.initial_cell] = _sum(cells[leg.initial_cell], _scaled(taken, Fraction(leg.initial_rate)))


def _run_node(cells: list[Function], node: Node, schedules: Schedules, prices: Values) -> None:
    factor = Fraction(node.weight) * (1 if node.scale is None else Fraction(prices(node.scale)))
    sources = cells[node.source_cell : node.source_cell + node.width]
    if node.mode is NodeMode.MAX:
        largest = sources[0]
        for source in sources[1:]:
            largest = _larger(largest, source)
        sources = [largest]
    for offset, source in enumerate(sources):
        bent = source if node.schedule is None else _composed(schedules(node.schedule), source)
        cells[node.target_cell + offset] = _sum(cells[node.target_cell + offset], _scaled(bent, factor))


def _constant(value: Fraction) -> Function:
    return (Line(_ZERO, _ZERO, value),)


def _scaled(function: Function, factor: Fraction) -> Function:
    return tuple(Line(line.start, line.slope * factor, line.offset * factor) for line in function)


def _sum(one: Function, other: Function) -> Function:
    starts = sorted({line.start for line in (*one, *other)})
    lines = ((start, _at(one, start), _at(other, start)) for start in starts)
    return tuple(Line(start, left.slope + right.slope, left.offset + right.offset) for start, left, right in lines)


def _larger(one: Function, other: Function) -> Function:
    """The upper of two functions: their lines cross at most once between two starts."""
    difference = _sum(one, _scaled(other, Fraction(-1)))
    starts = {line.start for line in difference}
    starts |= {root for line, end in _spans(difference) if (root := _root(line)) is not None and _is_inside(root, line, end)}
    found = []
    for start, end in _with_ends(sorted(starts)):
        inside = _inside(start, end)
        upper = one if _at(difference, inside).at(inside) >= 0 else other
        found.append(Line(start, _at(upper, inside).slope, _at(upper, inside).offset))
    return tuple(found)


def _composed(pieces: Sequence[Piece], inner: Function) -> Function:
    """`f(inner(x))`: each line is cut where it enters another piece of f."""
    edges = [Fraction(piece.start) for piece in pieces if piece.start.is_finite()]
    found = []
    for line, end in _spans(inner):
        cuts = {line.start}
        if line.slope != 0:
            cuts |= {x for edge in edges if _is_inside(x := (edge - line.offset) / line.slope, line, end)}
        for start, stop in _with_ends(sorted(cuts), end):
            piece = _piece_at(pieces, line.at(_inside(start, stop)))
            slope = Fraction(piece.slope)
            found.append(Line(start, slope * line.slope, slope * line.offset + Fraction(piece.offset)))
    return tuple(found)


def _piece_at(pieces: Sequence[Piece], x: Fraction) -> Piece:
    return next((piece for piece in reversed(pieces) if not piece.start.is_finite() or Fraction(piece.start) <= x), pieces[0])


def _spans(function: Function) -> list[tuple[Line, Fraction | None]]:
    """Each line with its end, None for the last."""
    return [(line, end) for line, (_, end) in zip(function, _with_ends([line.start for line in function]), strict=True)]


def _with_ends(starts: list[Fraction], last: Fraction | None = None) -> list[tuple[Fraction, Fraction | None]]:
    """Each start with the next one; the last with `last`."""
    return list(zip(starts, [*starts[1:], last], strict=True))


def _is_inside(x: Fraction, line: Line, end: Fraction | None) -> bool:
    return line.start < x and (end is None or x < end)


def _inside(start: Fraction, end: Fraction | None) -> Fraction:
    """A place between two others."""
    return start + 1 if end is None else (start + end) / 2


def _root(line: Line) -> Fraction | None:
    return None if line.slope == 0 else -line.offset / line.slope


def _at(function: Function, x: Fraction) -> Line:
    """The line that holds at x."""
    return next(line for line in reversed(function) if line.start <= x)


def _reached(is_strict: bool) -> Callable[[Fraction], bool]:
    return (lambda slack: slack < 0) if is_strict else (lambda slack: slack <= 0)


def _above(slack: Function, now: Fraction, is_reached: Callable[[Fraction], bool]) -> Fraction | None:
    """The first place above `now`, where the trigger is not reached, at which it is; None without one."""
    for line, end in _spans(slack):
        if end is not None and end <= now:
            continue
        start = max(line.start, now)
        if is_reached(line.at(start)):
            return start  # a jump, or an edge
        root = _root(line)
        if line.slope < 0 and root is not None and (end is None or root < end):
            return root
    return None


def _below(slack: Function, now: Fraction, is_reached: Callable[[Fraction], bool]) -> Fraction | None:
    """The same below `now`; the limit from above where the line ends in a jump."""
    for line, end in reversed(_spans(slack)):
        if line.start >= now:
            continue
        stop = now if end is None else min(end, now)
        if stop != now and is_reached(line.at(stop)):
            return stop
        root = _root(line)
        if line.slope > 0 and root is not None and root >= line.start:
            return root
    return None


__all__ = ["liquidation_prices", "solve"]
