"""Programs: the immutable lists of nodes, interned by content, so that pools with the same assets share one."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.book.pools.columns import Columns, grown
from monitor.book.pools.layout import NONE

NodeRow = tuple[int, int, int, int, int, int, float]
"""Source cell, target cell, width, mode, schedule, scale, weight: the fields of `layout.NODE`."""


class Programs:
    """Interns programs and counts the pools that use each."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._ids: dict[tuple[int, tuple[NodeRow, ...]], int] = {}
        self._content: dict[int, tuple[int, tuple[NodeRow, ...]]] = {}
        self._users: dict[int, int] = {}
        self._free: list[int] = []

    def acquire(self, cell_count: int, nodes: tuple[NodeRow, ...]) -> int:
        """The program with this content, made at first use; one more pool uses it."""
        content = (cell_count, nodes)
        index = self._ids.get(content)
        if index is None:
            index = self._make(content)
        self._users[index] += 1
        return index

    def release(self, index: int) -> None:
        """One pool less uses the program; the last one frees it."""
        if index == NONE:
            return
        self._users[index] -= 1
        if self._users[index]:
            return
        columns = self._columns
        start, count, scale_start = (int(value) for value in columns.programs[index])
        content = self._content.pop(index)
        columns.nodes.give_back(start, count)
        columns.scales.give_back(scale_start, content[0])
        del self._ids[content], self._users[index]
        self._free.append(index)

    def using_schedule(self, schedule: int) -> list[int]:
        """The programs that name a schedule."""
        return [index for index, (_, nodes) in self._content.items() if any(node[4] == schedule for node in nodes)]

    def users(self) -> Iterator[tuple[int, int, int, int]]:
        """(program, users, nodes, cells) of each, for the check of invariants."""
        for index, (cell_count, nodes) in self._content.items():
            yield index, self._users[index], len(nodes), cell_count

    def _make(self, content: tuple[int, tuple[NodeRow, ...]]) -> int:
        cell_count, nodes = content
        columns = self._columns
        index = self._free.pop() if self._free else len(self._ids)
        columns.programs = grown(columns.programs, index + 1)
        start = columns.nodes.take(len(nodes))
        columns.nodes.rows[start : start + len(nodes)] = list(nodes)
        scale_start = columns.scales.take(cell_count)
        columns.scales.rows[scale_start : scale_start + cell_count] = [_scale_of(cell, nodes) for cell in range(cell_count)]
        columns.programs[index] = (start, len(nodes), scale_start)
        columns.scratch = grown(columns.scratch, cell_count)
        self._ids[content] = index
        self._content[index] = content
        self._users[index] = 0
        return index


def _scale_of(cell: int, nodes: tuple[NodeRow, ...]) -> int:
    """The driver that converts a cell: of the first node that reads the cell and has one, -1 without."""
    for source, _, width, _, _, scale, _ in nodes:
        if scale != NONE and source <= cell < source + width:
            return scale
    return NONE
