"""What one IP address may ask of a venue: request weight a minute, handshakes in five minutes, and full stops.

A 429, 418 or 403 stops every request and every handshake to the venue until its Retry-After is over: retrying into a limit
turns it into a ban (failure story F6).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from monitor.domain.ports import Clock

_NS_PER_S = 1_000_000_000
_MINUTE_NS = 60 * _NS_PER_S
_FIVE_MINUTES_NS = 300 * _NS_PER_S


class RateGate:
    """Shared by all sockets and requests to one venue.

    Weight is counted in minutes of the clock, as the venue does; `used` from its own answers replaces our count when higher
    (other programs may share the address). Waiting is cancellation-safe and takes nothing until it is let through.
    """

    def __init__(
        self,
        clock: Clock,
        weight_per_minute: int,
        connects_per_five_minutes: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._limit = weight_per_minute
        self._connects_limit = connects_per_five_minutes
        self._minute = 0
        self._used = 0
        self._connects: deque[int] = deque()
        self._blocked_until_ns = 0
        self._blocked_reason = ""

    @property
    def blocked_reason(self) -> str:
        """Why the venue may not be asked now; empty when it may."""
        return self._blocked_reason if self._clock.now_ns() < self._blocked_until_ns else ""

    @property
    def used_weight(self) -> int:
        """The weight spent in the running minute."""
        return self._used if self._clock.now_ns() // _MINUTE_NS == self._minute else 0

    def block(self, seconds: float, reason: str) -> None:
        """Stop everything to the venue for so long; a later end is kept."""
        until = self._clock.now_ns() + int(seconds * _NS_PER_S)
        if until > self._blocked_until_ns:
            self._blocked_until_ns = until
            self._blocked_reason = reason

    def note_used(self, weight: int) -> None:
        """The weight of this minute as the venue counts it."""
        self._turn_minute(self._clock.now_ns())
        self._used = max(self._used, weight)

    async def request(self, weight: int) -> None:
        """Wait until a request of this weight may be sent, and count it."""
        while (wait_ns := self._request_wait_ns(weight)) > 0:
            await self._sleep(wait_ns / _NS_PER_S)
        self._used += weight

    async def connect(self) -> None:
        """Wait until a websocket handshake may be begun, and count it."""
        while (wait_ns := self._connect_wait_ns()) > 0:
            await self._sleep(wait_ns / _NS_PER_S)
        self._connects.append(self._clock.now_ns())

    def _request_wait_ns(self, weight: int) -> int:
        now = self._clock.now_ns()
        if now < self._blocked_until_ns:
            return self._blocked_until_ns - now
        self._turn_minute(now)
        if self._used > 0 and self._used + weight > self._limit:
            return (self._minute + 1) * _MINUTE_NS - now
        return 0

    def _connect_wait_ns(self) -> int:
        now = self._clock.now_ns()
        if now < self._blocked_until_ns:
            return self._blocked_until_ns - now
        while self._connects and self._connects[0] <= now - _FIVE_MINUTES_NS:
            self._connects.popleft()
        if len(self._connects) >= self._connects_limit:
            return self._connects[0] + _FIVE_MINUTES_NS - now
        return 0

    def _turn_minute(self, now_ns: int) -> None:
        minute = now_ns // _MINUTE_NS
        if minute != self._minute:
            self._minute = minute
            self._used = 0
