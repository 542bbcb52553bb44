"""The compiled kernels: value a pool, test its boundaries, walk a batch of prices, and measure magnitudes.

All kernels stand in this one file, because the cache on disk is keyed by the file of the kernel itself: a function that
moved into another file could change without the cached kernels that call it being compiled again. For the same reason
the level rule comes in as a table of `next_level` over all its arguments. Nothing is compiled at import.

Arrays are passed one by one: taking them out of a tuple costs a reference count each in the inner loop. No fastmath: the
order of operations is part of what a replay reproduces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from monitor.book.pools.layout import (
    ABOVE_BUFFER,
    ABOVE_RATIO,
    BASE,
    BUFFER_FULL,
    CANDIDATES,
    DONE,
    DRIVER,
    ENTER_BITS,
    EXIT_BITS,
    EXIT_BUFFER,
    EXIT_RATIO,
    EXPOSURE,
    FULL,
    HELD,
    HOLDER_LEG,
    HOLDER_SLOT,
    LARGEST_BUFFER,
    LARGEST_HIGH,
    LARGEST_LEG,
    LARGEST_LOW,
    LARGEST_RATIO,
    LEG,
    NEEDS_MARGIN,
    NODE,
    POOL,
    RANGE_LEFT,
    RECIPROCAL,
    RUNNING,
    SIMPLE,
    SUSPENDED,
    UNIT_ROUNDOFF,
    UPDATE_LIMIT,
)

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_NJIT = cast(Any, numba.njit)  # its types leave out `_nrt`

_NO_CHANGE, _CHANGED, _CANDIDATE = range(3)


def _compiled(function: Kernel) -> Kernel:
    """A kernel compiled at its first call (or by `compile_all`), cached on disk.

    Without Numba's run time: kernels make no arrays, and counting references of their arguments at every inner call made
    the walk ten times slower. The option is undocumented; `benchmarks/pool_scan.py` shows whether a new version keeps it.
    """
    return cast(Kernel, _NJIT(cache=True, error_model="numpy", _nrt=False)(function))


def _inlined(function: Kernel) -> Kernel:
    """The same, inlined where it is called: passing a dozen arrays costs more than the work of the small functions."""
    return cast(Kernel, _NJIT(cache=True, error_model="numpy", _nrt=False, forceinline=True)(function))


@_inlined
def _schedule_at(x: float, schedule: int, schedules: Any, pieces: Any) -> float:
    row = schedules[schedule, 0]
    last = row + schedules[schedule, 1] - 1
    while row < last and pieces[row + 1, 0] <= x:
        row += 1
    return pieces[row, 1] * x + pieces[row, 2]  # type: ignore[no-any-return]


@_inlined
def _leg_margin(leg: int, price: float, legs: Any, schedules: Any, pieces: Any) -> float:
    margin = legs[leg].extra_margin * price
    if legs[leg].schedule >= 0:
        margin += _schedule_at(abs(legs[leg].quantity * price), legs[leg].schedule, schedules, pieces)
    return margin  # type: ignore[no-any-return]


@_compiled
def _fill_cells(slot: int, pools: Any, legs: Any, cells: Any, drivers: Any, schedules: Any, pieces: Any) -> None:
    """The pool's cells after its legs, from nothing, in the order of its tape."""
    first = pools[slot].cell_start
    for cell in range(first, first + pools[slot].cell_count):
        cells[cell, RUNNING] = cells[cell, BASE]
        cells[cell, EXPOSURE] = 0.0
        cells[cell, LARGEST_HIGH] = 0.0
        cells[cell, LARGEST_LOW] = 0.0
        cells[cell, LARGEST_LEG] = -1.0
    start = pools[slot].leg_start
    for leg in range(start, start + pools[slot].leg_count):
        driver = legs[leg].driver
        price = drivers[driver].price
        weight = drivers[driver].weight
        if legs[leg].form == RECIPROCAL:
            price = 1.0 / price
            weight = -weight  # a reciprocal falls as its price rises
        if legs[leg].value_cell >= 0:
            cell = first + legs[leg].value_cell
            value = legs[leg].quantity * price
            exposure = weight * value
            cells[cell, RUNNING] += value
            cells[cell, EXPOSURE] += exposure
            if abs(exposure) > cells[cell, LARGEST_HIGH]:
                cells[cell, LARGEST_HIGH] = abs(exposure)
                cells[cell, LARGEST_LOW] = abs(exposure)
                cells[cell, LARGEST_LEG] = leg - start
        if legs[leg].margin_cell >= 0:
            margin = _leg_margin(leg, price, legs, schedules, pieces)
            legs[leg].margin = margin
            cells[first + legs[leg].margin_cell, RUNNING] += margin
        if legs[leg].initial_cell >= 0:
            cells[first + legs[leg].initial_cell, RUNNING] += legs[leg].initial_rate * price
    pools[slot].updates = 0


