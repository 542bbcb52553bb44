"""An oracle for the pool book in exact rationals, written from the tape's definition; it shares no function with the book."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from monitor.book.pools import BoundaryRef
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.level import SWITCHES
from monitor.domain.profile import BoundaryKind, SwitchSet
from monitor.rules.tape import NodeMode, Piece, ScheduleKey, Tape

Schedules = Mapping[ScheduleKey, Sequence[Piece]]


class Exact(NamedTuple):
    collateral: Fraction
    margin: Fraction
    initial: Fraction
    stress: Fraction


class Sizes(NamedTuple):
    """Sums of the absolute values of all terms of C, M, I and A: what rounding errors are measured by."""

    collateral: Fraction
    margin: Fraction
    initial: Fraction
    stress: Fraction


def ticking(driver: DriverKey) -> DriverKey:
    is_reciprocal = driver.kind is DriverKind.RECIPROCAL_MARK
    return DriverKey(DriverKind.MARK, driver.subject) if is_reciprocal else driver


def piece_at(pieces: Sequence[Piece], x: Fraction) -> Piece:
    found = pieces[0]
    for piece in pieces:
        if piece.start == Decimal("-Infinity") or Fraction(piece.start) <= x:
            found = piece
    return found


def scheduled(pieces: Sequence[Piece] | None, x: Fraction) -> Fraction:
    if pieces is None:
        return x
    piece = piece_at(pieces, x)
    return Fraction(piece.slope) * x + Fraction(piece.offset)


@dataclass
class Market:
    """Prices, class weights and schedules, all exact."""

    prices: dict[DriverKey, Fraction] = field(default_factory=dict)
    weights: dict[DriverKey, Fraction] = field(default_factory=dict)
    schedules: dict[ScheduleKey, Sequence[Piece]] = field(default_factory=dict)

    def needs(self, tape: Tape) -> set[DriverKey]:
        return {ticking(leg.driver) for leg in tape.legs} | {node.scale for node in tape.program if node.scale is not None}

    def is_priced(self, tape: Tape) -> bool:
        return self.needs(tape) <= self.prices.keys()

    def taken(self, driver: DriverKey) -> Fraction:
        """The value a leg takes: the price, or its reciprocal to 40 significant digits, half to even."""
        price = self.prices[ticking(driver)]
        if driver.kind is not DriverKind.RECIPROCAL_MARK:
            return price
        place = 40
        while 10**place / price < 10**39:
            place += 1
        while 10**place / price >= 10**40:
            place -= 1
        return Fraction(round(10**place / price)) / Fraction(10) ** place

    def sensitivity(self, driver: DriverKey) -> Fraction:
        """Class weight, negative for what falls when its underlying rises."""
        weight = self.weights.get(ticking(driver), Fraction(0))
        return weight if ticking(driver) == driver else -weight

    def evaluate(self, tape: Tape) -> Exact:
        """The definition of columnar form 1 and 12, term by term."""
        cells = [Fraction(constant) for constant in tape.base]
        exposures: list[Fraction] = []
        for leg in tape.legs:
            price = self.taken(leg.driver)
            value = Fraction(leg.quantity) * price
            if leg.value_cell >= 0:
                cells[leg.value_cell] += value
                exposures.append(self.sensitivity(leg.driver) * value * self._scale_of(leg.value_cell, tape))
            if leg.margin_cell >= 0:
                cells[leg.margin_cell] += Fraction(leg.extra_margin) * price
                if leg.schedule is not None:
                    cells[leg.margin_cell] += scheduled(self.schedules[leg.schedule], abs(value))
            if leg.initial_cell >= 0:
                cells[leg.initial_cell] += Fraction(leg.initial_rate) * price
        for node in tape.program:
            scale = Fraction(1) if node.scale is None else self.prices[node.scale]
            function = None if node.schedule is None else self.schedules[node.schedule]
            inputs = [cells[node.source_cell + place] for place in range(node.width)]
            if node.mode is NodeMode.MAX:
                cells[node.target_cell] += Fraction(node.weight) * scale * scheduled(function, max(inputs))
                continue
            for place, x in enumerate(inputs):
                term = Fraction(node.weight) * scale * scheduled(function, x)
                cells[node.target_cell + place] += term
                if node.target_cell + place == 0 and node.scale is not None:
                    exposures.append(self.weights.get(node.scale, Fraction(0)) * term)
        largest = max((abs(exposure) for exposure in exposures), default=Fraction(0))
        return Exact(cells[0], cells[1], cells[2], max(abs(sum(exposures, Fraction(0))), largest / 2))

    def sizes(self, tape: Tape) -> Sizes:
        cells = [abs(Fraction(constant)) for constant in tape.base]
        stress = Fraction(0)
        for leg in tape.legs:
            price = self.taken(leg.driver)
            value = abs(Fraction(leg.quantity) * price)
            if leg.value_cell >= 0:
                cells[leg.value_cell] += value
                stress += abs(self.sensitivity(leg.driver)) * value * self._scale_of(leg.value_cell, tape)
            if leg.margin_cell >= 0:
                cells[leg.margin_cell] += abs(Fraction(leg.extra_margin)) * price
                if leg.schedule is not None:
                    cells[leg.margin_cell] += _absolute(self.schedules[leg.schedule], value)
            if leg.initial_cell >= 0:
                cells[leg.initial_cell] += abs(Fraction(leg.initial_rate)) * price
        for node in tape.program:
            scale = Fraction(1) if node.scale is None else self.prices[node.scale]
            for place in range(node.width):
                x = cells[node.source_cell + place]
                if node.schedule is not None:
                    x = _absolute(self.schedules[node.schedule], x)
                target = node.target_cell + (place if node.mode is NodeMode.MAP else 0)
                cells[target] += abs(Fraction(node.weight)) * scale * x
                if target == 0 and node.scale is not None:
                    stress += self.weights.get(node.scale, Fraction(0)) * abs(Fraction(node.weight)) * scale * x
        return Sizes(cells[0], cells[1], cells[2], stress)

    def _scale_of(self, cell: int, tape: Tape) -> Fraction:
        for node in tape.program:
            if node.scale is not None and node.source_cell <= cell < node.source_cell + node.width:
                return self.prices[node.scale]
        return Fraction(1)


def _absolute(pieces: Sequence[Piece], x: Fraction) -> Fraction:
    return max(abs(Fraction(piece.slope)) * x + abs(Fraction(piece.offset)) for piece in pieces if piece.start <= x)


def slack(tape: Tape, exact: Exact, switch_set: SwitchSet, boundary: BoundaryRef) -> Fraction:
    band = getattr(switch_set.switch(boundary.level), boundary.kind.value)
    figure = Fraction(band.enter if boundary.entering else band.leave)
    collateral = Fraction(tape.trigger.collateral_factor) * exact.collateral
    margin = Fraction(tape.trigger.margin_factor) * exact.margin
    if boundary.kind is BoundaryKind.RATIO:
        return figure * collateral - margin
    return collateral - margin - figure * exact.stress


def is_beyond(tape: Tape, exact: Exact, switch_set: SwitchSet, boundary: BoundaryRef) -> bool:
    if getattr(switch_set.switch(boundary.level), boundary.kind.value) is None:
        return False
    distance = slack(tape, exact, switch_set, boundary)
    if boundary.level == 4:
        if tape.trigger.needs_margin and exact.margin <= 0:
            return False
        if tape.trigger.strict:
            return distance < 0
    return distance <= 0


def level_after(tape: Tape, exact: Exact, switch_set: SwitchSet, level: int) -> int:
    """Contract 1 in words: the highest switch that is on. On: beyond any enter boundary, or was on and beyond any exit."""
    result = 0
    for switch in SWITCHES:
        reached = {
            entering: any(is_beyond(tape, exact, switch_set, BoundaryRef(switch, kind, entering)) for kind in BoundaryKind)
            for entering in (True, False)
        }
        if reached[True] or (level >= switch and reached[False]):
            result = switch
    return result


@dataclass
class Held:
    """One pool as the oracle knows it."""

    tape: Tape
    switch_set: SwitchSet
    level: int
    is_suspended: bool = False


class Oracle:
    """Values every priced pool at every tick; also the judge that the book asks."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.pools: dict[int, Held] = {}
        self.may_go_off: Callable[[int], bool] = lambda _slot: True

    def tick(self, driver: DriverKey, price: Decimal) -> set[tuple[int, int, int]]:
        """Change one price; every change as (slot, old, new)."""
        self.market.prices[driver] = Fraction(price)
        return {
            change
            for slot, pool in self.pools.items()
            if driver in self.market.needs(pool.tape) and (change := self.decide(slot)) is not None
        }

    def decide(self, slot: int) -> tuple[int, int, int] | None:
        pool = self.pools[slot]
        if pool.is_suspended or not self.market.is_priced(pool.tape):
            return None
        old = pool.level
        new = level_after(pool.tape, self.market.evaluate(pool.tape), pool.switch_set, old)
        if new == old or (new < old and not self.may_go_off(slot)):
            return None
        pool.level = new
        return slot, old, new


class ExactJudge:
    """The reference that the book asks: exact rationals at the prices which the book shows at that moment."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.price_of: Callable[[DriverKey], float] = lambda _key: float("nan")
        self.tapes: dict[int, tuple[Tape, SwitchSet]] = {}
        self.may_go_off: Callable[[int], bool] = lambda _slot: True
        self.questions: list[tuple[int, BoundaryRef]] = []

    def is_beyond(self, slot: int, boundary: BoundaryRef) -> bool:
        tape, switch_set = self.tapes[slot]
        self.questions.append((slot, boundary))
        prices = {key: Fraction(Decimal(repr(self.price_of(key)))) for key in self.market.needs(tape)}
        exact = Market(prices, self.market.weights, self.market.schedules).evaluate(tape)
        return is_beyond(tape, exact, switch_set, boundary)

    def may_release(self, slot: int) -> bool:
        return self.may_go_off(slot)
