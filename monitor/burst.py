"""One driver's prices while the inbox coalesces: first, low, high and last, in the order received (contract 2)."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import NamedTuple


class Row(NamedTuple):
    """One price as received; `order` counts receipts, so that low and high keep their places."""

    order: int
    price: float
    ts_event_ns: int
    ts_recv_ns: int
    lane: int


@dataclass(slots=True)
class Burst:
    """What is kept of any number of prices of one driver: no crossing is hidden, since the extremes are walked through.

    `offsets` are the first and last offset by lane: a driver may be told by more than one, and an offset means nothing in
    another lane.
    """

    offset: InitVar[int]
    first: Row
    low: Row = field(init=False)
    high: Row = field(init=False)
    last: Row = field(init=False)
    offsets: dict[int, tuple[int, int]] = field(init=False)
    count: int = 1

    def __post_init__(self, offset: int) -> None:
        self.low = self.high = self.last = self.first
        self.offsets = {self.first.lane: (offset, offset)}

    def add(self, row: Row, offset: int) -> None:
        """Take one more price."""
        self.last = row
        first_offset, _ = self.offsets.get(row.lane, (offset, offset))
        self.offsets[row.lane] = (first_offset, offset)
        self.count += 1
        if row.price < self.low.price:
            self.low = row
        if row.price > self.high.price:
            self.high = row

    def rows(self) -> list[Row]:
        """One to four rows, each a tick of its own, in the order received."""
        return sorted({self.first, self.low, self.high, self.last})
