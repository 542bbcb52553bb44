"""Ticks a second from a real broker to a decided level: `python benchmarks/daemon_kafka.py [--accounts N] [--seconds S]`.

Method: broker, tables, accounts (five positions each over 60 symbols) and a producer in a process of its own on core 1; the
daemon as `marginwatch run` starts it, recording on, on core 0. The producer stamps every tick with the wall clock and sends
rising rates, the last beyond what the daemon can take. A rate is held when it was sent in full, the last tick is decided
within half a second and nothing was merged or lost; the daemon's own metrics and the recording (count and offsets) are
compared with what was sent. The daemon's times of receipt are the producer's stamps, so its latencies hold the broker too.
Machine: 2 cores, printed with the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bench_accounts import opened_accounts
from benchmarks.daemon_under_test import DaemonUnderTest
from benchmarks.machine import machine
from benchmarks.rate_steps import run_steps, summary
from benchmarks.sender_process import SenderProcess
from tests.support.servers.process import free_port

RATES = (25_000, 50_000, 100_000, 150_000, 200_000, 300_000)


async def main(accounts: int, seconds: float, rates: list[float]) -> None:
    """Measure and print one JSON line."""
    async with opened_accounts(accounts) as opened:
        port = free_port()
        daemon = DaemonUnderTest(opened.folder, opened.configuration(port), core=0, port=port)
        daemon.start()
        sender = await SenderProcess.start("kafka_sender.py", opened.bootstrap, opened.prices_topic)
        try:
            await sender.answer()
            await asyncio.to_thread(daemon.wait_until_ready, accounts)
            run = await run_steps(daemon, sender, rates, seconds)
            await sender.stop()
        finally:
            daemon.stop()
        figures = summary(run, *daemon.recorded())
        print(json.dumps({"benchmark": "daemon_kafka", "accounts": accounts, **figures, **machine()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES))
    given = parser.parse_args()
    os.sched_setaffinity(0, {1})
    asyncio.run(main(given.accounts, given.seconds, given.rates))
