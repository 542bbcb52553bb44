"""The crash of 2021-05-19, with a book of 500 accounts: every way of replaying it gives the same decisions, byte for byte."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from connectors.recording.reader import RecordingReader
from connectors.recording.snapshot import SnapshotStore
from monitor.alerting.saved_state import state_with_alerts
from monitor.analytics.document import account_document
from monitor.analytics.report import account_reports
from monitor.replay.commands import run_recording_accounts, run_recording_build, run_replay
from monitor.replay.replay import alerter_at_start, engine_at_start, replay
from tests.support.requirements import ROOT, shared_folder

pytestmark = pytest.mark.slow

DAY, NEXT_DAY = "2021-05-19T00:00", "2021-05-20T00:00"
IN_A_PROCESS = """
import sys
from pathlib import Path
from monitor.replay.commands import run_replay
sys.exit(run_replay(Path(sys.argv[1]), decisions=Path(sys.argv[2]), out=sys.stdout, err=sys.stderr))
"""


def build(folder: Path, shared: Path, accounts: int, until: str) -> Path:
    """The recording by way of the commands."""
    crash = shared / "data" / "prices" / "2021-05-19_china_crash"
    candles = [crash / f"binance_spot_{coin}_USDT-1m.json.zst" for coin in ("BTC", "ETH", "XRP", "DOGE")]
    brackets = shared / "data" / "risk_params" / "binance_um" / "binance_leverage_tiers_2024-10.json.zst"
    book, out, err = folder / "accounts.json", io.StringIO(), io.StringIO()
    code = run_recording_accounts(
        candles, brackets=brackets, count=accounts, seed=7, at=DAY, out_path=book, out=out, err=err
    ) or run_recording_build(candles, accounts=book, out_path=folder / "recording", end=until, out=out, err=err)
    assert code == 0, err.getvalue()
    return folder / "recording"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("day"), shared_folder(), 500, NEXT_DAY)


def decisions_of(recording: Path, batch_rows: int | None = None) -> str:
    lines = io.StringIO()
    with RecordingReader(recording) as reader:
        engine = engine_at_start(reader)
        replay(reader, engine, decisions=lines, batch_rows=batch_rows, alerter=alerter_at_start(reader, engine))
    return lines.getvalue()


@pytest.fixture(scope="module")
def decisions(recording: Path) -> str:
    return decisions_of(recording)


def test_all_levels_are_entered_and_left(decisions: str) -> None:
    lines = [json.loads(line) for line in decisions.splitlines()]
    assert len(lines) >= 500
    levels = [line for line in lines if line["decision"] == "level"]
    alerts = [line for line in lines if line["decision"] == "alert"]
    assert {line["ended_ns"] is None for line in alerts} == {True, False}
    every = {"ok", "notice", "warning", "critical", "liquidation"}
    assert {line["new"] for line in levels} == every
    assert {line["old"] for line in levels} == every | {"none"}
    assert [line["seq"] for line in lines] == sorted(line["seq"] for line in lines)
    assert min(Counter(line["new"] for line in levels).values()) >= 50


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_decides_the_same(recording: Path, decisions: str, tmp_path: Path, hash_seed: str) -> None:
    written = tmp_path / "decisions.jsonl"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, str(recording), str(written)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a proxy made from candles" in done.stderr
    assert written.read_text() == decisions


@pytest.mark.parametrize("rows", [1, 7, 4096])
def test_other_cuts_decide_the_same(recording: Path, decisions: str, rows: int) -> None:
    assert decisions_of(recording, batch_rows=rows) == decisions


def test_resumed_from_a_snapshot_in_the_middle(recording: Path, decisions: str, tmp_path: Path) -> None:
    """The middle lies inside a price batch, and the state goes through the file of a snapshot."""
    before, after = io.StringIO(), io.StringIO()
    store = SnapshotStore(tmp_path / "snapshots")
    with RecordingReader(recording) as reader:
        middle = reader.last_seq // 2
        engine = engine_at_start(reader)
        alerter = alerter_at_start(reader, engine)
        replay(reader, engine, decisions=before, at_seq=middle, alerter=alerter)
        assert alerter.open_alerts()
        store.save(state_with_alerts(engine, alerter), engine.seq)
    loaded = store.load()
    assert loaded is not None
    assert loaded.seq == middle
    with RecordingReader(recording) as reader:
        engine = engine_at_start(reader, resume=loaded)
        replay(reader, engine, decisions=after, alerter=alerter_at_start(reader, engine, resume=loaded))
    assert before.getvalue() + after.getvalue() == decisions
    assert after.getvalue().count("\n") > 100


def test_torn_newest_snapshot_resumes_from_the_one_before(recording: Path, decisions: str, tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path / "snapshots")
    with RecordingReader(recording) as reader:
        engine = engine_at_start(reader)
        alerter = alerter_at_start(reader, engine)
        for share in (0.05, 0.1):
            replay(reader, engine, at_seq=int(reader.last_seq * share), alerter=alerter)
            store.save(state_with_alerts(engine, alerter), engine.seq)
            reader.seek(engine.seq + 1)
    newest = store.paths()[0]
    newest.write_bytes(newest.read_bytes()[:-7])
    loaded = store.load()
    assert loaded is not None
    ((path, reason),) = loaded.passed_over
    assert path == newest
    assert "torn" in reason
    after = io.StringIO()
    with RecordingReader(recording) as reader:
        until = int(reader.last_seq * 0.2)
        assert loaded.seq == int(reader.last_seq * 0.05)
        engine = engine_at_start(reader, resume=loaded)
        alerter = alerter_at_start(reader, engine, resume=loaded)
        replay(reader, engine, decisions=after, at_seq=until, alerter=alerter)
    expected = [line for line in decisions.splitlines() if loaded.seq < json.loads(line)["seq"] <= until]
    assert after.getvalue().splitlines() == expected
    assert len(expected) > 50


def test_building_again_gives_the_same_bytes(recording: Path, tmp_path: Path) -> None:
    again = build(tmp_path, shared_folder(), 500, NEXT_DAY)
    assert again.read_bytes() == recording.read_bytes()


def test_accounts_at_a_seq_are_those_of_the_engine_then(recording: Path) -> None:
    with RecordingReader(recording) as reader:
        seq = reader.last_seq // 20
        engine = replay(reader, engine_at_start(reader), at_seq=seq).engine
        run_id = reader.header.run_id
    out, err = io.StringIO(), io.StringIO()
    assert run_replay(recording, at_seq=seq, as_json=True, out=out, err=err) == 0, err.getvalue()
    printed = json.loads(out.getvalue())
    assert (printed["run_id"], printed["as_of_seq"], printed["as_of_ns"]) == (run_id, seq, engine.now_ns)
    assert printed["accounts"] == [account_document(report) for report in account_reports(engine)]
    assert len(printed["accounts"]) == 500


def test_another_configuration_is_said_and_decides_otherwise(recording: Path, tmp_path: Path) -> None:
    config = tmp_path / "marginwatch.toml"
    config.write_text('default_profile = "client"\n[kafka]\nbootstrap_servers = "localhost:9092"\n')
    out, err = io.StringIO(), io.StringIO()
    written = tmp_path / "decisions.jsonl"
    code = run_replay(recording, at_seq=12_000, decisions=written, config=config, out=out, err=err)
    assert code == 0, err.getvalue()
    assert f"under the configuration {config}, not the one it was recorded under" in err.getvalue()
    own = tmp_path / "own.jsonl"
    assert run_replay(recording, at_seq=12_000, decisions=own, out=out, err=err) == 0
    assert written.read_bytes() != own.read_bytes()
    # The age limit of a proxy holds under any configuration: no price is stale between two candle points.
    assert '"new":"stale"' not in written.read_text()


def test_bad_input_names_what_is_wrong(recording: Path, tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert run_replay(recording, at_seq=10**9, out=out, err=err) == 2
    assert run_replay(recording, batch_rows=0, out=out, err=err) == 2
    assert run_replay(tmp_path / "none", out=out, err=err) == 2
    assert run_recording_build([], accounts=tmp_path / "none", out_path=tmp_path / "r", start="soon", out=out, err=err) == 2
    text = err.getvalue()
    assert "--at = 1000000000" in text
    assert "--batch = 0" in text
    assert "No such file" in text
    assert "--from = 'soon'" in text
