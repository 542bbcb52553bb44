"""What a running daemon keeps on disk: the recording of every input, and snapshots of the state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import structlog

from connectors.recording.header import RecordingHeader
from connectors.recording.snapshot import LoadedSnapshot, SnapshotStore
from connectors.recording.writer import RecordingWriter
from monitor.config import StateSettings
from monitor.domain.ids import SourcePosition
from monitor.domain.inputs import Input

log = structlog.get_logger(__name__)

RECORDING_SUFFIX = ".mwr"

FLUSH_ROWS = 16_384
"""Rows in memory at which they are written without waiting for the interval."""


ACCOUNTS_PER_SLICE = 20
"""About a millisecond of work on a state between two looks at what came in."""


class StateInSlices(Protocol):
    """The state of one moment, taken while inputs go on."""

    @property
    def seq(self) -> int:
        """The last input that it holds."""

    def take(self, most: int) -> bool:
        """Take up to `most` more accounts; True when none is left."""

    def state(self) -> dict[str, Any]:
        """The whole of it, once all is taken."""


class Journal:
    """Recording and snapshots of one run. A new run begins a new recording, which starts from the snapshot it restored."""

    def __init__(self, settings: StateSettings, begin_state: Callable[[], StateInSlices]) -> None:
        self._settings = settings
        self._begin_state = begin_state
        self._folder = Path(settings.folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._store = SnapshotStore(self._folder / "snapshots")
        self._writer: RecordingWriter | None = None
        self._full = asyncio.Event()
        self._is_snapshot_asked = False

    def load(self) -> LoadedSnapshot | None:
        """The newest readable snapshot, None for a first start; one that was passed over is said."""
        loaded = self._store.load()
        if loaded is not None:
            for path, reason in loaded.passed_over:
                log.warning("snapshot_passed_over", snapshot=path.name, reason=reason, restored_from=loaded.path.name)
        return loaded

    def begin_recording(self, header: RecordingHeader) -> None:
        """Begin this run's recording and remove the oldest ones beyond the number kept."""
        if not self._settings.record:
            return
        folder = self._folder / "recordings"
        folder.mkdir(exist_ok=True)
        path = folder / f"{header.created_ns or 0:020d}-{header.run_id}{RECORDING_SUFFIX}"
        self._writer = RecordingWriter(path, header)
        log.info("recording_begun", recording=str(path), first_seq=header.first_seq)
        for old in sorted(folder.glob(f"*{RECORDING_SUFFIX}"))[: -self._settings.recordings_kept]:
            old.unlink()
            log.info("recording_removed", recording=old.name)

    def append(self, seq_first: int, engine_ns: int, item: Input, position: SourcePosition | None) -> None:
        """Keep one input in memory until the next flush."""
        if self._writer is not None:
            self._writer.append(seq_first, engine_ns, item, position)
            if self._writer.pending_rows >= FLUSH_ROWS:
                self._full.set()

    async def run(self) -> None:
        """Flush the recording and save snapshots at their intervals, until cancelled; both once more at the end."""
        loop = asyncio.get_running_loop()
        next_snapshot = loop.time() + self._settings.snapshot_interval_s
        try:
            while True:
                await self._wait_for_rows()
                await self._flush()
                if self._is_snapshot_asked or loop.time() >= next_snapshot:
                    self._is_snapshot_asked = False
                    await self.save_snapshot()
                    next_snapshot = loop.time() + self._settings.snapshot_interval_s
        finally:
            self.close()

    def ask_for_snapshot(self) -> None:
        """Have a snapshot saved soon, whatever the interval."""
        self._is_snapshot_asked = True
        self._full.set()

    async def _wait_for_rows(self) -> None:
        """Return after the flush interval, or at once when many rows wait."""
        try:
            async with asyncio.timeout(self._settings.recording_flush_s):
                await self._full.wait()
        except TimeoutError:
            pass
        self._full.clear()

    async def save_snapshot(self) -> None:
        """Save the state of this moment; the recording up to it is on disk before."""
        state = self._begin_state()
        await self._flush(sync=True)
        while not state.take(ACCOUNTS_PER_SLICE):  # noqa: ASYNC110 - makes way for inputs, waits for none
            await asyncio.sleep(0)
        path = await asyncio.to_thread(lambda: self._store.save(state.state(), state.seq))
        log.debug("snapshot_saved", snapshot=path.name, seq=state.seq)

    def close(self) -> None:
        """The last words of a clean end: recording closed, state saved."""
        if self._writer is not None:
            self._writer.close()
        state = self._begin_state()
        while not state.take(ACCOUNTS_PER_SLICE):
            pass
        self._store.save(state.state(), state.seq)
        log.info("state_saved", seq=state.seq)

    async def _flush(self, *, sync: bool = False) -> None:
        if self._writer is not None:
            block = self._writer.take()
            if len(block) or sync:
                await asyncio.to_thread(self._writer.write, block, sync=sync)
