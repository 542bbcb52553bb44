"""The inbox: the bounded way into the engine. It implements the `Inbox` port that connectors write to.

Overflow policy: up to the high-water mark every price is kept in order of arrival; above it prices coalesce per driver into
first, low, high and last, at the tail. Events are never coalesced or dropped: their readers wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from monitor.burst import Burst, Row
from monitor.domain.errors import BadInput
from monitor.domain.events import OWN_SOURCE, AccountGap, DriverDeclared
from monitor.domain.ids import DriverKey, SourcePosition
from monitor.domain.inputs import ClockAdvanced, DomainEvent, Input, PriceBatch

log = structlog.get_logger(__name__)

Item = tuple[Input, SourcePosition | None]


class EngineInbox:
    """A queue of price batches and events in order of arrival, with a tail of coalesced prices when it runs over."""

    def __init__(self, *, high_water: int, event_capacity: int, now_ns: Callable[[], int], epoch: int) -> None:
        self._high_water = high_water
        self._event_capacity = event_capacity
        self._now_ns = now_ns
        self._epoch = epoch
        self._items: deque[Item] = deque()
        self._open: PriceBatch | None = None
        self._bursts: dict[int, Burst] = {}
        self._order = 0
        self._rows = 0
        self._events = 0
        self._drivers: dict[DriverKey, int] = {}
        self._lanes: dict[tuple[str, int], int] = {}
        self._lane_names: tuple[tuple[str, int], ...] = ()
        self._own_seq: dict[str, int] = {}
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.refused: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        """How many inputs wait: price rows, coalesced drivers and events."""
        return self._rows + len(self._bursts) + self._events

    @property
    def is_coalescing(self) -> bool:
        """Whether prices are being coalesced right now."""
        return bool(self._bursts)

    # ---- what connectors call

    def driver(self, key: DriverKey) -> int:
        """The index of a driver; its first mention declares it, ahead of its first price."""
        known = self._drivers.get(key)
        if known is None:
            known = self._drivers[key] = len(self._drivers)
            self._append(DriverDeclared(index=known, key=key), None)
        return known

    def lane(self, topic: str, partition: int) -> int:
        """The index of a (topic, partition) that prices are read from."""
        known = self._lanes.get((topic, partition))
        if known is None:
            known = self._lanes[topic, partition] = len(self._lanes)
            self._lane_names = (*self._lane_names, (topic, partition))
            self._close_batch()
        return known

    def put_price(self, driver: int, price: float, ts_event_ns: int, ts_recv_ns: int, lane: int, offset: int) -> None:
        """Hand over one price; never waits."""
        if self._bursts or self._rows >= self._high_water:
            self._coalesce(driver, price, ts_event_ns, ts_recv_ns, lane, offset)
            return
        batch = self._open
        if batch is None:
            batch = self._open = PriceBatch(self._lane_names)
            self._items.append((batch, None))
            self._arrived.set()
        batch.driver.append(driver)
        batch.price.append(price)
        batch.ts_event_ns.append(ts_event_ns)
        batch.ts_recv_ns.append(ts_recv_ns)
        batch.lane.append(lane)
        batch.offset_first.append(offset)
        batch.offset_last.append(offset)
        batch.count.append(1)
        self._rows += 1

    async def put(self, event: DomainEvent, position: SourcePosition | None = None) -> None:
        """Hand over one event; waits while the inbox is full of events."""
        while self._events >= self._event_capacity:
            self._room.clear()
            await self._room.wait()
        self._append(event, position)

    def refuse(self, error: BadInput, position: SourcePosition | None = None, account: str | None = None) -> None:
        """Count and log what could not be read; the account it concerned, when known, gets a gap."""
        key = (error.source, error.code)
        self.refused[key] = self.refused.get(key, 0) + 1
        log.warning(
            "record_refused",
            source=error.source,
            field=error.field,
            value=str(error.value)[:200],
            reason=error.reason,
            account=account,
            topic=position.topic if position else None,
            partition=position.partition if position else None,
            offset=position.offset if position else None,
        )
        if account is not None:
            self._append(self._gap(account, error), position)

    # ---- what the daemon calls

    def advance_clock(self, now_ns: int) -> None:
        """Put the clock at the tail, where the inputs that arrived before it stand ahead of it."""
        self._append(ClockAdvanced(now_ns), None)

    def put_now(self, event: DomainEvent) -> None:
        """Put an event of our own (tables from files at the start) at the tail, whatever waits."""
        self._append(event, None)

    async def wait(self) -> None:
        """Return once there is something to take."""
        await self._arrived.wait()

    def take(self) -> list[Item]:
        """All that waits, in order; coalesced prices come last, each as its one to four distinct values."""
        if self._bursts:
            self._flush_bursts()
        items = list(self._items)
        self._items.clear()
        self._open = None
        self._rows = self._events = 0
        self._arrived.clear()
        self._room.set()
        return items

    # ---- inside

    def _append(self, event: Input, position: SourcePosition | None) -> None:
        self._close_batch()
        self._items.append((event, position))
        self._events += 1
        self._arrived.set()

    def _close_batch(self) -> None:
        self._open = None

    def _gap(self, account: str, error: BadInput) -> AccountGap:
        number = self._own_seq[account] = self._own_seq.get(account, 0) + 1
        now_ns = self._now_ns()
        return AccountGap(
            account=account,
            event_id=f"refused-{self._epoch}-{number}",
            ts_event_ns=now_ns,
            ts_recv_ns=now_ns,
            source=OWN_SOURCE,
            source_epoch=self._epoch,
            account_seq=number,
            reason=f"a record was refused: {error.reason}",
        )

    def _coalesce(self, driver: int, price: float, ts_event_ns: int, ts_recv_ns: int, lane: int, offset: int) -> None:
        self._order += 1
        row = Row(self._order, price, ts_event_ns, ts_recv_ns, lane)
        burst = self._bursts.get(driver)
        if burst is None:
            self._bursts[driver] = Burst(offset, row)
            self._arrived.set()
        else:
            burst.add(row, offset)

    def _flush_bursts(self) -> None:
        """Lay the bursts down as rows; a burst's rows stay together and share its positions."""
        batch = PriceBatch(self._lane_names)
        for driver, burst in self._bursts.items():
            for place, row in enumerate(burst.rows()):
                batch.driver.append(driver)
                batch.price.append(row.price)
                batch.ts_event_ns.append(row.ts_event_ns)
                batch.ts_recv_ns.append(row.ts_recv_ns)
                offset_first, offset_last = burst.offsets[row.lane]
                batch.lane.append(row.lane)
                batch.offset_first.append(offset_first)
                batch.offset_last.append(offset_last)
                batch.count.append(burst.count if place == 0 else 0)
        self._items.append((batch, None))
        self._bursts.clear()
