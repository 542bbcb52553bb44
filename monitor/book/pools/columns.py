"""All arrays of the pool book in one place, handed to the kernels in their order of arguments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monitor.book.pools.arena import Arena, Rows
from monitor.book.pools.layout import CELL_WIDTH, DRIVER, ENTRY_WIDTH, HOLDER_WIDTH, LEG, NODE, POOL
from monitor.book.pools.thresholds import threshold_rows, transition_table
from monitor.domain.profile import SwitchSet

Slots = npt.NDArray[np.int32]


def grown(rows: Rows, needed: int) -> Rows:
    """The array itself when it has `needed` rows, else a copy of at least twice its length."""
    if needed <= len(rows):
        return rows
    larger = np.zeros((max(needed, 2 * len(rows)), *rows.shape[1:]), rows.dtype)
    larger[: len(rows)] = rows
    return larger


class Columns:
    """The columns of pools, legs, cells, drivers, holders, entries, schedules and programs."""

    def __init__(self, switch_sets: Sequence[SwitchSet]) -> None:
        self.pools: Rows = np.zeros(64, POOL)
        self.drivers: Rows = np.zeros(64, DRIVER)
        self.schedules: Rows = np.zeros((64, 2), np.int32)
        self.programs: Rows = np.zeros((64, 3), np.int32)
        self.scratch: npt.NDArray[np.float64] = np.zeros(64)
        self.legs = Arena(LEG)
        self.cells = Arena(np.float64, CELL_WIDTH)
        self.holders = Arena(np.int32, HOLDER_WIDTH)
        self.entries = Arena(np.int32, ENTRY_WIDTH)
        self.pieces = Arena(np.float64, 3)
        self.nodes = Arena(NODE)
        self.scales = Arena(np.int32)
        self.thresholds = threshold_rows(switch_sets)
        self.transitions = transition_table()

    def state(self) -> tuple[Rows, Rows, Rows, Rows]:
        """Pools, legs, cells, drivers."""
        return self.pools, self.legs.rows, self.cells.rows, self.drivers

    def rules(self) -> tuple[Rows, Rows, Rows, Rows, Rows, Rows, Rows]:
        """Schedules, pieces, programs, nodes, scales, scratch, thresholds."""
        return (
            self.schedules,
            self.pieces.rows,
            self.programs,
            self.nodes.rows,
            self.scales.rows,
            self.scratch,
            self.thresholds,
        )
