"""How long to wait before another try."""

from __future__ import annotations

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0


def delay_s(failures: int, jitter: float) -> float:
    """Seconds to wait after `failures` (>= 1) failures in a row: doubling up to a cap, spread over half to all of it.

    `jitter` is a random number from 0 to 1, so that many clients do not come back at once.
    """
    longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(failures - 1, 10))
    return longest * (0.5 + jitter / 2)
