"""The daemon with every price's time from receipt to decision kept: `python benchmarks/measured_daemon.py OUT --config FILE`.

Writes OUT at its end: an array of two columns, the time of the decision (ns since 1970) and how long it took (ns), a row a
price. With MARGINWATCH_PROFILE set it is profiled once it is ready, into the file that this names: then its times mean nothing.
"""

from __future__ import annotations

import asyncio
import cProfile
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt

from monitor.app import Daemon
from monitor.config import Config, load_config
from monitor.domain.inputs import Input, PriceBatch
from monitor.logs import configure_logs


class MeasuredDaemon(Daemon):
    """Keeps what the daemon itself only puts into the buckets of a histogram."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.times: list[npt.NDArray[np.int64]] = []

    def _note_decided(self, item: Input, decided_ns: int) -> None:
        super()._note_decided(item, decided_ns)
        if isinstance(item, PriceBatch):
            waited = decided_ns - np.array(item.ts_recv_ns, np.int64)
            self.times.append(np.column_stack([np.full(waited.size, decided_ns), waited]))


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
    np.save(out, np.concatenate(daemon.times) if daemon.times else np.empty((0, 2), np.int64))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[3])
