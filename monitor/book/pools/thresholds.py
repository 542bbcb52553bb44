"""Switch sets as rows of floats, and the level rule as a table that the kernel reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monitor.book.pools.layout import (
    ABOVE_BUFFER,
    ABOVE_RATIO,
    ENTER_BUFFER,
    ENTER_RATIO,
    EXIT_BUFFER,
    EXIT_RATIO,
    LARGEST_BUFFER,
    LARGEST_RATIO,
    LEVELS,
    THRESHOLD_WIDTH,
)
from monitor.domain.level import SWITCHES, next_level
from monitor.domain.profile import Band, SwitchSet


def threshold_rows(switch_sets: Sequence[SwitchSet]) -> npt.NDArray[np.float64]:
    """One row a switch set and level; NaN where a boundary is off."""
    rows = np.full((max(len(switch_sets), 1), LEVELS, THRESHOLD_WIDTH), np.nan)
    for index, switch_set in enumerate(switch_sets):
        for level in SWITCHES:
            switch = switch_set.switch(level)
            _put(rows[index, level], switch.ratio, ENTER_RATIO, EXIT_RATIO)
            _put(rows[index, level], switch.buffer, ENTER_BUFFER, EXIT_BUFFER)
        for place in range(LEVELS):
            above = rows[index, place + 1 :]
            rows[index, place, ABOVE_RATIO] = _loosest(above[:, ENTER_RATIO], smallest=True)
            rows[index, place, ABOVE_BUFFER] = _loosest(above[:, ENTER_BUFFER], smallest=False)
        rows[index, 0, LARGEST_RATIO] = np.nanmax([1.0, *rows[index, 1:, ENTER_RATIO], *rows[index, 1:, EXIT_RATIO]])
        rows[index, 0, LARGEST_BUFFER] = np.nanmax([0.0, *rows[index, 1:, ENTER_BUFFER], *rows[index, 1:, EXIT_BUFFER]])
    return rows


def transition_table() -> npt.NDArray[np.int32]:
    """`next_level` over all its arguments: [level + 1, enter mask / 2, exit mask / 2]."""
    table = np.zeros((LEVELS + 1, 16, 16), np.int32)
    for level in range(-1, LEVELS):
        for enter in range(16):
            for leave in range(16):
                table[level + 1, enter, leave] = next_level(level, enter << 1, leave << 1)
    return table


def _put(row: npt.NDArray[np.float64], band: Band | None, enter: int, leave: int) -> None:
    if band is not None:
        row[enter] = float(band.enter)
        row[leave] = float(band.leave)


def _loosest(figures: npt.NDArray[np.float64], *, smallest: bool) -> float:
    known = figures[~np.isnan(figures)]
    if len(known) == 0:
        return float("nan")
    return float(known.min() if smallest else known.max())
