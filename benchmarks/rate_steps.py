"""Steps of rising rates against one daemon: which of them it holds, and what it can do when more comes than it can take."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.daemon_under_test import CHANGES, COALESCED, DECIDED, DaemonUnderTest, Scrape, quantile_bound
from benchmarks.sender_process import SenderProcess

HELD_WITHIN_S = 0.5
"""A rate is held when the last tick is decided so soon after it was sent, and nothing was merged."""

SENT_SHARE = 0.98
"""The share of the rate that the sender must have reached."""

GIVE_UP_S = 120.0


@dataclass(frozen=True, slots=True)
class Step:
    """One rate: what was sent, what the daemon took, and how long after the last tick it was done.

    `daemon_core_ratio` is the share of its core that the daemon used: well below 1 while it was behind means that others had
    the core, and the step says nothing of the daemon.
    """

    rate: float
    sent: int
    sent_per_s: float
    decided_per_s: float
    coalesced: int
    lost: int
    behind_s: float
    daemon_cpu_us_per_tick: float
    daemon_core_ratio: float
    level_changes: int
    p50_below_s: float
    p99_below_s: float
    load_average: float

    @property
    def is_held(self) -> bool:
        """Whether the daemon kept up."""
        is_sent = self.sent_per_s >= SENT_SHARE * self.rate
        return is_sent and self.behind_s <= HELD_WITHIN_S and self.coalesced == 0 and self.lost == 0


@dataclass(frozen=True, slots=True)
class Run:
    """The steps, and all ticks that were sent, those of the warm-up included."""

    steps: list[Step]
    sent: int


async def run_steps(daemon: DaemonUnderTest, sender: SenderProcess, rates: Sequence[float], seconds: float) -> Run:
    """A warm-up that brings every first price, then each rate in turn."""
    warm_up = await sender.send(2_000, 3.0)
    await asyncio.sleep(1.0)
    steps = [await _step(daemon, sender, rate, seconds) for rate in rates]
    return Run(steps, warm_up.ticks + sum(step.sent for step in steps))


def summary(run: Run, recorded: int, offsets_missing: int) -> dict[str, Any]:
    """The figures that count: the highest rate held, the highest decided, the lowest at which prices were merged.

    `recorded` and `offsets_missing` are what the recording says of the same run, held against all that was sent.
    """
    steps = run.steps
    held = [step.decided_per_s for step in steps if step.is_held]
    merged = [step.sent_per_s for step in steps if step.coalesced]
    return {
        "held_ticks_per_s": round(max(held, default=0.0)),
        "decided_ticks_per_s_at_most": round(max(step.decided_per_s for step in steps)),
        "coalesces_from_ticks_per_s": round(min(merged)) if merged else None,
        "lost_by_metrics": sum(step.lost for step in steps),
        "lost_by_recording": run.sent - recorded,
        "offsets_missing": offsets_missing,
        "steps": [_rounded(step) for step in steps],
    }


async def _step(daemon: DaemonUnderTest, sender: SenderProcess, rate: float, seconds: float) -> Step:
    before, cpu_before, begun = await asyncio.to_thread(daemon.scrape), daemon.cpu_s(), time.monotonic()
    sent = await sender.send(rate, seconds)
    ended = time.monotonic()
    after = await _until_received(daemon, before.received + sent.ticks)
    done = time.monotonic()
    received, cpu_s = after.received - before.received, daemon.cpu_s() - cpu_before
    return Step(
        rate=rate,
        sent=sent.ticks,
        sent_per_s=sent.rate,
        decided_per_s=received / (done - begun if done - ended > HELD_WITHIN_S else sent.seconds),
        coalesced=_grown(before, after, COALESCED),
        lost=sent.ticks - received,
        behind_s=done - ended,
        daemon_cpu_us_per_tick=cpu_s / max(received, 1) * 1e6,
        daemon_core_ratio=cpu_s / (done - begun),
        level_changes=_grown(before, after, CHANGES),
        p50_below_s=quantile_bound(before, after, DECIDED, 0.5),
        p99_below_s=quantile_bound(before, after, DECIDED, 0.99),
        load_average=os.getloadavg()[0],
    )


async def _until_received(daemon: DaemonUnderTest, expected: int) -> Scrape:
    """Scrape until all has been decided, or nothing more comes."""
    deadline = time.monotonic() + GIVE_UP_S
    newest, moved = -1, time.monotonic()
    while True:
        scrape = await asyncio.to_thread(daemon.scrape)
        if scrape.received > newest:
            newest, moved = scrape.received, time.monotonic()
        if scrape.received >= expected or time.monotonic() > min(deadline, moved + 5.0):
            return scrape
        await asyncio.sleep(0.1)


def _grown(before: Scrape, after: Scrape, metric: str) -> int:
    return round(after.totals.get(metric, 0.0) - before.totals.get(metric, 0.0))


def _rounded(step: Step) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(step).items()}
