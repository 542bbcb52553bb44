"""Torn tails are cut and said; any damage elsewhere is refused, never read as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.recording.block import Record
from connectors.recording.frames import FOOTER_BYTES
from connectors.recording.reader import RecordingReader
from monitor.domain.errors import BadInput
from tests.unit.recording.inputs_of_every_kind import header, records, write


def outcome(path: Path) -> tuple[str, list[Record], int]:
    """How reading ended, the records read, and the bytes left out."""
    taken: list[Record] = []
    try:
        with RecordingReader(path) as reader:
            if reader.header != header(first_seq=1):
                return "other header", [], 0
            taken.extend(reader)
            return "read", taken, reader.torn_bytes
    except BadInput as error:
        assert error.source == str(path)
        return "refused", taken, 0


def small(path: Path, *, close: bool) -> list[Record]:
    taken = records()[:12]
    write(path, taken, block=4, close=close)
    return taken


@pytest.mark.parametrize("close", [True, False])
def test_every_flipped_byte_is_detected_or_harmless(tmp_path: Path, close: bool) -> None:
    taken = small(tmp_path / "r", close=close)
    whole = (tmp_path / "r").read_bytes()
    damaged = tmp_path / "damaged"
    seen = set()
    for at in range(len(whole)):
        for bit in (0x01, 0x80, 0xFF):
            flipped = bytearray(whole)
            flipped[at] ^= bit
            damaged.write_bytes(flipped)
            how, given_back, torn = outcome(damaged)
            if how == "read":
                # All of it (index or footer hit), or a whole prefix with the rest named as torn.
                assert given_back == taken or (torn > 0 and given_back == taken[: len(given_back)]), at
            else:
                assert how == "refused", at
                assert given_back == taken[: len(given_back)], at
            seen.add((how, torn > 0))
    # A damaged last block of a file that was never closed cannot be told from a torn one.
    assert ("refused", False) in seen
    assert (("read", False) in seen) is close


def test_every_torn_tail_is_cut_and_said(tmp_path: Path) -> None:
    taken = small(tmp_path / "r", close=False)
    whole = (tmp_path / "r").read_bytes()
    with RecordingReader(tmp_path / "r") as reader:
        starts = [block.at for block in reader.blocks]
        ends = [*starts[1:], len(whole)]
        last_seqs = [block.seq_last for block in reader.blocks]
    torn_file = tmp_path / "torn"
    for size in range(starts[0], len(whole) + 1):
        torn_file.write_bytes(whole[:size])
        how, given_back, torn = outcome(torn_file)
        kept = [last for end, last in zip(ends, last_seqs, strict=True) if end <= size]
        assert how == "read"
        assert given_back == [record for record in taken if kept and record.seq <= kept[-1]]
        assert torn == size - max([starts[0], *(end for end in ends if end <= size)])


@pytest.mark.parametrize("garbage", [b"\0" * 5_000, b"MWFR" * 800])
def test_garbage_behind_the_last_block_is_a_torn_tail(tmp_path: Path, garbage: bytes) -> None:
    taken = small(tmp_path / "r", close=False)
    with (tmp_path / "r").open("ab") as file:
        file.write(garbage)
    assert outcome(tmp_path / "r") == ("read", taken, len(garbage))


def test_closed_recording_without_its_end_is_read_by_its_blocks(tmp_path: Path) -> None:
    taken = small(tmp_path / "r", close=True)
    whole = (tmp_path / "r").read_bytes()
    (tmp_path / "r").write_bytes(whole[: -FOOTER_BYTES - 3])
    how, given_back, torn = outcome(tmp_path / "r")
    assert (how, given_back) == ("read", taken)
    assert torn > 0


def test_block_missing_in_the_middle_is_refused(tmp_path: Path) -> None:
    small(tmp_path / "r", close=False)
    with RecordingReader(tmp_path / "r") as reader:
        _, second, third = (block.at for block in reader.blocks)
    whole = (tmp_path / "r").read_bytes()
    (tmp_path / "r").write_bytes(whole[:second] + whole[third:])
    with pytest.raises(BadInput, match="expected seq"):
        RecordingReader(tmp_path / "r")


def test_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(b"")
    with pytest.raises(BadInput, match="not a recording"):
        RecordingReader(tmp_path / "r")


def test_header_of_another_version_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "r", records(), head=header(format_version=2))
    with pytest.raises(BadInput, match=r"format_version = 2: this build reads format 1"):
        RecordingReader(tmp_path / "r")
