"""The real daemon in a process of its own, pinned to one core: start it, wait until it is ready, read its metrics, end it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from connectors.recording.reader import RecordingReader
from monitor.domain.inputs import PriceBatch

ROOT = Path(__file__).resolve().parents[1]
READY_S = 300.0
TICKS = "marginwatch_ticks_total"
COALESCED = "marginwatch_prices_coalesced_total"
LATE = "marginwatch_prices_late_total"
CHANGES = "marginwatch_level_changes_total"
DECIDED = "marginwatch_receive_to_decided_seconds"


@dataclass(frozen=True, slots=True)
class Scrape:
    """One reading of `/metrics`: the sum over the labels of each metric, and the buckets of the histograms."""

    totals: dict[str, float]
    buckets: dict[str, dict[float, float]]

    @property
    def received(self) -> int:
        """Prices that reached the engine, those merged in the inbox included."""
        return round(self.totals.get(TICKS, 0) + self.totals.get(COALESCED, 0))


class DaemonUnderTest:
    """`command` is what is run with `--config FILE` behind it."""

    def __init__(self, folder: Path, configuration: str, *, core: int, port: int, command: list[str] | None = None) -> None:
        self._folder = folder
        self._url = f"http://127.0.0.1:{port}"
        config = folder / "daemon.toml"
        config.write_text(configuration)
        run = command or [sys.executable, "-m", "monitor", "run"]
        self._command = ["taskset", "-c", str(core), *run, "--config", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; the log goes into the folder."""
        with (self._folder / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log)

    def wait_until_ready(self, accounts: int) -> None:
        """Return when all accounts are opened and the kernels compiled; raises `RuntimeError` when it takes too long."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self._get("/readyz") is not None and self.scrape().totals.get("marginwatch_pools", 0) >= accounts:
                return
            if self._process is None or self._process.poll() is not None:
                break
            time.sleep(0.5)
        tail = (self._folder / "daemon.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"the daemon is not ready; its log ends:\n{tail}")

    def scrape(self) -> Scrape:
        """Read `/metrics` now."""
        text = self._get("/metrics") or ""
        totals: dict[str, float] = {}
        buckets: dict[str, dict[float, float]] = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            series, _, value = line.rpartition(" ")
            name, _, labels = series.partition("{")
            totals[name] = totals.get(name, 0.0) + float(value)
            if name.endswith("_bucket"):
                bound = float(labels.partition('le="')[2].partition('"')[0])
                buckets.setdefault(name.removesuffix("_bucket"), {})[bound] = float(value)
        return Scrape(totals, buckets)

    def cpu_s(self) -> float:
        """CPU seconds used so far, kernel included: says what a tick costs even while others use the core."""
        if self._process is None:
            raise RuntimeError("the daemon was not started")
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it in order; the recording is complete when this returns."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    def recorded(self) -> tuple[int, int]:
        """How many prices the recordings hold (merged ones included), and how many offsets of their lanes are missing."""
        seen = 0
        lanes: dict[tuple[str, int], tuple[int, int, int]] = {}
        for path in sorted(self._folder.rglob("*.mwr")):
            with RecordingReader(path) as reader:
                for record in reader:
                    if isinstance(record.item, PriceBatch):
                        seen += sum(record.item.count)
                        _note_offsets(record.item, lanes)
        return seen, sum(last - first + 1 - count for first, last, count in lanes.values())

    def _get(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(self._url + path, timeout=30.0) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            return None


def _note_offsets(batch: PriceBatch, lanes: dict[tuple[str, int], tuple[int, int, int]]) -> None:
    rows = zip(batch.lane, batch.offset_first, batch.offset_last, batch.count, strict=True)
    for lane, offset_first, offset_last, count in rows:
        place = batch.lanes[lane]
        first, last, known = lanes.get(place, (offset_first, offset_first, 0))
        lanes[place] = (min(first, offset_first), max(last, offset_last), known + count)


def quantile_bound(before: Scrape, after: Scrape, metric: str, share: float) -> float:
    """The upper bound of the histogram bucket in which this share of the observations between two scrapes lies, seconds."""
    grown = {
        bound: count - before.buckets.get(metric, {}).get(bound, 0.0)
        for bound, count in sorted(after.buckets.get(metric, {}).items())
    }
    total = max(grown.values(), default=0.0)
    return next((bound for bound, count in grown.items() if total and count >= share * total), float("nan"))
