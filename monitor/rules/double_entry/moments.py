"""Whether the venue's figure and our state are of the same moment, and how times are written."""

from __future__ import annotations

from datetime import UTC, datetime

SAME_MOMENT_NS = 2_000_000_000
"""Ours took in within this time what the venue's figure holds: the grace of the ledger (contract 6)."""

_SECOND = 1_000_000_000


def apart(at_ns: int, as_of_ns: int | None) -> str | None:
    """Why a figure of `at_ns` cannot be compared with a state of `as_of_ns`; None when both are of one moment.

    A state without a time of its own is taken to be of the venue's moment.
    """
    if as_of_ns is None or abs(as_of_ns - at_ns) <= SAME_MOMENT_NS:
        return None
    seconds = abs(as_of_ns - at_ns) / _SECOND
    relation = "older" if at_ns < as_of_ns else "newer"
    return f"the venue's figure is {seconds:g} s {relation} than our state"


def moment(at_ns: int) -> str:
    """The time as RFC 3339, UTC, to the microsecond where it has any."""
    whole, rest = divmod(at_ns, _SECOND)
    told = datetime.fromtimestamp(whole, UTC).replace(microsecond=rest // 1000)
    return told.isoformat().replace("+00:00", "Z")


def clock_time(at_ns: int) -> str:
    """The time of day as a person reads it, UTC."""
    return datetime.fromtimestamp(at_ns // _SECOND, UTC).strftime("%H:%M:%S")
