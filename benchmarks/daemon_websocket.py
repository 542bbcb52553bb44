"""Ticks a second from a websocket to a decided level: `python benchmarks/daemon_websocket.py [--accounts N] [--seconds S]`.

Method: a sender in a process of its own on core 1 speaks the public market stream of Binance USDⓈ-M (combined envelope, one
`markPriceUpdate` a frame, about 216 bytes, no compression); tables and accounts (five positions each over 60 symbols) come
by Kafka, whose broker is on core 1 too; the daemon as `marginwatch run` starts it, recording on, on core 0. Rising rates; a
reader that falls behind slows the sender by TCP, so `sent_per_s` below `rate` means that the rate was not held. A rate is
held when it was sent in full, the last tick is decided within half a second and nothing was merged or lost, by the daemon's
metrics and by the recording. Times of receipt are taken when a frame is read. Machine: 2 cores, printed with the figures.
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
from benchmarks.market_socket import market_configuration
from benchmarks.quiet_rest import quiet_rest
from benchmarks.rate_steps import run_steps, summary
from benchmarks.sender_process import SenderProcess
from tests.support.servers.process import free_port

RATES = (10_000, 20_000, 30_000, 40_000, 50_000, 75_000)


async def main(accounts: int, seconds: float, rates: list[float]) -> None:
    """Measure and print one JSON line."""
    async with opened_accounts(accounts) as opened, quiet_rest(free_port()) as rest_url:
        sender = await SenderProcess.start("websocket_sender.py")
        listening = await sender.answer()
        port = free_port()
        configuration = opened.configuration(port) + market_configuration(rest_url, listening["port"])
        daemon = DaemonUnderTest(opened.folder, configuration, core=0, port=port)
        daemon.start()
        try:
            await asyncio.to_thread(daemon.wait_until_ready, accounts)
            run = await run_steps(daemon, sender, rates, seconds)
            await sender.stop()
        finally:
            daemon.stop()
        figures = summary(run, *daemon.recorded())
        print(json.dumps({"benchmark": "daemon_websocket", "accounts": accounts, **figures, **machine()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES))
    given = parser.parse_args()
    os.sched_setaffinity(0, {1})
    asyncio.run(main(given.accounts, given.seconds, given.rates))