@_inlined
def _move_leg(leg: int, place: int, first: int, old: float, new: float, weight: float, legs: Any, cells: Any, schedules: Any,
              pieces: Any) -> None:  # fmt: skip
    """Add to the running cells what one leg changes by when its driver moves; the bounds of the largest stay bounds."""
    if legs[leg].value_cell >= 0:
        cell = first + legs[leg].value_cell
        step = legs[leg].quantity * (new - old)
        cells[cell, RUNNING] += step
        cells[cell, EXPOSURE] += weight * step
        size = abs(weight * legs[leg].quantity * new)
        cells[cell, LARGEST_HIGH] = max(cells[cell, LARGEST_HIGH], size)
        if size > cells[cell, LARGEST_LOW]:
            cells[cell, LARGEST_LOW] = size
            cells[cell, LARGEST_LEG] = place
        elif cells[cell, LARGEST_LEG] == place:
            cells[cell, LARGEST_LOW] = size
    if legs[leg].margin_cell >= 0:
        margin = _leg_margin(leg, new, legs, schedules, pieces)
        cells[first + legs[leg].margin_cell, RUNNING] += margin - legs[leg].margin
        legs[leg].margin = margin


@_inlined
def _apply_node(index: int, nodes: Any, drivers: Any, schedules: Any, pieces: Any, scratch: Any) -> tuple[float, float]:
    """Run one node on the scratch cells; returns its own exposure, signed and absolute."""
    source = nodes[index].source_cell
    target = nodes[index].target_cell
    schedule = nodes[index].schedule
    scale = nodes[index].scale
    factor = nodes[index].weight
    if scale >= 0:
        factor *= drivers[scale].price
    if nodes[index].mode == 1:
        x = scratch[source]
        for place in range(1, nodes[index].width):
            x = max(x, scratch[source + place])
        if schedule >= 0:
            x = _schedule_at(x, schedule, schedules, pieces)
        scratch[target] += factor * x
        return 0.0, 0.0
    exposure = 0.0
    for place in range(nodes[index].width):
        x = scratch[source + place]
        if schedule >= 0:
            x = _schedule_at(x, schedule, schedules, pieces)
        scratch[target + place] += factor * x
        if target + place == 0 and scale >= 0:
            exposure += drivers[scale].weight * (factor * x)
    return exposure, abs(exposure)


@_inlined
def _fold(slot: int, pools: Any, cells: Any, drivers: Any, schedules: Any, pieces: Any, programs: Any, nodes: Any, scales: Any,
          scratch: Any) -> tuple[float, float, float, float, float]:  # fmt: skip
    """C, M, I and an upper and a lower bound of A, from the cells after legs (the bounds are equal just after a refill)."""
    first = pools[slot].cell_start
    if pools[slot].flags & SIMPLE:
        net = abs(cells[first, EXPOSURE])
        high = max(net, 0.5 * cells[first, LARGEST_HIGH])
        low = max(net, 0.5 * cells[first, LARGEST_LOW])
        return cells[first, RUNNING], cells[first + 1, RUNNING], cells[first + 2, RUNNING], high, low
    program = pools[slot].program
    net = 0.0
    high = 0.0
    low = 0.0
    for place in range(pools[slot].cell_count):
        scratch[place] = cells[first + place, RUNNING]
        if cells[first + place, LARGEST_HIGH] > 0.0:
            scale = scales[programs[program, 2] + place]
            factor = 1.0 if scale < 0 else drivers[scale].price
            net += factor * cells[first + place, EXPOSURE]
            high = max(high, abs(factor) * cells[first + place, LARGEST_HIGH])
            low = max(low, abs(factor) * cells[first + place, LARGEST_LOW])
    for index in range(programs[program, 0], programs[program, 0] + programs[program, 1]):
        exposure, size = _apply_node(index, nodes, drivers, schedules, pieces, scratch)
        net += exposure
        high = max(high, size)
        low = max(low, size)
    return scratch[0], scratch[1], scratch[2], max(abs(net), 0.5 * high), max(abs(net), 0.5 * low)


