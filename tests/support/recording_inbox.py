"""An inbox that keeps what it is given, for tests of connectors; it can be full for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from monitor.domain.errors import BadInput
from monitor.domain.ids import DriverKey, SourcePosition
from monitor.domain.inputs import DomainEvent


class ReceivedPrice(NamedTuple):
    """One price as it was handed over."""

    driver: DriverKey
    price: float
    ts_event_ns: int
    ts_recv_ns: int
    position: SourcePosition


class Refusal(NamedTuple):
    """One refused record."""

    error: BadInput
    position: SourcePosition | None
    account: str | None


class RecordingInbox:
    """Implements `monitor.domain.ports.Inbox`."""

    def __init__(self) -> None:
        self.events: list[tuple[DomainEvent, SourcePosition | None]] = []
        self.prices: list[ReceivedPrice] = []
        self.refusals: list[Refusal] = []
        self.has_room = asyncio.Event()
        self.has_room.set()
        self._drivers: list[DriverKey] = []
        self._lanes: list[tuple[str, int]] = []
        self._changed = asyncio.Event()

    def driver(self, key: DriverKey) -> int:
        """The index of a driver."""
        if key not in self._drivers:
            self._drivers.append(key)
        return self._drivers.index(key)

    def lane(self, topic: str, partition: int) -> int:
        """The index of a (topic, partition)."""
        if (topic, partition) not in self._lanes:
            self._lanes.append((topic, partition))
        return self._lanes.index((topic, partition))

    def put_price(self, driver: int, price: float, ts_event_ns: int, ts_recv_ns: int, lane: int, offset: int) -> None:
        """Keep one price."""
        position = SourcePosition(*self._lanes[lane], offset)
        self.prices.append(ReceivedPrice(self._drivers[driver], price, ts_event_ns, ts_recv_ns, position))
        self._changed.set()

    async def put(self, event: DomainEvent, position: SourcePosition | None = None) -> None:
        """Keep one event; waits while there is no room."""
        await self.has_room.wait()
        self.events.append((event, position))
        self._changed.set()

    def refuse(self, error: BadInput, position: SourcePosition | None = None, account: str | None = None) -> None:
        """Keep one refusal."""
        self.refusals.append(Refusal(error, position, account))
        self._changed.set()

    async def until(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait until the condition holds; it is looked at whenever something arrives."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()
