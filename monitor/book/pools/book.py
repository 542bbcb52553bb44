"""The pool book: pools as columns, exact at every tick, with a plain incremental scan inside.

The engine talks in slots and driver indices. What is inside (which pools a tick looks at, and how) may be replaced without
a change outside: the changes that come out are those of a full valuation of every pool at every tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite, isnan
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from monitor.book.pools.columns import Columns, Slots, grown
from monitor.book.pools.decisions import BOUNDARIES, Change, Figures, Judge
from monitor.book.pools.holders import Holders
from monitor.book.pools.invariants import check_columns
from monitor.book.pools.kernels import assess, measure, walk
from monitor.book.pools.layout import (
    BASE,
    CANDIDATES,
    ENTER_BITS,
    ENTRY_DRIVER,
    EXIT_BITS,
    FREE,
    HELD,
    LIVE,
    NONE,
    RANGE_LEFT,
    SUSPENDED,
    UPDATE_LIMIT,
)
from monitor.book.pools.loading import DriverIndex, TapeRows, leg_rows, tape_rows
from monitor.book.pools.programs import Programs
from monitor.book.pools.schedules import Schedules
from monitor.domain.errors import InvariantBroken
from monitor.domain.level import next_level
from monitor.domain.profile import SwitchSet
from monitor.rules.tape import Piece, ScheduleKey, Tape

_CHANGE_ROOM = 4096


class PoolBook:
    """All pools of the daemon. `switch_sets` are named by their index in `load`; `judge` decides what floats may not.

    `reference_decisions` counts the boundaries that the judge was asked about.
    """

    _band_scale: ClassVar[float] = 1.0  # a control in the tests sets it to 0: without the band levels come out wrong

    def __init__(self, switch_sets: Sequence[SwitchSet], judge: Judge) -> None:
        self._columns = Columns(switch_sets)
        self._switch_sets = len(switch_sets)
        self._judge = judge
        self._schedules = Schedules(self._columns)
        self._programs = Programs(self._columns)
        self._holders = Holders(self._columns)
        self._drivers = 0
        self._slots = 0
        self._free: list[int] = []
        self.reference_decisions = 0
        self._one_slot = np.zeros(1, np.int32)
        self._one_figures = np.zeros((1, 5))
        self._one_masks = np.zeros((1, 2), np.int32)
        self._changes = np.zeros((_CHANGE_ROOM, 4), np.int32)
        self._figures = np.zeros((_CHANGE_ROOM, 5))
        self._candidates = np.zeros(_CHANGE_ROOM, np.int32)

    @property
    def slot_count(self) -> int:
        """How many pools are loaded."""
        return self._slots - len(self._free)

    # Drivers and schedules

    def declare_driver(self, index: int) -> None:
        """Add a driver; indices are dense from 0. It has no price until the first one is set."""
        if index != self._drivers:
            raise InvariantBroken(f"drivers are declared densely: expected {self._drivers}, got {index}")
        self._drivers += 1
        self._columns.drivers = grown(self._columns.drivers, self._drivers)
        self._columns.drivers[index] = (np.nan, 0.0, np.nan, np.nan, 0, 0, 0, 1)

    def set_weight(self, index: int, weight: float) -> Slots:
        """Set the class weight of a driver's underlying; returns the slots that hold it, to be decided afresh."""
        self._columns.drivers[self._declared(index)]["weight"] = weight
        slots = self._holders.of(index)
        self._measure(slots)
        return slots

    def set_schedule(self, key: ScheduleKey, pieces: Sequence[Piece]) -> Slots:
        """Set or replace a schedule in place; returns the slots that use it, to be decided afresh."""
        index = self._schedules.put(key, pieces)
        legs = self._columns.legs.rows[: self._columns.legs.used]
        by_leg = legs["slot"][(legs["schedule"] == index) & (legs["form"] != FREE)]
        pools = self._columns.pools[: self._slots]
        programs = self._programs.using_schedule(index)
        by_program = np.flatnonzero(np.isin(pools["program"], programs)) if programs else by_leg[:0]
        slots = np.union1d(by_leg, by_program).astype(np.int32)
        self._measure(slots)
        return slots

    def set_price(self, driver: int, price: float) -> None:
        """Set a driver's value and decide nothing: at a restore, and for a first price."""
        if not isfinite(price):
            raise InvariantBroken(f"price of driver {driver} must be finite, got {price}")
        row = self._columns.drivers[self._declared(driver)]
        is_first = isnan(row["price"])
        row["price"] = price
        slots = self._holders.of(driver)
        if is_first:
            self._columns.pools["missing"][slots] -= 1
        self._columns.pools["updates"][slots] = UPDATE_LIMIT
        self._keep_in_range(driver, price, slots)

    def price_of(self, driver: int) -> float:
        """The value of a driver now, inside a question to the judge that of the row at hand; NaN before the first."""
        return float(self._columns.drivers[self._declared(driver)]["price"])

    def holders(self, driver: int) -> Slots:
        """The slots that hold a driver, each once, in rising order."""
        return np.sort(self._holders.of(self._declared(driver)))

    # Pools

    def load(self, tape: Tape, switch_set: int, level: int, driver_index: DriverIndex, rank: int = 0) -> int:
        """Add a pool with a level (-1: never valued); returns its slot. `rank` breaks ties in the order of changes."""
        rows = self._rows(tape, driver_index)
        slot = self._free.pop() if self._free else self._slots
        if slot == self._slots:
            self._slots += 1
            self._columns.pools = grown(self._columns.pools, self._slots)
        pool = self._columns.pools[slot]
        generation = int(pool["generation"]) + 1
        self._columns.pools[slot] = 0
        pool["flags"] = LIVE
        pool["program"] = NONE
        pool["generation"] = generation
        pool["rank"] = rank
        self._put_switch_set(slot, switch_set)
        self._put_level(slot, level)
        self._write(slot, tape, rows)
        self._holders.link(slot, self._links)
        self._begin(slot)
        return slot

    def reload(self, slot: int, tape: Tape, driver_index: DriverIndex) -> None:
        """Rewrite a pool from its new tape, after a fill or another event; level, hold and suspension stay."""
        self._live(slot)
        rows = self._rows(tape, driver_index)
        self._erase(slot)
        self._write(slot, tape, rows)
        self._holders.relink(slot, self._links)
        self._begin(slot)

    def remove(self, slot: int) -> None:
        """Take a pool out; its slot is used again later, under a new generation."""
        self._live(slot)
        self._holders.unlink(slot)
        self._erase(slot)
        self._columns.pools[slot]["flags"] = 0
        self._columns.pools[slot]["program"] = NONE
        self._free.append(slot)

    def set_level(self, slot: int, level: int) -> None:
        """Set the stored level (at a restore); a hold ends."""
        self._put_level(self._live(slot), level)
        self._flag(slot, HELD, False)

    def set_switch_set(self, slot: int, switch_set: int) -> None:
        """Give a pool other boundaries; the caller has it decided afresh."""
        self._put_switch_set(self._live(slot), switch_set)
        self._measure(np.array([slot], np.int32))

    def suspend(self, slot: int, suspended: bool) -> None:
        """A suspended pool is not decided (its account is not known); its figures stay exact."""
        self._flag(self._live(slot), SUSPENDED, suspended)
        self._columns.pools[slot]["updates"] = UPDATE_LIMIT

    def is_priced(self, slot: int) -> bool:
        """Whether all drivers of the pool's legs and nodes have a value."""
        return int(self._columns.pools[self._live(slot)]["missing"]) == 0

    def level_of(self, slot: int) -> int:
        """The stored level, -1 for a pool never valued."""
        return int(self._columns.pools[self._live(slot)]["level"])

    def generation_of(self, slot: int) -> int:
        """How many pools the slot has held so far."""
        return int(self._columns.pools[slot]["generation"])

    def drivers_of(self, slot: int) -> Slots:
        """The drivers that the pool depends on: those of its program first, then its legs'."""
        pool = self._columns.pools[self._live(slot)]
        start = int(pool["entry_start"])
        drivers: Slots = self._columns.entries.rows[start : start + int(pool["entry_count"]), ENTRY_DRIVER].astype(np.int32)
        return drivers

    # Figures and decisions

    def value(self, slot: int) -> Figures:
        """C, M, I and A at the current drivers, valued in full; NaN while a price is missing."""
        return self._assess(self._live(slot))[0]

    def figures_of(self, slots: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """`value` of many pools: one row of C, M, I, A each."""
        wanted = np.ascontiguousarray(slots, np.int32)
        figures = np.empty((len(wanted), 5))
        masks = np.empty((len(wanted), 2), np.int32)
        self._run_assess(wanted, figures, masks)
        return np.ascontiguousarray(figures[:, :4])

    def decide(self, slot: int) -> Change | None:
        """Value a pool and apply the level rules at the current drivers; None when its level stays (or it has no figures)."""
        pool = self._columns.pools[self._live(slot)]
        if pool["missing"] > 0 or pool["flags"] & SUSPENDED:
            return None
        found = self._decide(slot, 0)
        return None if found is None else found[1]

    def apply_prices(
        self, drivers: npt.NDArray[np.int32], prices: npt.NDArray[np.float64], start: int
    ) -> tuple[int, list[Change]]:
        """Apply rows from `start` on, each row one tick; returns the next row to do and the changes, worst first in a row.

        Stops early when its buffers are full, and after a first price that gives holders their figures: the caller decides
        those. Pools without all prices and suspended ones are passed over.
        """
        tick_drivers = np.require(drivers, np.int32, ("C", "W", "A"))
        tick_prices = np.require(prices, np.float64, ("C", "W", "A"))
        self._make_room()
        found: list[tuple[_OrderKey, Change]] = []
        row, stop = start, CANDIDATES
        while stop in {CANDIDATES, RANGE_LEFT}:
            stop, row, count, waiting = self._walk(tick_drivers, tick_prices, row)
            self._collect(found, count)
            if stop == CANDIDATES:
                for slot in self._candidates[:waiting].tolist():
                    decided = self._decide(slot, row)
                    if decided is not None:
                        found.append(decided)
                row += 1
            elif stop == RANGE_LEFT and self._widen(int(tick_drivers[row]), float(tick_prices[row])):
                row += 1
                break
        found.sort(key=_by_order)
        return row, [change for _, change in found]

    def held_slots(self) -> Slots:
        """The pools for which a release was refused."""
        return np.flatnonzero(self._columns.pools["flags"][: self._slots] & HELD).astype(np.int32)

    def hold(self, slots: Iterable[int]) -> None:
        """Mark pools as held (at a restore): they are decided afresh when their certainty returns."""
        for slot in slots:
            self._flag(self._live(int(slot)), HELD, True)

    def release_holds(self, slots: Iterable[int]) -> list[Change]:
        """Decide those of the pools afresh that are held and have figures; worst first."""
        found = []
        for slot in slots:
            pool = self._columns.pools[self._live(int(slot))]
            if pool["flags"] & HELD and not pool["flags"] & SUSPENDED and pool["missing"] == 0:
                decided = self._decide(int(slot), 0)
                if decided is not None:
                    found.append(decided)
        found.sort(key=_by_order)
        return [change for _, change in found]

    def check_invariants(self) -> None:
        """Prove that columns, blocks, links and running figures fit together; raises `InvariantBroken`."""
        check_columns(self._columns, self._schedules, self._programs, self._slots, self._free)

    # Inside

    def _rows(self, tape: Tape, driver_index: DriverIndex) -> TapeRows:
        rows = tape_rows(tape, self._schedules, driver_index)
        for driver in rows.drivers:
            self._declared(driver)
        return rows

    def _write(self, slot: int, tape: Tape, rows: TapeRows) -> None:
        """Write legs, cells, program and scalars of a pool whose old ones are gone; sets `_links` for its holders."""
        columns = self._columns
        program = NONE if not rows.nodes else self._programs.acquire(len(rows.base), rows.nodes)
        leg_start = columns.legs.take(len(tape.legs))
        cell_start = columns.cells.take(len(rows.base))
        legs, first_legs = leg_rows(tape, rows, self._schedules, slot, leg_start)
        if legs:
            columns.legs.rows[leg_start : leg_start + len(legs)] = legs
        columns.cells.rows[cell_start : cell_start + len(rows.base)] = 0.0
        columns.cells.rows[cell_start : cell_start + len(rows.base), BASE] = rows.base
        columns.scratch = grown(columns.scratch, len(rows.base))
        pool = columns.pools[slot]
        pool["flags"] = (int(pool["flags"]) & (LIVE | HELD | SUSPENDED)) | rows.flags
        pool["leg_start"], pool["leg_count"] = leg_start, len(legs)
        pool["cell_start"], pool["cell_count"] = cell_start, len(rows.base)
        pool["program"] = program
        pool["collateral_factor"] = float(tape.trigger.collateral_factor)
        pool["margin_factor"] = float(tape.trigger.margin_factor)
        pool["rounding"] = float(tape.rounding) * self._band_scale
        pool["operations"] = rows.operations * self._band_scale
        self._links = [(driver, first_legs.get(driver, NONE)) for driver in rows.drivers]

    def _erase(self, slot: int) -> None:
        """Give back a pool's legs, cells and program; its entries are the caller's."""
        columns = self._columns
        pool = columns.pools[slot]
        start, count = int(pool["leg_start"]), int(pool["leg_count"])
        columns.legs.rows["form"][start : start + count] = FREE
        columns.legs.give_back(start, count)
        columns.cells.give_back(int(pool["cell_start"]), int(pool["cell_count"]))
        self._programs.release(int(pool["program"]))

    def _begin(self, slot: int) -> None:
        """Count the prices that a freshly written pool lacks and measure its bands."""
        missing = np.isnan(self._columns.drivers["price"][self.drivers_of(slot)])
        self._columns.pools[slot]["missing"] = int(missing.sum())
        self._measure(np.array([slot], np.int32))

    def _decide(self, slot: int, row: int) -> tuple[_OrderKey, Change] | None:
        """Value a priced pool, ask the judge what is in doubt, and store the level; a refused release marks it held."""
        figures, key, beyond, ambiguous = self._assess(slot)
        pool = self._columns.pools[slot]
        old = int(pool["level"])
        new = self._resolve(slot, old, beyond, ambiguous)
        refused = new < old and not self._judge.may_release(slot)
        self._flag(slot, HELD, refused)
        if new == old or refused:
            return None
        pool["level"] = new
        return (row, -new, key, int(pool["rank"]), slot), Change(row, slot, old, new, figures)

    def _resolve(self, slot: int, level: int, beyond: int, ambiguous: int) -> int:
        """The level after the reference has answered for each boundary in doubt that could raise it."""
        after = _level_after(level, beyond)
        if not ambiguous:
            return after
        for bit, boundary in BOUNDARIES:
            if ambiguous & bit and _level_after(level, beyond | bit) > after:
                self.reference_decisions += 1
                if self._judge.is_beyond(slot, boundary):
                    beyond |= bit
                    after = _level_after(level, beyond)
        return after

    def _assess(self, slot: int) -> tuple[Figures, float, int, int]:
        self._one_slot[0] = slot
        self._run_assess(self._one_slot, self._one_figures, self._one_masks)
        collateral, margin, initial, stress, key = self._one_figures[0].tolist()
        beyond, ambiguous = self._one_masks[0].tolist()
        return Figures(collateral, margin, initial, stress), key, beyond, ambiguous

    def _run_assess(self, slots: Slots, figures: npt.NDArray[np.float64], masks: npt.NDArray[np.int32]) -> None:
        assess(slots, *self._columns.state(), *self._columns.rules(), figures, masks)

    def _measure(self, slots: Slots) -> None:
        if len(slots):
            measure(slots, *self._columns.state(), *self._columns.rules())

    def _walk(self, drivers: npt.NDArray[np.int32], prices: npt.NDArray[np.float64], row: int) -> tuple[int, int, int, int]:
        columns = self._columns
        return walk(
            drivers,
            prices,
            row,
            *columns.state(),
            columns.holders.rows,
            *columns.rules(),
            columns.transitions,
            self._changes,
            self._figures,
            self._candidates,
        )

    def _collect(self, found: list[tuple[_OrderKey, Change]], count: int) -> None:
        """Take over the changes that the kernel wrote."""
        if not count:
            return
        ranks = self._columns.pools["rank"][self._changes[:count, 1]].tolist()
        rows = zip(self._changes[:count].tolist(), self._figures[:count].tolist(), ranks, strict=True)
        for (row, slot, old, new), (collateral, margin, initial, stress, key), rank in rows:
            change = Change(row, slot, old, new, Figures(collateral, margin, initial, stress))
            found.append(((row, -new, key, rank, slot), change))

    def _widen(self, driver: int, price: float) -> bool:
        """Set a driver's first price (True when holders got their figures by it), or move its range to hold the price."""
        if not 0 <= driver < self._drivers or not isfinite(price):
            raise InvariantBroken(f"a batch holds driver {driver} of {self._drivers} at {price}")
        slots = self._holders.of(driver)
        if not isnan(self._columns.drivers[driver]["price"]):
            self._keep_in_range(driver, price, slots)
            return False
        self.set_price(driver, price)
        return bool(np.any(self._columns.pools["missing"][slots] == 0))

    def _keep_in_range(self, driver: int, price: float, slots: Slots) -> None:
        """Magnitudes hold up to a driver's `high`; one that moved by a factor of 2 has its holders measured again."""
        row = self._columns.drivers[driver]
        if row["low"] <= abs(price) <= row["high"]:
            return
        row["low"], row["high"] = abs(price) / 2, abs(price) * 2
        self._measure(slots)

    def _make_room(self) -> None:
        """Buffers that hold the changes and candidates of the longest list of holders."""
        if self._holders.most > len(self._candidates):
            room = 2 * self._holders.most
            self._changes = np.zeros((room, 4), np.int32)
            self._figures = np.zeros((room, 5))
            self._candidates = np.zeros(room, np.int32)

    def _put_switch_set(self, slot: int, switch_set: int) -> None:
        if not 0 <= switch_set < self._switch_sets:
            raise InvariantBroken(f"switch set {switch_set} of {self._switch_sets}")
        self._columns.pools[slot]["switch_set"] = switch_set

    def _put_level(self, slot: int, level: int) -> None:
        if not -1 <= level <= 4:
            raise InvariantBroken(f"level must be -1 to 4, got {level}")
        self._columns.pools[slot]["level"] = level

    def _flag(self, slot: int, flag: int, on: bool) -> None:
        flags = int(self._columns.pools[slot]["flags"])
        self._columns.pools[slot]["flags"] = flags | flag if on else flags & ~flag

    def _live(self, slot: int) -> int:
        if not 0 <= slot < self._slots or not self._columns.pools[slot]["flags"] & LIVE:
            raise InvariantBroken(f"slot {slot} holds no pool")
        return slot

    def _declared(self, driver: int) -> int:
        if not 0 <= driver < self._drivers:
            raise InvariantBroken(f"driver {driver} is not declared, there are {self._drivers}")
        return driver


_OrderKey = tuple[int, int, float, int, int]
"""Row, worst level first, headroom over max(A, b*M), rank, slot."""


def _by_order(found: tuple[_OrderKey, Change]) -> _OrderKey:
    return found[0]


def _level_after(level: int, boundaries: int) -> int:
    """The level rule on a mask of reached boundaries."""
    enter = leave = 0
    for switch in range(1, 5):
        kinds = boundaries >> (4 * (switch - 1))
        enter |= bool(kinds & ENTER_BITS) << switch
        leave |= bool(kinds & EXIT_BITS) << switch
    return next_level(level, enter, leave)