@_compiled
def _boundaries(slot: int, collateral: float, margin: float, stress: float, pools: Any, thresholds: Any) -> tuple[int, int]:
    """Which boundaries are surely reached, and which lie inside the error band (columnar form, section 6)."""
    row = pools[slot].switch_set
    scaled_collateral = pools[slot].collateral_factor * collateral
    scaled_margin = pools[slot].margin_factor * margin
    collateral_size = pools[slot].collateral_factor * pools[slot].collateral_magnitude
    margin_size = pools[slot].margin_factor * pools[slot].margin_magnitude
    unit = 2.0 * pools[slot].operations * UNIT_ROUNDOFF
    beyond = 0
    ambiguous = 0
    for switch in range(1, 5):
        for column in range(4):
            figure = thresholds[row, switch, column]
            if figure != figure:  # noqa: PLR0124 - NaN, the kind is off
                continue
            bit = 1 << (4 * (switch - 1) + 2 * (column & 1) + (column >> 1))
            if column & 1:
                slack = scaled_collateral - scaled_margin - figure * stress
                size = collateral_size + margin_size + figure * pools[slot].stress_magnitude
            else:
                slack = figure * scaled_collateral - scaled_margin
                size = figure * collateral_size + margin_size
            band = unit * size + pools[slot].rounding
            if slack < -band:
                beyond |= bit
            elif slack <= band:
                ambiguous |= bit
    if pools[slot].flags & NEEDS_MARGIN:
        liquidation = 0b1111 << 12
        band = unit * pools[slot].margin_magnitude
        if margin < -band or pools[slot].margin_magnitude == 0.0:
            beyond &= ~liquidation
            ambiguous &= ~liquidation
        elif margin <= band:
            ambiguous |= beyond & liquidation
            beyond &= ~liquidation
    return beyond, ambiguous


@_compiled
def _level_after(level: int, boundaries: int, transitions: Any) -> int:
    enter = 0
    leave = 0
    for switch in range(4):
        kinds = boundaries >> (4 * switch)
        if kinds & ENTER_BITS:
            enter |= 1 << switch
        if kinds & EXIT_BITS:
            leave |= 1 << switch
    return transitions[level + 1, enter, leave]  # type: ignore[no-any-return]


@_inlined
def _stays(slot: int, collateral: float, margin: float, high: float, low: float, pools: Any, thresholds: Any) -> bool:
    """Whether the level surely stays, judged on running figures: no switch above goes on, the one that is on stays on.

    Needs C > 0, where slack rises with the ratio `t`, so that the loosest boundary above stands for all of them.
    """
    level = pools[slot].level
    if level < 0 or not collateral > 0.0 or pools[slot].flags & NEEDS_MARGIN:
        return False
    row = pools[slot].switch_set
    wide = pools[slot].wide
    scaled_collateral = pools[slot].collateral_factor * collateral
    scaled_margin = pools[slot].margin_factor * margin
    headroom = scaled_collateral - scaled_margin
    # A figure that is off is NaN: it compares as "not reached".
    if thresholds[row, level, ABOVE_RATIO] * scaled_collateral - scaled_margin <= wide:
        return False
    if headroom - thresholds[row, level, ABOVE_BUFFER] * high <= wide:
        return False
    if level == 0:
        return True
    if thresholds[row, level, EXIT_RATIO] * scaled_collateral - scaled_margin < -wide:
        return True
    return headroom - thresholds[row, level, EXIT_BUFFER] * low < -wide  # type: ignore[no-any-return]


