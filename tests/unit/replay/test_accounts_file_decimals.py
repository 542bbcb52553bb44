"""Decimals of an accounts file are plain strings: what Python would also take as a decimal is refused by its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.domain.errors import BadInput
from monitor.replay.accounts_file import read_accounts_file

WALLET = {
    "kind": "account_state",
    "account": "binance_usdm:a",
    "event_id": "1",
    "ts_event_ns": 1,
    "ts_recv_ns": 1,
    "source": "file",
    "source_epoch": 1,
    "account_seq": 1,
    "complete": True,
}
BRACKETS = {"table": "binance_usdm/leverage_brackets/BTCUSDT", "ts_recv_ns": 1}


@pytest.mark.parametrize("bad", [1.5, 1, "NaN", "1_000", " 1"])
def test_an_amount_that_is_no_plain_decimal_is_refused(tmp_path: Path, bad: object) -> None:
    event = {**WALLET, "wallets": [{"asset": "USDT", "balance": bad}]}
    with pytest.raises(BadInput) as refused:
        read(tmp_path, [], [event])
    assert (refused.value.field, refused.value.value) == ("wallets[0].balance", bad)
    assert "events[0]" in refused.value.source


@pytest.mark.parametrize("bad", [0.004, "NaN", "1_000"])
def test_a_rate_that_is_no_plain_decimal_is_refused(tmp_path: Path, bad: object) -> None:
    bracket = {"floor": "0", "cap": None, "maintenance_margin_rate": bad, "deduction": "0"}
    table = {**BRACKETS, "versions": [{"version": "1", "effective_ns": 0, "table": {"brackets": [bracket]}}]}
    with pytest.raises(BadInput) as refused:
        read(tmp_path, [table], [])
    assert (refused.value.field, refused.value.value) == ("versions[0].table.brackets[0].maintenance_margin_rate", bad)


def read(folder: Path, tables: list[object], events: list[object]) -> None:
    path = folder / "accounts.json"
    plain = {"format_version": 1, "starts_ns": 1, "tables": tables, "events": events, "feeds": {}}
    path.write_text(json.dumps(plain))
    read_accounts_file(path)
