"""Proof that the columns fit together, for tests, for stress runs and for the auditor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from monitor.book.pools.arena import Arena, room_for
from monitor.book.pools.columns import Columns
from monitor.book.pools.layout import FREE, FULL, HOLDER_ENTRY, HOLDER_SLOT, LIVE, NONE, RECIPROCAL, UPDATE_LIMIT
from monitor.book.pools.programs import Programs
from monitor.book.pools.schedules import Schedules
from monitor.domain.errors import InvariantBroken

_Blocks = list[tuple[int, int]]


def check_columns(columns: Columns, schedules: Schedules, programs: Programs, slots: int, free: list[int]) -> None:
    """Raises `InvariantBroken` with the first statement that does not hold."""
    flags = columns.pools["flags"][:slots]
    live = np.flatnonzero(flags & LIVE).tolist()
    _require(sorted([*live, *free]) == list(range(slots)), "live and free slots make up all slots, each once")
    for slot in live:
        _check_pool(columns, slot)
    _check_holders(columns)
    _check_programs(columns, programs, live)
    pools = columns.pools[live]
    for name, arena in (("leg", columns.legs), ("cell", columns.cells), ("entry", columns.entries)):
        _check_blocks(name, arena, zip(pools[f"{name}_start"].tolist(), pools[f"{name}_count"].tolist(), strict=True))
    drivers = columns.drivers
    _check_blocks(
        "holder", columns.holders, zip(drivers["holder_start"].tolist(), drivers["holder_room"].tolist(), strict=True)
    )
    _check_blocks("piece", columns.pieces, schedules.blocks())


def _check_pool(columns: Columns, slot: int) -> None:
    pool = columns.pools[slot]
    _require(-1 <= pool["level"] <= 4, f"slot {slot}: level {pool['level']}")
    start, count = int(pool["entry_start"]), int(pool["entry_count"])
    held = columns.entries.rows[start : start + count, 0].tolist()
    _require(len(set(held)) == count, f"slot {slot}: each driver is entered once")
    _require(int(np.isnan(columns.drivers["price"][held]).sum()) == pool["missing"], f"slot {slot}: missing {pool['missing']}")
    for entry, (driver, place) in enumerate(columns.entries.rows[start : start + count].tolist(), start):
        row = columns.drivers[driver]
        _require(0 <= place < row["holder_count"], f"slot {slot}: place {place} among the holders of driver {driver}")
        holder = columns.holders.rows[int(row["holder_start"]) + place].tolist()
        _require(holder[HOLDER_SLOT] == slot and holder[HOLDER_ENTRY] == entry, f"slot {slot}: entry {entry} leads back")
        _check_chain(columns, slot, driver, holder[1])
    legs = columns.legs.rows[int(pool["leg_start"]) : int(pool["leg_start"]) + int(pool["leg_count"])]
    _require(bool(np.all(legs["slot"] == slot) and np.all(legs["form"] != FREE)), f"slot {slot}: its legs are its own")
    _require(set(legs["driver"].tolist()) <= set(held), f"slot {slot}: the drivers of its legs are entered")
    if pool["missing"] == 0 and pool["updates"] < UPDATE_LIMIT and not pool["flags"] & FULL:
        _check_running(columns, slot)


def _check_chain(columns: Columns, slot: int, driver: int, first: int) -> None:
    """The chain of a driver's legs holds exactly the pool's legs on that driver, in order."""
    pool = columns.pools[slot]
    start, count = int(pool["leg_start"]), int(pool["leg_count"])
    expected = [leg for leg in range(start, start + count) if columns.legs.rows[leg]["driver"] == driver]
    chain: list[int] = []
    while first != NONE and len(chain) <= count:
        chain.append(first)
        first = int(columns.legs.rows[first]["next_leg"])
    _require(chain == expected, f"slot {slot}: legs on driver {driver} are {expected}, the chain says {chain}")


def _check_running(columns: Columns, slot: int) -> None:
    """The running value of C's and M's cells lies within the wide band of a sum made afresh."""
    pool = columns.pools[slot]
    first = int(pool["cell_start"])
    fresh = columns.cells.rows[first : first + int(pool["cell_count"]), 0].copy()
    start = int(pool["leg_start"])
    for leg in columns.legs.rows[start : start + int(pool["leg_count"])]:
        if leg["value_cell"] >= 0:
            price = columns.drivers[leg["driver"]]["price"]
            fresh[leg["value_cell"]] += leg["quantity"] * (1.0 / price if leg["form"] == RECIPROCAL else price)
        if leg["margin_cell"] >= 0:
            fresh[leg["margin_cell"]] += leg["margin"]
    if pool["program"] == NONE:
        for place in (0, 1):
            drift = abs(float(columns.cells.rows[first + place, 1]) - float(fresh[place]))
            _require(drift <= pool["wide"], f"slot {slot}: cell {place} drifted by {drift}, its band is {pool['wide']}")


def _check_holders(columns: Columns) -> None:
    """No list holds a pool twice or one that is gone."""
    for driver, row in enumerate(columns.drivers):
        start, count = int(row["holder_start"]), int(row["holder_count"])
        slots = columns.holders.rows[start : start + count, HOLDER_SLOT]
        _require(count <= row["holder_room"], f"driver {driver}: {count} holders in {row['holder_room']} rows")
        _require(len(np.unique(slots)) == count, f"driver {driver}: a pool is listed twice")
        _require(bool(np.all(columns.pools["flags"][slots] & LIVE)), f"driver {driver}: a removed pool is listed")


def _check_programs(columns: Columns, programs: Programs, live: list[int]) -> None:
    counted = Counter(program for program in columns.pools["program"][live].tolist() if program != NONE)
    known = {index: users for index, users, _, _ in programs.users()}
    _require(known == dict(counted), f"programs are used by {dict(counted)}, counted as {known}")
    rows = columns.programs
    nodes = [(int(rows[index, 0]), count) for index, _, count, _ in programs.users()]
    scales = [(int(rows[index, 2]), cells) for index, _, _, cells in programs.users()]
    _check_blocks("node", columns.nodes, nodes)
    _check_blocks("scale", columns.scales, scales)


def _check_blocks(name: str, arena: Arena, used: Iterable[tuple[int, int]]) -> None:
    """Blocks in use and free blocks tile the rows handed out: none twice, none lost."""
    taken: _Blocks = [(start, room_for(count)) for start, count in used if count]
    end = 0
    for start, room in sorted(taken + arena.free_blocks()):
        _require(start == end, f"{name} blocks: expected one at {end}, found {start}")
        end = start + room
    _require(end == arena.used, f"{name} blocks end at {end}, {arena.used} rows were handed out")


def _require(holds: bool, statement: str) -> None:
    if not holds:
        raise InvariantBroken(f"pool book: {statement}")
