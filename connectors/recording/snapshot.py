"""Snapshots of the engine's state: one checksummed file each, written beside its target and renamed, the two newest kept."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import orjson
import zstandard

from connectors.recording.frames import sync_folder
from monitor.domain.errors import BadInput

SCHEMA_VERSION = 1
KEPT = 2
_MAGIC = b"MWSNAP\x00\x00"
_HEAD = struct.Struct("<8sIqQQII")
_NAME = re.compile(r"snapshot-(\d{20})\.mws")


class LoadedSnapshot(NamedTuple):
    """A state with the seq of the last input in it; `passed_over`: newer files that could not be used, with the reason."""

    state: dict[str, Any]
    seq: int
    path: Path
    passed_over: tuple[tuple[Path, str], ...] = ()


class SnapshotStore:
    """The snapshots in one folder, which is made when it does not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._damaged: set[Path] = set()

    def save(self, state: dict[str, Any], seq: int) -> Path:
        """Write a state; when this returns it survives a crash of the machine, and all but the two newest are removed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"snapshot-{seq:020d}.mws"
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.write(_to_bytes(state, seq))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        self._damaged.discard(path)
        sync_folder(self._folder)
        self._remove_old()
        return path

    def load(self) -> LoadedSnapshot | None:
        """The newest state that is whole; None when there is no snapshot file at all.

        Raises `BadInput` when there are files and none of them can be used: starting empty would forget accounts in silence.
        """
        passed_over: list[tuple[Path, str]] = []
        for path in self.paths():
            try:
                state, seq = read_snapshot(path)
            except BadInput as error:
                passed_over.append((path, error.reason))
                self._damaged.add(path)
                continue
            return LoadedSnapshot(state, seq, path, tuple(passed_over))
        if passed_over:
            reasons = "; ".join(f"{path.name}: {reason}" for path, reason in passed_over)
            raise BadInput(f"no snapshot can be used: {reasons}", source=str(self._folder))
        return None

    def paths(self) -> list[Path]:
        """The snapshot files, newest first."""
        if not self._folder.is_dir():
            return []
        return sorted((path for path in self._folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)

    def _remove_old(self) -> None:
        # A damaged file must not push a whole one out of the two that are kept; it stays for whoever looks into it.
        for path in self._damaged:
            path.replace(path.with_suffix(".damaged"))
        self._damaged.clear()
        for path in self.paths()[KEPT:]:
            path.unlink()
        for path in self._folder.glob("snapshot-*.tmp"):
            path.unlink()


def read_snapshot(path: Path) -> tuple[dict[str, Any], int]:
    """The state and seq of one file; raises `BadInput` when it is torn, damaged or of another schema version."""
    data = path.read_bytes()
    if len(data) < _HEAD.size:
        raise BadInput(f"torn: {len(data)} bytes", source=str(path))
    magic, version, seq, raw_bytes, stored_bytes, payload_crc, head_crc = _HEAD.unpack_from(data)
    if magic != _MAGIC or head_crc != crc32(data[: _HEAD.size - 4]):
        raise BadInput("damaged: the head's checksum differs", source=str(path))
    if version != SCHEMA_VERSION:
        raise BadInput(f"this build reads version {SCHEMA_VERSION}", field="schema_version", value=version, source=str(path))
    stored = data[_HEAD.size :]
    if len(stored) != stored_bytes:
        raise BadInput(f"torn: {len(stored)} of {stored_bytes} bytes", source=str(path))
    if crc32(stored) != payload_crc:
        raise BadInput("damaged: the state's checksum differs", source=str(path))
    return orjson.loads(zstandard.ZstdDecompressor().decompress(stored, max_output_size=raw_bytes)), seq


def _to_bytes(state: dict[str, Any], seq: int) -> bytes:
    raw = orjson.dumps(state)
    stored = zstandard.ZstdCompressor(level=3, write_content_size=True).compress(raw)
    head = _HEAD.pack(_MAGIC, SCHEMA_VERSION, seq, len(raw), len(stored), crc32(stored), 0)
    return head[:-4] + struct.pack("<I", crc32(head[:-4])) + stored
