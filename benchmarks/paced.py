"""How a sender keeps its pace and is told what to send: `RATE SECONDS` a line on its standard input, one JSON line back."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

CHUNK_S = 0.002
"""Ticks are sent every two milliseconds; each chunk carries the wall clock at which it was begun."""


@dataclass(frozen=True, slots=True)
class Order:
    """Send `rate` ticks a second for `seconds`."""

    rate: float
    seconds: float


def orders() -> Iterator[Order]:
    """The orders on standard input, until it ends."""
    for line in sys.stdin:
        rate, seconds = line.split()
        yield Order(float(rate), float(seconds))


def say(**figures: float | str) -> None:
    """Answer the one who gave the order."""
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def chunk_sizes(order: Order, most: int, now_s: Callable[[], float] = time.monotonic) -> Iterator[int]:
    """How many ticks are due now, at most `most` at once; 0 means wait until the next chunk."""
    begun = now_s()
    sent = 0
    while (elapsed := now_s() - begun) < order.seconds:
        due = min(int(elapsed * order.rate) - sent, most)
        sent += due
        yield due
