"""Inputs of the engine: the clock, one domain event, or a batch of prices (contract 2). Each takes the next seq."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from monitor.domain.events import (
    AccountEventType,
    ClockOffset,
    DriverDeclared,
    Heartbeat,
    ValuationStarted,
    VenueStatus,
)
from monitor.domain.tables import TableChanged


@dataclass(frozen=True, slots=True)
class ClockAdvanced:
    """Engine time moves to `now_ns`; enters at the tail of the inbox every 100 ms."""

    now_ns: int


@dataclass(frozen=True, slots=True)
class PriceBatch:
    """Prices in the order received, in columns of one length; each row is a tick with a seq of its own.

    `driver` int32 index; `price` float64 nearest to the printed decimal, finite; `ts_event_ns`, `ts_recv_ns` int64;
    `lane` int32 index into `lanes`, the (topic, partition) the row was read from; `offset_first`, `offset_last` int64 and
    `count` int32: a row that stands for one received price has count 1 and equal offsets. While the inbox coalesces, the
    one to four rows of a burst (first, low, high, last) come one after the other, share the burst's offsets, and the first of
    them carries the count of received prices, the others 0.
    """

    lanes: tuple[tuple[str, int], ...]
    driver: array[int] = field(default_factory=lambda: array("i"))
    price: array[float] = field(default_factory=lambda: array("d"))
    ts_event_ns: array[int] = field(default_factory=lambda: array("q"))
    ts_recv_ns: array[int] = field(default_factory=lambda: array("q"))
    lane: array[int] = field(default_factory=lambda: array("i"))
    offset_first: array[int] = field(default_factory=lambda: array("q"))
    offset_last: array[int] = field(default_factory=lambda: array("q"))
    count: array[int] = field(default_factory=lambda: array("i"))

    def __len__(self) -> int:
        return len(self.driver)

    def slice(self, start: int, stop: int) -> PriceBatch:
        """The rows from `start` up to `stop`, with the same lanes."""
        return PriceBatch(
            self.lanes,
            self.driver[start:stop],
            self.price[start:stop],
            self.ts_event_ns[start:stop],
            self.ts_recv_ns[start:stop],
            self.lane[start:stop],
            self.offset_first[start:stop],
            self.offset_last[start:stop],
            self.count[start:stop],
        )


DomainEvent = AccountEventType | Heartbeat | VenueStatus | TableChanged | DriverDeclared | ClockOffset | ValuationStarted

Input = ClockAdvanced | PriceBatch | DomainEvent