@_compiled
def _order_key(slot: int, collateral: float, margin: float, stress: float, pools: Any) -> float:
    """Headroom over max(A, b*M): the less, the worse (contract 1)."""
    scaled_margin = pools[slot].margin_factor * margin
    headroom = pools[slot].collateral_factor * collateral - scaled_margin
    size = max(stress, scaled_margin)
    if size > 0.0:
        return headroom / size  # type: ignore[no-any-return]
    if headroom > 0.0:
        return np.inf
    return -np.inf if headroom < 0.0 else 0.0


@_compiled
def assess(slots: Any, pools: Any, legs: Any, cells: Any, drivers: Any, schedules: Any, pieces: Any, programs: Any, nodes: Any,
           scales: Any, scratch: Any, thresholds: Any, figures: Any, masks: Any) -> None:  # fmt: skip
    """Value pools exactly: C, M, I, A and the order key into `figures`, reached and doubtful boundaries into `masks`.

    NaN and no boundary for a pool that lacks a price.
    """
    for index in range(slots.shape[0]):
        slot = slots[index]
        masks[index, 0] = 0
        masks[index, 1] = 0
        if pools[slot].missing > 0:
            for column in range(5):
                figures[index, column] = np.nan
            continue
        _fill_cells(slot, pools, legs, cells, drivers, schedules, pieces)
        collateral, margin, initial, stress, _ = _fold(
            slot, pools, cells, drivers, schedules, pieces, programs, nodes, scales, scratch
        )
        figures[index, 0] = collateral
        figures[index, 1] = margin
        figures[index, 2] = initial
        figures[index, 3] = stress
        figures[index, 4] = _order_key(slot, collateral, margin, stress, pools)
        masks[index, 0], masks[index, 1] = _boundaries(slot, collateral, margin, stress, pools, thresholds)


@_compiled
def _settle(slot: int, row: int, count: int, pools: Any, legs: Any, cells: Any, drivers: Any, schedules: Any, pieces: Any,
            programs: Any, nodes: Any, scales: Any, scratch: Any, thresholds: Any, transitions: Any, changes: Any,
            figures: Any) -> int:  # fmt: skip
    """Value a pool exactly and decide it as far as floats may: a rise is written down, a fall or a doubt is a candidate."""
    _fill_cells(slot, pools, legs, cells, drivers, schedules, pieces)
    collateral, margin, initial, stress, _ = _fold(
        slot, pools, cells, drivers, schedules, pieces, programs, nodes, scales, scratch
    )
    beyond, ambiguous = _boundaries(slot, collateral, margin, stress, pools, thresholds)
    level = pools[slot].level
    least = _level_after(level, beyond, transitions)
    most = _level_after(level, beyond | ambiguous, transitions)
    if least == most == level or (most <= level and pools[slot].flags & HELD):
        return _NO_CHANGE
    if least != most or least < level:
        return _CANDIDATE
    pools[slot].level = least
    pools[slot].flags &= ~HELD
    changes[count, 0] = row
    changes[count, 1] = slot
    changes[count, 2] = level
    changes[count, 3] = least
    figures[count, 0] = collateral
    figures[count, 1] = margin
    figures[count, 2] = initial
    figures[count, 3] = stress
    figures[count, 4] = _order_key(slot, collateral, margin, stress, pools)
    return _CHANGED


@_inlined
def _follows(slot: int, leg: int, old: float, new: float, weight: float, pools: Any, legs: Any, cells: Any, drivers: Any,
             schedules: Any, pieces: Any, programs: Any, nodes: Any, scales: Any, scratch: Any,
             thresholds: Any) -> bool:  # fmt: skip
    """Move a pool's running figures along with one driver; whether there is surely nothing to decide."""
    if pools[slot].missing > 0 or pools[slot].flags & SUSPENDED:
        pools[slot].updates = UPDATE_LIMIT
        return True
    if pools[slot].updates >= UPDATE_LIMIT or pools[slot].flags & FULL:
        return False
    start = pools[slot].leg_start
    first = pools[slot].cell_start
    while leg >= 0:
        if legs[leg].form == RECIPROCAL:
            _move_leg(leg, leg - start, first, 1.0 / old, 1.0 / new, -weight, legs, cells, schedules, pieces)
        else:
            _move_leg(leg, leg - start, first, old, new, weight, legs, cells, schedules, pieces)
        pools[slot].updates += 1
        leg = legs[leg].next_leg
    collateral, margin, _, high, low = _fold(slot, pools, cells, drivers, schedules, pieces, programs, nodes, scales, scratch)
    return _stays(slot, collateral, margin, high, low, pools, thresholds)


