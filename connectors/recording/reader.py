"""Reads a recording: its header, then its records in order, from any seq on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import numpy as np

from connectors.recording.block import Record, decode_block
from connectors.recording.frames import (
    FOOTER_BYTES,
    MAGIC,
    Frame,
    FrameKind,
    find_whole_frame,
    read_footer,
    read_frame,
    read_payload,
    whole_frames,
)
from connectors.recording.header import header_from_bytes
from monitor.domain.errors import BadInput


class BlockPlace(NamedTuple):
    """Where one block stands and which seqs it holds."""

    seq_first: int
    seq_last: int
    engine_ns: int
    at: int


class RecordingReader:
    """An open recording.

    A torn tail (the writer died in the middle of a block) is left out: `torn_bytes` says how much. Damage anywhere before the
    last whole block raises `BadInput`, at opening or when the block is read; so do seqs that are not dense.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._source = str(path)
        self._file: BinaryIO = path.open("rb")
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> None:
        size = self.path.stat().st_size
        if self._file.read(len(MAGIC)) != MAGIC:
            raise BadInput("not a recording of this format", field="magic", source=self._source)
        head = read_frame(self._file, len(MAGIC))
        if head is None or head.kind is not FrameKind.HEADER:
            raise BadInput("the header is damaged or cut off", field="header", source=self._source)
        self.header = header_from_bytes(read_payload(self._file, head, self._source), self._source)
        indexed = self._indexed(size)
        self.is_closed = indexed is not None
        self.torn_bytes = 0
        self._blocks = indexed if indexed is not None else self._scanned(head.end, size)
        self._next_seq = self.header.first_seq
        self._require_dense()

    @property
    def last_seq(self) -> int:
        """The seq of the last row; `first_seq - 1` when there is none."""
        return self._blocks[-1].seq_last if self._blocks else self.header.first_seq - 1

    @property
    def blocks(self) -> tuple[BlockPlace, ...]:
        """The blocks in order."""
        return tuple(self._blocks)

    def seek(self, seq: int) -> None:
        """The next record read begins with this seq; raises `BadInput` when the recording does not hold it or its end."""
        if not self.header.first_seq <= seq <= self.last_seq + 1:
            held = f"the recording holds {self.header.first_seq} to {self.last_seq}"
            raise BadInput(held, field="seq", value=seq, source=self._source)
        self._next_seq = seq

    def __iter__(self) -> Iterator[Record]:
        """The records from the seek position on; a price batch that it lies in is cut there."""
        start = bisect_left([block.seq_last for block in self._blocks], self._next_seq)
        for place in self._blocks[start:]:
            yield from self._records(place)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _records(self, place: BlockPlace) -> Iterator[Record]:
        frame = read_frame(self._file, place.at)
        if frame is None or (frame.kind, frame.seq_first, frame.seq_last) != (
            FrameKind.BLOCK,
            place.seq_first,
            place.seq_last,
        ):
            raise BadInput("the file is damaged", field=f"block at byte {place.at}", source=self._source)
        seq = place.seq_first
        for record in decode_block(read_payload(self._file, frame, self._source), place.seq_first, self._source):
            seq = record.last_seq + 1
            if record.last_seq < self._next_seq:
                continue
            wanted = record if record.seq >= self._next_seq else record.after(self._next_seq - 1)
            self._next_seq = seq
            yield wanted
        if seq != place.seq_last + 1:
            raise BadInput(f"ends at seq {seq - 1}", field="seq_last", value=place.seq_last, source=self._source)

    def _indexed(self, size: int) -> list[BlockPlace] | None:
        at = read_footer(self._file, size)
        frame = None if at is None else read_frame(self._file, at)
        if frame is None or frame.kind is not FrameKind.INDEX or frame.end + FOOTER_BYTES != size:
            return None
        try:
            rows = np.frombuffer(read_payload(self._file, frame, self._source), "<i8").reshape(-1, 4)
        except BadInput:
            return None  # the index only saves a pass over the file
        return [BlockPlace(*row) for row in rows.tolist()]

    def _scanned(self, start: int, size: int) -> list[BlockPlace]:
        blocks = []
        end = start
        is_indexed = False
        for frame in whole_frames(self._file, start, size):
            end = frame.end
            if frame.kind is FrameKind.BLOCK:
                blocks.append(_place(frame))
            is_indexed = frame.kind is FrameKind.INDEX
        later = find_whole_frame(self._file, end + 1, size) if end < size else None
        if later is not None:
            lost = f"the file is damaged: whole blocks follow at byte {later.at}"
            raise BadInput(lost, field=f"block at byte {end}", source=self._source)
        self.torn_bytes = 0 if is_indexed and size - end == FOOTER_BYTES else size - end
        return blocks

    def _require_dense(self) -> None:
        expected = self.header.first_seq
        for place in self._blocks:
            if place.seq_first != expected:
                raise BadInput(
                    f"expected seq {expected}", field=f"block at byte {place.at}", value=place.seq_first, source=self._source
                )
            expected = place.seq_last + 1


def _place(frame: Frame) -> BlockPlace:
    return BlockPlace(frame.seq_first, frame.seq_last, frame.engine_ns, frame.at)
