"""Blocks of rows in one growing array, with a free list for each size class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]


def room_for(count: int) -> int:
    """The size class of a block: 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, ... rows."""
    if count <= 3:
        return count
    power = 1 << (count - 1).bit_length()
    return power * 3 // 4 if count <= power * 3 // 4 else power


class Arena:
    """Hands out blocks of rows. `rows` is replaced when it grows (by doubling), so it is read anew for each use."""

    def __init__(self, dtype: Any, width: int | None = None) -> None:
        self._width = width
        self.rows: Rows = np.zeros(self._shape(64), dtype)
        self._used = 0
        self._free: dict[int, list[int]] = {}

    def take(self, count: int) -> int:
        """The first row of a block with room for `count` rows, 0 for none. Its content is what was left there."""
        room = room_for(count)
        if room == 0:
            return 0
        free = self._free.get(room)
        if free:
            return free.pop()
        start = self._used
        self._used += room
        if self._used > len(self.rows):
            grown = np.zeros(self._shape(max(self._used, 2 * len(self.rows))), self.rows.dtype)
            grown[:start] = self.rows[:start]
            self.rows = grown
        return start

    def give_back(self, start: int, count: int) -> None:
        """Return the block that was taken for `count` rows (or any count of the same size class)."""
        room = room_for(count)
        if room:
            self._free.setdefault(room, []).append(start)

    def free_blocks(self) -> list[tuple[int, int]]:
        """Every free block as (start, rows): for the check of invariants."""
        return [(start, room) for room, starts in self._free.items() for start in starts]

    @property
    def used(self) -> int:
        """How many rows were ever handed out."""
        return self._used

    def _shape(self, rows: int) -> tuple[int, ...]:
        return (rows,) if self._width is None else (rows, self._width)
