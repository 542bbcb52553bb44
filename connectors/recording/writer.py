"""Writes a recording. Records are gathered in memory and written block by block."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from threading import Lock

import numpy as np

from connectors.recording.block import Record, encode_block, rows_of
from connectors.recording.frames import MAGIC, FrameKind, footer_bytes, frame_bytes, sync_folder
from connectors.recording.header import RecordingHeader, header_to_bytes
from monitor.domain.errors import InvariantBroken
from monitor.domain.ids import SourcePosition
from monitor.domain.inputs import Input

MOST_PENDING_ROWS = 65_536


class PendingBlock:
    """Records that were taken off the writer and wait to be written, in their order."""

    __slots__ = ("is_written", "records")

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.is_written = not records

    def __len__(self) -> int:
        return len(self.records)


class RecordingWriter:
    """Writes a new recording; an existing file is never touched (`FileExistsError`).

    `append` only keeps the record; it must not be changed afterwards. A block is written by `flush`, or by `append` itself when
    `MOST_PENDING_ROWS` rows wait. An event loop that must not wait for the disk takes the block with `take()` and
    has another thread `write` it; blocks are written in the order they were taken, whichever thread comes first, and none is
    lost when that thread never runs: the next write or `close` writes it. What was flushed with `sync` survives a crash of the
    machine, what was flushed without survives a crash of the process.

    After an `OSError` (disk full) the file ends at its last whole block and the block waits for the next write.
    """

    def __init__(self, path: Path, header: RecordingHeader) -> None:
        self.path = path
        self._next_seq = header.first_seq
        self._pending: list[Record] = []
        self._pending_rows = 0
        self._taken: deque[PendingBlock] = deque()
        self._index: list[tuple[int, int, int, int]] = []
        self._bytes_written = 0
        self._lock = Lock()
        self._file = path.open("xb", buffering=0)
        try:
            self._put(MAGIC + frame_bytes(FrameKind.HEADER, header_to_bytes(header)))
            os.fsync(self._file.fileno())
            sync_folder(path.parent)
        except OSError:
            self._file.close()
            raise

    @property
    def pending_rows(self) -> int:
        """How many rows wait to be written."""
        return self._pending_rows

    @property
    def bytes_written(self) -> int:
        """The size of the file so far."""
        return self._bytes_written

    def append(self, seq_first: int, engine_ns: int, item: Input, position: SourcePosition | None = None) -> None:
        """Keep one input: its first seq, the engine time before it, where it was read. An empty batch takes no seq.

        Raises `InvariantBroken` when seqs are not dense.
        """
        rows = rows_of(item)
        if rows == 0:
            return
        if seq_first != self._next_seq:
            raise InvariantBroken(f"recording expects seq {self._next_seq}, got {seq_first}")
        self._pending.append(Record(seq_first, engine_ns, item, position))
        self._next_seq += rows
        self._pending_rows += rows
        if self._pending_rows >= MOST_PENDING_ROWS:
            self.flush(sync=False)

    def take(self) -> PendingBlock:
        """Take what waits, to be written by `write`, perhaps in another thread."""
        block = PendingBlock(self._pending)
        if self._pending:
            self._taken.append(block)
        self._pending = []
        self._pending_rows = 0
        return block

    def write(self, block: PendingBlock, *, sync: bool) -> None:
        """Compress and write a taken block, and those taken before it; nothing is done for one that is written."""
        with self._lock:
            while not block.is_written:
                self._write(self._taken[0])
                self._taken.popleft().is_written = True
            if sync and not self._file.closed:
                os.fsync(self._file.fileno())

    def flush(self, *, sync: bool) -> None:
        """Write what waits as one block; `sync`: it is on disk when this returns."""
        self.write(self.take(), sync=sync)

    def close(self) -> None:
        """Write what waits, the index and the footer. A second call does nothing."""
        if self._file.closed:
            return
        self.take()
        if self._taken:
            self.write(self._taken[-1], sync=False)
        with self._lock:
            at = self._bytes_written
            index = np.array(self._index, "<i8").tobytes()
            self._put(frame_bytes(FrameKind.INDEX, index) + footer_bytes(at))
            os.fsync(self._file.fileno())
            self._file.close()

    def _write(self, block: PendingBlock) -> None:
        first, last = block.records[0], block.records[-1]
        at = self._bytes_written
        self._put(
            frame_bytes(
                FrameKind.BLOCK,
                encode_block(block.records),
                seq_first=first.seq,
                seq_last=last.last_seq,
                engine_ns=first.engine_ns,
            )
        )
        self._index.append((first.seq, last.last_seq, first.engine_ns, at))

    def _put(self, data: bytes) -> None:
        """Write all of it, or leave the file as it was: half a frame before a whole one would read as damage."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.seek(self._bytes_written)
            self._file.truncate()
            raise
        self._bytes_written += len(data)
