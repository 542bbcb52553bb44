"""Frames: what a recording's file is made of. Each has a header with a checksum of its own, and a checksummed payload.

    magic (8 bytes) | HEADER frame | BLOCK frames ... | INDEX frame | footer (16 bytes)

The last two are there only when the recording was closed. Everything is little-endian.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import BinaryIO, NamedTuple
from zlib import crc32

import zstandard

from monitor.domain.errors import BadInput

MAGIC = b"MWREC\x00\x00\x01"
_MARKER = b"MWFR"
_FRAME = struct.Struct("<4sB3xQQqqqII")
_FOOTER = struct.Struct("<QI4s")
_FOOTER_MARKER = b"MWEN"
FOOTER_BYTES = _FOOTER.size
FRAME_BYTES = _FRAME.size
COMPRESSION_LEVEL = 3


class FrameKind(IntEnum):
    """What the payload of a frame is."""

    HEADER = 1
    BLOCK = 2
    INDEX = 3


class Frame(NamedTuple):
    """The header of one frame that stands at `at` in its file."""

    at: int
    kind: FrameKind
    stored_bytes: int
    raw_bytes: int
    seq_first: int
    seq_last: int
    engine_ns: int
    payload_crc: int

    @property
    def end(self) -> int:
        """Where the next frame begins."""
        return self.at + FRAME_BYTES + self.stored_bytes


def frame_bytes(kind: FrameKind, payload: bytes, *, seq_first: int = 0, seq_last: int = 0, engine_ns: int = 0) -> bytes:
    """A whole frame with its payload compressed."""
    stored = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(payload)
    head = _FRAME.pack(_MARKER, kind, len(stored), len(payload), seq_first, seq_last, engine_ns, crc32(stored), 0)
    head = head[:-4] + struct.pack("<I", crc32(head[:-4]))
    return head + stored


def read_frame(file: BinaryIO, at: int) -> Frame | None:
    """The frame header at a place of the file, None when there is none that is whole."""
    file.seek(at)
    head = file.read(FRAME_BYTES)
    if len(head) < FRAME_BYTES:
        return None
    marker, kind, stored, raw, seq_first, seq_last, engine_ns, payload_crc, head_crc = _FRAME.unpack(head)
    if marker != _MARKER or head_crc != crc32(head[:-4]):
        return None
    return Frame(at, FrameKind(kind), stored, raw, seq_first, seq_last, engine_ns, payload_crc)


def stored_payload(file: BinaryIO, frame: Frame) -> bytes | None:
    """The compressed payload, None when it is cut off or its checksum differs."""
    file.seek(frame.at + FRAME_BYTES)
    stored = file.read(frame.stored_bytes)
    return stored if len(stored) == frame.stored_bytes and crc32(stored) == frame.payload_crc else None


def read_payload(file: BinaryIO, frame: Frame, source: str) -> bytes:
    """The payload of a frame; raises `BadInput` naming the place in the file when its checksum differs."""
    stored = stored_payload(file, frame)
    if stored is None:
        raise BadInput("checksum differs: the file is damaged", field=f"payload at byte {frame.at}", source=source)
    return zstandard.ZstdDecompressor().decompress(stored, max_output_size=frame.raw_bytes)


def footer_bytes(index_at: int) -> bytes:
    """The end of a closed recording: where its index stands."""
    place = struct.pack("<Q", index_at)
    return _FOOTER.pack(index_at, crc32(place + _FOOTER_MARKER), _FOOTER_MARKER)


def read_footer(file: BinaryIO, size: int) -> int | None:
    """Where the index of a closed recording stands; None for one that was not closed or whose end is damaged."""
    if size < len(MAGIC) + FOOTER_BYTES:
        return None
    file.seek(size - FOOTER_BYTES)
    index_at, crc, marker = _FOOTER.unpack(file.read(FOOTER_BYTES))
    if marker != _FOOTER_MARKER or crc != crc32(struct.pack("<Q", index_at) + marker):
        return None
    return int(index_at)


def whole_frames(file: BinaryIO, start: int, size: int) -> Iterator[Frame]:
    """The frames from `start` on whose header and payload are whole, up to the first that is not."""
    at = start
    while at < size:
        frame = read_frame(file, at)
        if frame is None or stored_payload(file, frame) is None:
            return
        yield frame
        at = frame.end


def find_whole_frame(file: BinaryIO, start: int, size: int) -> Frame | None:
    """The first whole frame behind `start`, wherever it begins: tells a damaged middle from a torn tail."""
    step = 1 << 20
    for at in range(start, size, step):
        file.seek(at)
        window = file.read(step + len(_MARKER))
        found = window.find(_MARKER)
        while found >= 0:
            frame = read_frame(file, at + found)
            if frame is not None and stored_payload(file, frame) is not None:
                return frame
            found = window.find(_MARKER, found + 1)
    return None


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Make names that were created or renamed in a folder durable."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