@_compiled
def walk(tick_drivers: Any, tick_prices: Any, start: int, pools: Any, legs: Any, cells: Any, drivers: Any, holders: Any,
         schedules: Any, pieces: Any, programs: Any, nodes: Any, scales: Any, scratch: Any, thresholds: Any, transitions: Any,
         changes: Any, figures: Any, candidates: Any) -> tuple[int, int, int, int]:  # fmt: skip
    """Apply prices row by row until something needs the caller.

    Returns what stopped it, the row, and how many changes and candidates were written. DONE: all rows applied.
    RANGE_LEFT: the row's driver has no price yet or leaves its range, the row is not applied. BUFFER_FULL: no room for
    the row's changes, it is not applied. CANDIDATES: the row is applied, and pools wait for the reference.
    """
    count = 0
    waiting = 0
    for row in range(start, tick_drivers.shape[0]):
        driver = tick_drivers[row]
        new = tick_prices[row]
        old = drivers[driver].price
        if new == old:
            continue
        if not (drivers[driver].low <= abs(new) <= drivers[driver].high):
            return RANGE_LEFT, row, count, waiting
        first_holder = drivers[driver].holder_start
        end_holder = first_holder + drivers[driver].holder_count
        if count + end_holder - first_holder > changes.shape[0]:
            return BUFFER_FULL, row, count, waiting
        drivers[driver].price = new
        weight = drivers[driver].weight
        for holder in range(first_holder, end_holder):
            slot = holders[holder, HOLDER_SLOT]
            if _follows(
                slot, holders[holder, HOLDER_LEG], old, new, weight, pools, legs, cells, drivers, schedules, pieces, programs,
                nodes, scales, scratch, thresholds,
            ):  # fmt: skip
                continue
            verdict = _settle(
                slot, row, count, pools, legs, cells, drivers, schedules, pieces, programs, nodes, scales, scratch, thresholds,
                transitions, changes, figures,
            )  # fmt: skip
            if verdict == _CHANGED:
                count += 1
            elif verdict == _CANDIDATE:
                candidates[waiting] = slot
                waiting += 1
        if waiting > 0:
            return CANDIDATES, row, count, waiting
    return DONE, tick_drivers.shape[0], count, waiting


@_compiled
def _schedule_magnitude(x: float, schedule: int, schedules: Any, pieces: Any) -> float:
    """The largest `|slope| * x + |offset|` over the pieces that meet [-x, x]."""
    first = schedules[schedule, 0]
    end = first + schedules[schedule, 1]
    largest = 0.0
    for row in range(first, end):
        starts_above = row > first and pieces[row, 0] > x
        ends_below = row + 1 < end and pieces[row + 1, 0] < -x
        if not starts_above and not ends_below:
            largest = max(largest, abs(pieces[row, 1]) * x + abs(pieces[row, 2]))
    return largest


@_compiled
def _leg_magnitudes(slot: int, pools: Any, legs: Any, cells: Any, drivers: Any, schedules: Any, pieces: Any, programs: Any,
                    scales: Any, scratch: Any) -> float:  # fmt: skip
    """Sums of absolute terms of the cells after legs into `scratch`; returns those of the exposures."""
    first = pools[slot].cell_start
    stress = 0.0
    for place in range(pools[slot].cell_count):
        scratch[place] = abs(cells[first + place, BASE])
    start = pools[slot].leg_start
    for leg in range(start, start + pools[slot].leg_count):
        driver = legs[leg].driver
        price = 1.0 / drivers[driver].low if legs[leg].form == RECIPROCAL else drivers[driver].high
        value = abs(legs[leg].quantity) * price
        if legs[leg].value_cell >= 0:
            scratch[legs[leg].value_cell] += value
            exposure = abs(drivers[driver].weight) * value
            scale = -1
            if pools[slot].program >= 0:
                scale = scales[programs[pools[slot].program, 2] + legs[leg].value_cell]
            stress += exposure if scale < 0 else exposure * drivers[scale].high
        if legs[leg].margin_cell >= 0:
            scratch[legs[leg].margin_cell] += abs(legs[leg].extra_margin) * price
            if legs[leg].schedule >= 0:
                scratch[legs[leg].margin_cell] += _schedule_magnitude(value, legs[leg].schedule, schedules, pieces)
        if legs[leg].initial_cell >= 0:
            scratch[legs[leg].initial_cell] += abs(legs[leg].initial_rate) * price
    return stress


