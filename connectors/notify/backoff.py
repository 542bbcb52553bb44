"""Pauses between attempts: capped, doubling, full jitter, so that the sinks of many daemons do not come back as one wave."""

from __future__ import annotations

from random import Random

from connectors.notify.settings import RetrySettings


class Backoff:
    """The next pause is drawn evenly from 0 to a bound that doubles up to its cap; a peer that names a wait is obeyed."""

    __slots__ = ("_attempts", "_random", "_settings")

    def __init__(self, settings: RetrySettings, random: Random) -> None:
        self._settings = settings
        self._random = random
        self._attempts = 0

    def next_s(self, retry_after_s: float | None = None) -> float:
        """The pause before the next attempt, in seconds; at least what the peer asked for, up to ten times the cap."""
        bound = min(self._settings.most_s, self._settings.first_s * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        pause = self._random.uniform(0.0, bound)
        return pause if retry_after_s is None else max(pause, min(retry_after_s, 10 * self._settings.most_s))

    def reset(self) -> None:
        """An attempt held: begin from the first bound again."""
        self._attempts = 0
