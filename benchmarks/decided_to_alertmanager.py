"""From a decided level to its alert being accepted by a real Alertmanager: `python benchmarks/decided_to_alertmanager.py`.

Method: Alertmanager, broker and producer on core 1, the daemon on core 0 with 1,000 accounts (five positions each over 60
symbols); marks move at the given rate for 60 s, and levels change by themselves. An alert counts once, when a replica has
answered its first delivery with 200; its time begins at the engine's decision and holds the saving of the alert state to disk,
the annotations, the queue and the HTTP request (`measured_daemon.py`). The alerts that are found on at the
start, all at once, are told apart (`opening_storm`). At the end the alerts that Alertmanager holds are
counted by its own API. Machine: 2 cores, printed with the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bench_accounts import opened_accounts
from benchmarks.daemon_under_test import CHANGES, DaemonUnderTest
from benchmarks.machine import machine
from benchmarks.receive_to_decided import quantiles
from benchmarks.sender_process import SenderProcess
from tests.support.servers.alertmanager import AlertmanagerServer
from tests.support.servers.process import free_port

ROUTES = "route: {receiver: nobody, group_by: ['...'], group_wait: 1s}\nreceivers: [{name: nobody}]\n"


def _held(url: str) -> int:
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=30.0) as answer:
        return len(json.loads(answer.read()))


async def main(accounts: int, rate: float, seconds: float) -> None:
    """Measure and print one JSON line."""
    async with opened_accounts(accounts) as opened:
        alertmanager = AlertmanagerServer(opened.folder, ROUTES)
        alertmanager.start()
        port = free_port()
        out = opened.folder / "times.npz"
        section = f'[notify]\nlog = false\n[notify.alertmanager]\nreplicas = ["{alertmanager.url}"]\n'
        command = [sys.executable, "benchmarks/measured_daemon.py", str(out)]
        daemon = DaemonUnderTest(opened.folder, opened.configuration(port) + section, core=0, port=port, command=command)
        daemon.start()
        sender = await SenderProcess.start("kafka_sender.py", opened.bootstrap, opened.prices_topic)
        try:
            await sender.answer()
            await asyncio.to_thread(daemon.wait_until_ready, accounts)
            await sender.send(rate, 5.0)
            await asyncio.sleep(5.0)
            before, begun_ns = daemon.scrape(), time.time_ns()
            await sender.send(rate, seconds)
            await asyncio.sleep(3.0)
            after, ended_ns = daemon.scrape(), time.time_ns()
            held = _held(alertmanager.url)
            await sender.stop()
        finally:
            daemon.stop()
            alertmanager.stop()
        changes = round(after.totals.get(CHANGES, 0) - before.totals.get(CHANGES, 0))
        figures = quantiles(out, "accepted", begun_ns, ended_ns)
        storm = quantiles(out, "accepted", 0, begun_ns)
        asked = {"accounts": accounts, "rate": rate, "seconds": seconds, "level_changes": changes}
        print(
            json.dumps(
                {
                    "benchmark": "decided_to_alertmanager",
                    **asked,
                    **figures,
                    "held_at_end": held,
                    "opening_storm": storm,
                    **machine(),
                }
            )
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=30_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    os.sched_setaffinity(0, {1})
    asyncio.run(main(given.accounts, given.rate, given.seconds))
