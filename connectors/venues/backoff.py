"""Pauses between attempts: capped, doubling, with full jitter, so that many sockets do not come back as one wave."""

from __future__ import annotations

from random import Random


class Backoff:
    """The next pause is drawn evenly from 0 to a bound that doubles from `first_s` up to `most_s`."""

    __slots__ = ("_attempts", "_first_s", "_most_s", "_random")

    def __init__(self, first_s: float, most_s: float, random: Random) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._random = random
        self._attempts = 0

    def next_s(self) -> float:
        """The pause before the next attempt, in seconds."""
        bound = min(self._most_s, self._first_s * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        return self._random.uniform(0.0, bound)

    def reset(self) -> None:
        """An attempt held: begin from `first_s` again."""
        self._attempts = 0
