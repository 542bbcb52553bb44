"""Certainty: how well a level is known. The second axis beside the level, never merged with it (contract 1)."""

from __future__ import annotations

from enum import IntEnum


class Certainty(IntEnum):
    """How well a pool is known; the worst of its drivers' and its account's wins."""

    FRESH = 0
    UNVERIFIED = 1
    RECONCILING = 2
    STALE = 3
    UNKNOWN = 4

    @property
    def may_release(self) -> bool:
        """Whether switches may go off: losing an input never lowers a level."""
        return self <= Certainty.UNVERIFIED


class DriverState(IntEnum):
    """What is known of a driver. NEVER_SEEN makes holders UNKNOWN, STALE makes them STALE, DIVERGED is shown."""

    LIVE = 0
    DIVERGED = 1
    STALE = 2
    NEVER_SEEN = 3

    @property
    def certainty(self) -> Certainty:
        """What a holder of the driver can at best be."""
        return _DRIVER_CERTAINTY[self]


_DRIVER_CERTAINTY = {
    DriverState.LIVE: Certainty.FRESH,
    DriverState.DIVERGED: Certainty.FRESH,
    DriverState.STALE: Certainty.STALE,
    DriverState.NEVER_SEEN: Certainty.UNKNOWN,
}
