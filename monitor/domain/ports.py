"""Ports: what connectors may ask of the daemon. They know these protocols and nothing of the engine behind them."""

from __future__ import annotations

from typing import Protocol

from monitor.domain.errors import BadInput
from monitor.domain.ids import DriverKey, SourcePosition
from monitor.domain.inputs import DomainEvent


class Inbox(Protocol):
    """The bounded way into the engine. Prices never wait (they coalesce when it is full), events make their reader wait."""

    def driver(self, key: DriverKey) -> int:
        """The index of a driver; declares it at first mention."""

    def lane(self, topic: str, partition: int) -> int:
        """The index of a (topic, partition) that prices are read from."""

    def put_price(self, driver: int, price: float, ts_event_ns: int, ts_recv_ns: int, lane: int, offset: int) -> None:
        """Hand over one price, finite and in order of arrival."""

    async def put(self, event: DomainEvent, position: SourcePosition | None = None) -> None:
        """Hand over one event; waits while the inbox is full. Never dropped, never coalesced."""

    def refuse(self, error: BadInput, position: SourcePosition | None = None, account: str | None = None) -> None:
        """Count and log what could not be decoded; when the account is known, mark it by an `AccountGap` of its own."""


class Clock(Protocol):
    """The one clock: UTC ns, never going back (contract 3)."""

    def now_ns(self) -> int:
        """The time now."""
