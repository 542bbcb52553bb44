"""Schedules that pools share: tier tables, haircuts, bid and ask kinks. Replaced in place, never copied per pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from monitor.book.pools.columns import Columns, grown
from monitor.domain.errors import InvariantBroken
from monitor.rules.tape import Piece, ScheduleKey


class Schedules:
    """Names schedules by their key and keeps their pieces in the columns."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._ids: dict[ScheduleKey, int] = {}

    def put(self, key: ScheduleKey, pieces: Sequence[Piece]) -> int:
        """Set or replace a schedule; returns its id, which stays the same for good."""
        if not pieces or any(after.start <= before.start for before, after in pairwise(pieces)):
            raise InvariantBroken(f"schedule {'/'.join(key)} needs pieces in rising order, got {len(pieces)}")
        columns = self._columns
        index = self._ids.setdefault(key, len(self._ids))
        columns.schedules = grown(columns.schedules, index + 1)
        start, count = (int(value) for value in columns.schedules[index])
        columns.pieces.give_back(start, count)
        start = columns.pieces.take(len(pieces))
        columns.pieces.rows[start : start + len(pieces)] = [(float(x), float(slope), float(at)) for x, slope, at in pieces]
        columns.schedules[index] = (start, len(pieces))
        return index

    def find(self, key: ScheduleKey | None) -> int:
        """The id of a schedule, -1 for none; raises `InvariantBroken` for one that was never set."""
        if key is None:
            return -1
        index = self._ids.get(key)
        if index is None:
            raise InvariantBroken(f"a tape names the schedule {'/'.join(key)}, which was never set")
        return index

    def blocks(self) -> Iterator[tuple[int, int]]:
        """The blocks in use, for the check of invariants."""
        for index in range(len(self._ids)):
            yield int(self._columns.schedules[index, 0]), int(self._columns.schedules[index, 1])
