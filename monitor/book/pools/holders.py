"""Who holds a driver: a dense list of pools for each driver, and each pool's entries as the way back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor.book.pools.arena import room_for
from monitor.book.pools.columns import Columns, Slots
from monitor.book.pools.layout import ENTRY_PLACE, HOLDER_ENTRY, HOLDER_LEG, HOLDER_SLOT


class Holders:
    """Links pools to the drivers that they depend on; `most` is the longest list there ever was."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.most = 0

    def link(self, slot: int, links: Sequence[tuple[int, int]]) -> None:
        """Make the pool a holder of each (driver, its first leg there or -1)."""
        columns = self._columns
        start = columns.entries.take(len(links))
        pool = columns.pools[slot]
        pool["entry_start"] = start
        pool["entry_count"] = len(links)
        for entry, (driver, leg) in enumerate(links, start):
            columns.entries.rows[entry] = (driver, self._append(driver, slot, leg, entry))

    def unlink(self, slot: int) -> None:
        """Take the pool off the lists of all its drivers; the last of a list fills the gap."""
        columns = self._columns
        pool = columns.pools[slot]
        start, count = int(pool["entry_start"]), int(pool["entry_count"])
        for entry in range(start, start + count):
            driver, place = columns.entries.rows[entry].tolist()
            row = columns.drivers[driver]
            first = int(row["holder_start"])
            last = first + int(row["holder_count"]) - 1
            if first + place != last:
                moved = columns.holders.rows[last]
                columns.holders.rows[first + place] = moved
                columns.entries.rows[moved[HOLDER_ENTRY], ENTRY_PLACE] = place
            row["holder_count"] -= 1
        columns.entries.give_back(start, count)
        pool["entry_count"] = 0

    def relink(self, slot: int, links: Sequence[tuple[int, int]]) -> None:
        """The same for a pool that is a holder already; when its drivers stay the same only the legs are noted."""
        columns = self._columns
        drivers = columns.pools[slot]
        start, count = int(drivers["entry_start"]), int(drivers["entry_count"])
        entries = columns.entries.rows[start : start + count].tolist()
        if [driver for driver, _ in entries] != [driver for driver, _ in links]:
            self.unlink(slot)
            self.link(slot, links)
            return
        for (driver, place), (_, leg) in zip(entries, links, strict=True):
            columns.holders.rows[int(columns.drivers[driver]["holder_start"]) + place, HOLDER_LEG] = leg

    def of(self, driver: int) -> Slots:
        """The slots that hold a driver, each once, in no order."""
        row = self._columns.drivers[driver]
        start = int(row["holder_start"])
        slots: Slots = self._columns.holders.rows[start : start + int(row["holder_count"]), HOLDER_SLOT].astype(np.int32)
        return slots

    def _append(self, driver: int, slot: int, leg: int, entry: int) -> int:
        columns = self._columns
        row = columns.drivers[driver]
        place = int(row["holder_count"])
        if place == int(row["holder_room"]):
            self._enlarge(driver, place)
        columns.holders.rows[int(row["holder_start"]) + place] = (slot, leg, entry)
        row["holder_count"] = place + 1
        self.most = max(self.most, place + 1)
        return place

    def _enlarge(self, driver: int, count: int) -> None:
        """Move a driver's list to the next larger block. Places count from its start, so that no entry changes."""
        columns = self._columns
        row = columns.drivers[driver]
        old = int(row["holder_start"])
        room = room_for(count + 1)
        start = columns.holders.take(room)
        columns.holders.rows[start : start + count] = columns.holders.rows[old : old + count]
        columns.holders.give_back(old, int(row["holder_room"]))
        row["holder_start"] = start
        row["holder_room"] = room
