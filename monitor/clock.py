"""The one clock: UTC ns that never goes back, even when the wall clock does (contract 3)."""

from __future__ import annotations

import time


class WallClock:
    """`now = max(wall, last now + monotonic elapsed)`: steps of the wall clock forward are taken, backward are not."""

    def __init__(self) -> None:
        self._last_ns = time.time_ns()
        self._last_monotonic_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        """The time now, UTC ns."""
        monotonic_ns = time.monotonic_ns()
        self._last_ns = max(time.time_ns(), self._last_ns + monotonic_ns - self._last_monotonic_ns)
        self._last_monotonic_ns = monotonic_ns
        return self._last_ns
