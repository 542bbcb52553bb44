"""From receipt to a decided level at a steady rate: `python benchmarks/receive_to_decided.py [--input websocket|kafka]`.

Method: as `daemon_websocket.py` and `daemon_kafka.py` (daemon on core 0, all else on core 1), 10,000 accounts of one pool and
five positions, 5,000 ticks a second for 30 s after a warm-up. The daemon keeps the time of every price (`measured_daemon.py`):
from the frame being read off the socket, or from the producer's stamp before it is sent to the broker, to its level being
decided, the recording having its row. Nothing is sampled. Snapshots are taken meanwhile as in service; a scrape comes every
5 s. Machine: 2 cores, printed with the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.bench_accounts import Accounts, opened_accounts
from benchmarks.daemon_under_test import CHANGES, DaemonUnderTest
from benchmarks.machine import machine
from benchmarks.market_socket import market_configuration
from benchmarks.quiet_rest import quiet_rest
from benchmarks.sender_process import SenderProcess
from tests.support.servers.process import free_port

SCRAPE_S = 5.0


@asynccontextmanager
async def _sender(kind: str, opened: Accounts) -> AsyncIterator[tuple[SenderProcess, str]]:
    """The sender, and what the daemon's configuration needs for it."""
    if kind == "kafka":
        sender = await SenderProcess.start("kafka_sender.py", opened.bootstrap, opened.prices_topic)
        await sender.answer()
        yield sender, ""
        return
    async with quiet_rest(free_port()) as rest_url:
        sender = await SenderProcess.start("websocket_sender.py")
        listening = await sender.answer()
        yield sender, market_configuration(rest_url, listening["port"])


async def _send_and_scrape(daemon: DaemonUnderTest, sender: SenderProcess, rate: float, seconds: float) -> int:
    async def scrape() -> None:
        while True:
            await asyncio.sleep(SCRAPE_S)
            await asyncio.to_thread(daemon.scrape)

    scraping = asyncio.create_task(scrape())
    sent = await sender.send(rate, seconds)
    scraping.cancel()
    await asyncio.gather(scraping, return_exceptions=True)
    return sent.ticks


def quantiles(path: Path, name: str, begun_ns: int, ended_ns: int) -> dict[str, Any]:
    """The distribution of one column of a measured daemon between two times."""
    times = np.load(path)[name]
    waited = times[(times[:, 0] >= begun_ns) & (times[:, 0] <= ended_ns), 1] / 1e6
    shares = {"p50_ms": 50, "p90_ms": 90, "p99_ms": 99, "p999_ms": 99.9}
    found = {key: round(float(np.percentile(waited, share)), 3) for key, share in shares.items()}
    return {name: int(waited.size), **found, "max_ms": round(float(waited.max()), 3)}


async def main(kind: str, accounts: int, rate: float, seconds: float) -> None:
    """Measure and print one JSON line."""
    async with opened_accounts(accounts) as opened, _sender(kind, opened) as (sender, section):
        port = free_port()
        out = opened.folder / "times.npz"
        command = [sys.executable, "benchmarks/measured_daemon.py", str(out)]
        daemon = DaemonUnderTest(opened.folder, opened.configuration(port) + section, core=0, port=port, command=command)
        daemon.start()
        try:
            await asyncio.to_thread(daemon.wait_until_ready, accounts)
            await sender.send(rate, 5.0)
            before, cpu_s, begun_ns = daemon.scrape(), daemon.cpu_s(), time.time_ns()
            sent = await _send_and_scrape(daemon, sender, rate, seconds)
            ended_ns, cpu_s = time.time_ns(), daemon.cpu_s() - cpu_s
            after = daemon.scrape()
            await sender.stop()
        finally:
            daemon.stop()
        changes = round(after.totals.get(CHANGES, 0) - before.totals.get(CHANGES, 0))
        figures = quantiles(out, "decided", begun_ns, ended_ns)
        asked = {"input": kind, "accounts": accounts, "rate": rate, "seconds": seconds, "sent": sent}
        more = {"level_changes": changes, "daemon_core_ratio": round(cpu_s * 1e9 / (ended_ns - begun_ns), 3)}
        print(json.dumps({"benchmark": "receive_to_decided", **asked, **figures, **more, **machine()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--input", choices=("websocket", "kafka"), default="websocket")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=5_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    os.sched_setaffinity(0, {1})
    asyncio.run(main(given.input, given.accounts, given.rate, given.seconds))
