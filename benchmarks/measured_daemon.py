"""The daemon with every price's time from receipt to decision kept: `python benchmarks/measured_daemon.py OUT --config FILE`.

Writes OUT (npz) at its end, two columns each: `decided`, a row a price: when it was decided (ns since 1970) and how long that
took (ns); `accepted`, a row an alert at a sink that answers: when it was accepted and how long after its decision. With
MARGINWATCH_PROFILE set it is profiled once it is ready, into the file that this names: then its times mean nothing.
"""

from __future__ import annotations

import asyncio
import cProfile
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt

from monitor.app import Daemon
from monitor.config import Config, load_config
from monitor.domain.alert import Outcome
from monitor.domain.inputs import Input, PriceBatch
from monitor.logs import configure_logs


class MeasuredDaemon(Daemon):
    """Keeps what the daemon itself only puts into the buckets of a histogram."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.times: list[npt.NDArray[np.int64]] = []
        self.accepted: list[tuple[int, int]] = []

    def _note_decided(self, item: Input, decided_ns: int) -> None:
        super()._note_decided(item, decided_ns)
        if isinstance(item, PriceBatch):
            waited = decided_ns - np.array(item.ts_recv_ns, np.int64)
            self.times.append(np.column_stack([np.full(waited.size, decided_ns), waited]))

    def _note_delivered(self, sink: str, outcome: Outcome, seconds: float | None) -> None:
        super()._note_delivered(sink, outcome, seconds)
        if seconds is not None:
            self.accepted.append((time.time_ns(), round(seconds * 1e9)))


async def _profiled(daemon: MeasuredDaemon, profiler: cProfile.Profile) -> None:
    """Run the daemon and profile it from the moment it is ready."""

    async def begin() -> None:
        await daemon.ready.wait()
        profiler.enable()

    beginning = asyncio.create_task(begin())
    try:
        await daemon.run()
    finally:
        profiler.disable()
        beginning.cancel()


def main(out: str, config_path: str) -> None:
    """Run until SIGTERM, then write the times."""
    config = load_config(Path(config_path))
    configure_logs(config.log)
    daemon = MeasuredDaemon(config)
    profile = os.environ.get("MARGINWATCH_PROFILE")
    profiler = cProfile.Profile()
    asyncio.run(daemon.run() if profile is None else _profiled(daemon, profiler))
    if profile is not None:
        profiler.dump_stats(profile)
    decided = np.concatenate(daemon.times) if daemon.times else np.empty((0, 2), np.int64)
    np.savez(out, decided=decided, accepted=np.array(daemon.accepted, np.int64).reshape(-1, 2))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[3])
