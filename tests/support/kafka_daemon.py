"""The daemon as a process of its own over a real broker: `marginwatch run --config FILE`, killed and started at will."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from prometheus_client.parser import text_string_to_metric_families

from connectors.recording.reader import RecordingReader
from connectors.recording.snapshot import SnapshotStore
from tests.support.servers.process import ServerProcess, free_port

POLL_S = 0.1
START_TIMEOUT_S = 90.0
NO_AGE_LIMITS = "[limits]\nmark_s = 86400\nasset_index_s = 86400\nkafka_source_s = 86400\n"
"""So that nothing goes stale on a slow machine: for proofs of levels, which a stale input would hold up."""


class KafkaDaemon:
    """One daemon with its folder; every start reads the same configuration and goes on from the same state."""

    def __init__(self, folder: Path, bootstrap: str, prefix: str, *, snapshot_interval_s: float = 30.0, more: str = "") -> None:
        self.state_folder = folder / "state"
        self.prefix = prefix
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = folder / "marginwatch.toml"
        config.write_text(
            f'[kafka]\nbootstrap_servers = "{bootstrap}"\ntopic_prefix = "{prefix}"\n'
            f"output_queue_records = 1_000_000\n"  # every change is compared, so none may give way to a newer one
            f'[state]\nfolder = "{self.state_folder}"\nsnapshot_interval_s = {snapshot_interval_s}\n'
            f"recording_flush_s = 0.05\nrecordings_kept = 50\n[http]\nport = {port}\n"
            f'[log]\nlevel = "error"\nformat = "json"\n{more}'
        )
        self.process = ServerProcess([sys.executable, "-m", "monitor", "run", "--config", str(config)], folder / "daemon.log")

    # ---- life

    async def start(self) -> None:
        """Start it and wait until it has handed over all that stood on the broker."""
        self.process.start()
        await self.until(lambda: self._waits_for() <= {"no account yet"}, "caught up", START_TIMEOUT_S)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()

    async def kill_between_snapshots(self) -> None:
        """SIGKILL at a moment when the recording on disk goes beyond the newest snapshot: frozen, looked at, killed."""
        pid = self.process.pid
        async with asyncio.timeout(60):
            while True:
                self.process.send_signal(signal.SIGSTOP)
                await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
                if self._is_between_snapshots():
                    self.kill()
                    return
                self.process.send_signal(signal.SIGCONT)
                await asyncio.sleep(POLL_S / 4)

    async def stop(self) -> None:
        """SIGTERM; it must end by itself."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            while self.process.is_running():  # noqa: ASYNC110 - a process that no event tells of
                await asyncio.sleep(POLL_S)

    async def until(self, condition: Callable[[], bool], what: str, timeout_s: float = 120.0) -> None:
        """Poll until the condition, which may block on HTTP or files, holds; fails with the log's end."""
        try:
            async with asyncio.timeout(timeout_s):
                while not await asyncio.to_thread(condition):
                    assert self.process.is_running(), f"the daemon ended:\n{self._log_end()}"
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise AssertionError(f"not {what} within {timeout_s} s; its log ends:\n{self._log_end()}") from None

    # ---- what it shows

    def get(self, path: str) -> Any:
        """The JSON answer of a GET, whatever its status; an empty one while nothing listens."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5.0) as answer:
                return orjson.loads(answer.read())
        except urllib.error.HTTPError as error:
            return orjson.loads(error.read())
        except OSError:
            return {}

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels; 0 while nothing listens."""
        try:
            with urllib.request.urlopen(f"{self.url}/metrics", timeout=5.0) as answer:
                text = answer.read().decode()
        except OSError:
            return 0.0
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    def accounts(self) -> dict[str, Any]:
        """Every account as the API shows it, by its id; of more than a page's 200 it fails."""
        answer = self.get("/api/v1/accounts?limit=200")
        assert answer.get("next_cursor") is None
        return {one["account"]: one for one in answer["accounts"]}

    def recordings(self) -> list[Path]:
        """The recordings of all runs, oldest first."""
        return sorted((self.state_folder / "recordings").glob("*.mwr"))

    def snapshot(self) -> dict[str, Any]:
        """The newest snapshot's state, empty before the first."""
        store = SnapshotStore(self.state_folder / "snapshots")
        try:
            loaded = store.load()
        except FileNotFoundError:  # removed by the daemon between listing and reading
            return {}
        return {} if loaded is None else loaded.state

    def positions(self) -> dict[tuple[str, int], int]:
        """(topic, partition) -> the next offset, as the newest snapshot holds them."""
        return {(topic, partition): offset + 1 for topic, partition, offset in self.snapshot().get("positions", ())}

    def _is_between_snapshots(self) -> bool:
        newest = SnapshotStore(self.state_folder / "snapshots").paths()[0]
        with RecordingReader(self.recordings()[-1]) as reader:
            return reader.last_seq > int(newest.stem.removeprefix("snapshot-"))

    def _waits_for(self) -> set[str]:
        answer = self.get("/readyz")
        return set(answer["reasons"]) if "reasons" in answer else {"not listening"}

    def _log_end(self) -> str:
        log = self.process.log_path
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""
