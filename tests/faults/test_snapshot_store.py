"""A torn or corrupt newest snapshot falls back to the one before and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.recording.snapshot import SnapshotStore, read_snapshot
from monitor.domain.errors import BadInput


def state(seq: int) -> dict[str, object]:
    return {"version": 1, "seq": seq, "pools": [{"pool": "v:a/cross", "level": 3, "price": 0.1, "none": None}]}


def store(folder: Path, *seqs: int) -> SnapshotStore:
    made = SnapshotStore(folder / "snapshots")
    for seq in seqs:
        made.save(state(seq), seq)
    return made


def test_newest_comes_back_and_two_are_kept(tmp_path: Path) -> None:
    made = store(tmp_path, 5, 70, 900)
    loaded = made.load()
    assert loaded is not None
    assert (loaded.state, loaded.seq, loaded.passed_over) == (state(900), 900, ())
    assert [path.name[-7:] for path in made.paths()] == ["900.mws", "070.mws"]


def test_empty_folder_has_no_snapshot(tmp_path: Path) -> None:
    assert SnapshotStore(tmp_path / "none").load() is None


def test_every_torn_size_and_every_flipped_byte_falls_back_and_says_so(tmp_path: Path) -> None:
    made = store(tmp_path, 5, 70)
    newest = made.paths()[0]
    whole = newest.read_bytes()
    damaged = [whole[:size] for size in range(len(whole))]
    damaged += [whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :] for at in range(len(whole))]
    for data in damaged:
        newest.write_bytes(data)
        loaded = made.load()
        assert loaded is not None
        assert (loaded.state, loaded.seq) == (state(5), 5)
        ((path, reason),) = loaded.passed_over
        assert path == newest
        assert reason


def test_all_damaged_is_an_error_and_not_an_empty_start(tmp_path: Path) -> None:
    made = store(tmp_path, 5, 70)
    for path in made.paths():
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadInput, match=r"no snapshot can be used: .*70\.mws: torn.*5\.mws: torn"):
        made.load()


def test_damaged_file_does_not_push_a_whole_one_out(tmp_path: Path) -> None:
    made = store(tmp_path, 5, 70)
    made.paths()[0].write_bytes(b"torn")
    made.load()
    made.save(state(80), 80)
    assert [read_snapshot(path)[1] for path in made.paths()] == [80, 5]


def test_unfinished_file_is_not_a_snapshot(tmp_path: Path) -> None:
    made = store(tmp_path, 5)
    (tmp_path / "snapshots" / f"snapshot-{9:020d}.tmp").write_bytes(b"half")
    loaded = made.load()
    assert loaded is not None
    assert loaded.seq == 5
    made.save(state(6), 6)
    assert not list((tmp_path / "snapshots").glob("*.tmp"))


def test_other_schema_version_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = store(tmp_path, 5)
    monkeypatch.setattr("connectors.recording.snapshot.SCHEMA_VERSION", 2)
    made.save(state(6), 6)
    monkeypatch.undo()
    loaded = made.load()
    assert loaded is not None
    assert loaded.seq == 5
    assert "version 1" in loaded.passed_over[0][1]
