"""A book and its oracle side by side, on the same tapes and the same walk of prices."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random

import numpy as np

from monitor.book.pools import BoundaryRef, Change, PoolBook
from monitor.domain.ids import DriverKey
from monitor.domain.level import SWITCHES
from monitor.domain.profile import BoundaryKind
from monitor.rules.tape import Tape
from tests.property.pools_oracle import ExactJudge, Held, Oracle
from tests.property.pools_shapes import CENTRES, DRIVERS, MARKS, SHAPES, SWITCH_SETS, WEIGHTS, market, on_boundary, random_tape

Tick = tuple[DriverKey, Decimal]
Event = tuple[int, int, int, int]


class World:
    """Loads each tape into both."""

    def __init__(self, book_type: type[PoolBook] = PoolBook, *, priced: bool = True) -> None:
        self.market = market()
        self.judge = ExactJudge(self.market)
        self.book = book_type(SWITCH_SETS, self.judge)
        self.oracle = Oracle(self.market)
        self.index = {key: place for place, key in enumerate(DRIVERS)}
        self.judge.price_of = lambda key: self.book.price_of(self.index[key])
        for key, place in self.index.items():
            self.book.declare_driver(place)
            self.book.set_weight(place, float(WEIGHTS[key]))
            if priced:
                self.book.set_price(place, float(CENTRES[key]))
        if not priced:
            self.market.prices.clear()
        for schedule, pieces in self.market.schedules.items():
            self.book.set_schedule(schedule, pieces)

    def load(self, tape: Tape, switch_set: int = 0, level: int = -1, rank: int = 0) -> int:
        slot = self.book.load(tape, switch_set, level, self.index.__getitem__, rank=rank)
        self.judge.tapes[slot] = (tape, SWITCH_SETS[switch_set])
        self.oracle.pools[slot] = Held(tape, SWITCH_SETS[switch_set], level)
        return slot

    def reload(self, slot: int, tape: Tape) -> None:
        self.book.reload(slot, tape, self.index.__getitem__)
        self.judge.tapes[slot] = (tape, self.judge.tapes[slot][1])
        self.oracle.pools[slot].tape = tape

    def remove(self, slot: int) -> None:
        self.book.remove(slot)
        del self.judge.tapes[slot], self.oracle.pools[slot]

    def walk(self, ticks: Sequence[Tick], cut: int = 4096) -> list[Change]:
        """Apply ticks to the book alone, in batches of `cut`; rows count from the first tick."""
        drivers = np.array([self.index[key] for key, _ in ticks], np.int32)
        prices = np.array([float(price) for _, price in ticks])
        changes: list[Change] = []
        for start in range(0, len(ticks), cut):
            part = slice(start, start + cut)
            row = 0
            while row < len(drivers[part]):
                row, found = self.book.apply_prices(drivers[part], prices[part], row)
                changes += [change._replace(row=change.row + start) for change in found]
        return changes

    def expect(self, ticks: Sequence[Tick]) -> list[set[tuple[int, int, int]]]:
        """Apply ticks to the oracle alone: the changes of each."""
        return [self.oracle.tick(key, price) for key, price in ticks]


def events(changes: Sequence[Change]) -> set[Event]:
    return {(change.row, change.slot, change.old, change.new) for change in changes}


def expected_events(rows: Sequence[set[tuple[int, int, int]]]) -> set[Event]:
    return {(row, *change) for row, found in enumerate(rows) for change in found}


def grid_price(key: DriverKey, steps: int) -> Decimal:
    """A price some steps from the centre (2.5 % each, 0.05 % for indexes), rounded as a venue prints it."""
    return round(CENTRES[key] * (2000 + (50 if key in MARKS else 1) * steps) / 2000, 6)


_STEPS = (-4, -3, -2, -1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4)


def random_ticks(random: Random, count: int) -> list[Tick]:
    """Prices that jump about on the grid and return to its centre, marks more often than indexes."""
    keys = random.choices(DRIVERS, weights=[6] * 4 + [2] * 3 + [1] * 6, k=count)
    return [(key, grid_price(key, random.choice(_STEPS))) for key in keys]


def load_pools(world: World, random: Random, count: int, *, check: bool = True) -> None:
    """Pools of all shapes, each put exactly on some boundary at the centre of the grid, and valued there once."""
    for number in range(count):
        tape = random_tape(random, SHAPES[number % len(SHAPES)])
        switch_set = random.randrange(len(SWITCH_SETS))
        boundary = random.choice(_boundaries(switch_set))
        tape = on_boundary(tape, world.market.evaluate(tape), SWITCH_SETS[switch_set], boundary)
        slot = world.load(tape, switch_set, -1 if boundary.entering else 4, rank=number)
        change, expected = world.book.decide(slot), world.oracle.decide(slot)
        assert not check or expected == (None if change is None else (change.slot, change.old, change.new))


def _boundaries(switch_set: int) -> list[BoundaryRef]:
    return [
        BoundaryRef(level, kind, entering)
        for level in SWITCHES
        for kind in BoundaryKind
        if getattr(SWITCH_SETS[switch_set].switch(level), kind.value) is not None
        for entering in (True, False)
    ]
