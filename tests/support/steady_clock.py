"""A clock that a test moves."""

from __future__ import annotations


class SteadyClock:
    """Implements `monitor.domain.ports.Clock`; stands still until told."""

    def __init__(self, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        """The time now."""
        return self._now_ns

    def advance_s(self, seconds: float) -> None:
        """Move on."""
        self._now_ns += round(seconds * 1_000_000_000)