@_compiled
def _node_magnitudes(index: int, drivers: Any, schedules: Any, pieces: Any, nodes: Any, scratch: Any) -> float:
    source = nodes[index].source_cell
    target = nodes[index].target_cell
    schedule = nodes[index].schedule
    scale = nodes[index].scale
    factor = abs(nodes[index].weight)
    if scale >= 0:
        factor *= drivers[scale].high
    if nodes[index].mode == 1:
        x = scratch[source]
        for place in range(1, nodes[index].width):
            x = max(x, scratch[source + place])
        scratch[target] += factor * (_schedule_magnitude(x, schedule, schedules, pieces) if schedule >= 0 else x)
        return 0.0
    stress = 0.0
    for place in range(nodes[index].width):
        x = scratch[source + place]
        if schedule >= 0:
            x = _schedule_magnitude(x, schedule, schedules, pieces)
        scratch[target + place] += factor * x
        if target + place == 0 and scale >= 0:
            stress += abs(drivers[scale].weight) * factor * x
    return stress


@_compiled
def measure(slots: Any, pools: Any, legs: Any, cells: Any, drivers: Any, schedules: Any, pieces: Any, programs: Any, nodes: Any,
            scales: Any, scratch: Any, thresholds: Any) -> None:  # fmt: skip
    """The error bands of pools: magnitudes at the far end of every driver's range, and the band of running figures.

    A running figure carries four roundings an update more than an exact one. Pools that lack a price are left alone.
    """
    for index in range(slots.shape[0]):
        slot = slots[index]
        pools[slot].updates = UPDATE_LIMIT
        if pools[slot].missing > 0:
            continue
        stress = _leg_magnitudes(slot, pools, legs, cells, drivers, schedules, pieces, programs, scales, scratch)
        program = pools[slot].program
        if program >= 0:
            for node in range(programs[program, 0], programs[program, 0] + programs[program, 1]):
                stress += _node_magnitudes(node, drivers, schedules, pieces, nodes, scratch)
        pools[slot].collateral_magnitude = scratch[0]
        pools[slot].margin_magnitude = scratch[1]
        pools[slot].stress_magnitude = stress
        row = pools[slot].switch_set
        size = (
            thresholds[row, 0, LARGEST_RATIO] * pools[slot].collateral_factor * scratch[0]
            + pools[slot].margin_factor * scratch[1]
            + thresholds[row, 0, LARGEST_BUFFER] * stress
        )
        steps = 2.0 * pools[slot].operations + 4.0 * (UPDATE_LIMIT + pools[slot].leg_count)
        pools[slot].wide = steps * UNIT_ROUNDOFF * size + pools[slot].rounding


def compile_all() -> None:
    """Compile every kernel for the one set of types in use, or load it from the cache on disk."""
    int4 = numba.types.Array(numba.int32, 2, "C")
    floats = numba.types.Array(numba.float64, 2, "C")
    slots = numba.types.Array(numba.int32, 1, "C")
    prices = numba.types.Array(numba.float64, 1, "C")
    thresholds = numba.types.Array(numba.float64, 3, "C")
    transitions = numba.types.Array(numba.int32, 3, "C")
    pools, legs, drivers, nodes = (numba.types.Array(numba.from_dtype(dtype), 1, "C") for dtype in (POOL, LEG, DRIVER, NODE))
    state = (pools, legs, floats, drivers)
    rules = (int4, floats, int4, nodes, slots, prices, thresholds)
    for kernel, types in (
        (measure, (slots, *state, *rules)),
        (assess, (slots, *state, *rules, floats, int4)),
        (walk, (slots, prices, numba.int64, *state, int4, *rules, transitions, int4, floats, slots)),
    ):
        cast(Any, kernel).compile(types)


__all__ = ["assess", "compile_all", "measure", "walk"]
