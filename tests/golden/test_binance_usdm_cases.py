"""The venue's worked examples, through `assess` as a user runs it, compared with the figures that the venue published."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import BAD_INPUT, OK, UNKNOWN, run_assess
from tests.golden.binance_case_files import Case, account_file, shown
from tests.support.requirements import ROOT, shared_folder

CASES = "binance-bybit.jsonl"
EXPECTED_COUNT = 26

Path_ = tuple[str | int, ...]


@cache
def cases() -> tuple[Case, ...]:
    lines = (shared_folder() / "cases" / CASES).read_text(encoding="utf-8").splitlines()
    every = [json.loads(line) for line in lines]
    return tuple(case for case in every if case["venue"] == "binance" and case["mode"].startswith(("um_", "tier_table")))


def answer_of(file: dict[str, Any], folder: Path) -> tuple[int, dict[str, Any]]:
    path = folder / "account.json"
    path.write_text(json.dumps(file), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    code = run_assess(path, as_json=True, out=out, err=err)
    return code, json.loads(out.getvalue()) if code != BAD_INPUT else {"refused": err.getvalue()}


def numbers_in(value: object, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    """Every figure among a case's inputs, with its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers_in(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from numbers_in(inner, (*path, index))
    elif isinstance(value, (str, int)) and str(value).lstrip("-").replace(".", "", 1).isdigit():
        yield path, str(value)


def with_figure(case: Case, path: Path_, figure: str) -> Case:
    changed = deepcopy(case)
    place = changed["inputs"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = figure
    return changed


def test_every_case_of_the_venue_is_here() -> None:
    assert len(cases()) == EXPECTED_COUNT


def test_cases_pass_through_assess(tmp_path: Path) -> None:
    for case in cases():
        code, answer = answer_of(account_file(case), tmp_path)
        # The examples of single positions tell no wallet, others no leverage: then assess says that something is unknown.
        assert code in {OK, UNKNOWN}, (case["id"], answer)
        for name, expected in case["expected"].items():
            ours, tolerance = shown(case, name, answer), Decimal(case["tolerance"][name])
            pairs = zip(expected, ours, strict=True) if isinstance(expected, list) else [(expected, ours)]
            for theirs, figure in pairs:
                assert figure is not None, (case["id"], name)
                assert abs(Decimal(figure) - Decimal(str(theirs))) <= tolerance, (case["id"], name, figure, theirs)


def test_every_input_figure_matters(tmp_path: Path) -> None:
    idle: dict[str, list[str]] = {}
    for case in cases():
        _, before = answer_of(account_file(case), tmp_path)
        for path, figure in numbers_in(case["inputs"]):
            moved = f"{Decimal(figure) * Decimal('1.01'):f}"
            _, after = answer_of(account_file(with_figure(case, path, moved)), tmp_path)
            # 1 % of nothing is nothing.
            if Decimal(figure) != 0 and figures_of(after) == figures_of(before):
                idle.setdefault(case["id"], []).append(".".join(map(str, path)))
    # No figure of any case is irrelevant: an unreached bracket's floor, cap or amount is refused when it breaks the table.
    assert idle == {}


ECHOES = {
    "size",
    "entry_price",
    "mark_price",
    "index",
    "leverage",
    "maintenance_margin_rate",
    "wallets",
    "tables",
    "formula",
    "source",
}


def figures_of(answer: Any) -> Any:
    """The answer without what it only repeats of its input; a refusal is its own figure."""
    if isinstance(answer, dict):
        tables = {"tables": [deductions_of(table) for table in answer["tables"]]} if "tables" in answer else {}
        return {key: figures_of(value) for key, value in answer.items() if key not in ECHOES} | tables
    return [figures_of(value) for value in answer] if isinstance(answer, list) else answer


def deductions_of(table: dict[str, Any]) -> list[str]:
    return [bracket["deduction"] for bracket in table["brackets"]]


@pytest.fixture
def doc_positions() -> dict[str, Any]:
    file: dict[str, Any] = json.loads((ROOT / "examples" / "account.json").read_text(encoding="utf-8"))
    return file


def test_the_example_of_the_documentation_has_no_unknown(doc_positions: dict[str, Any], tmp_path: Path) -> None:
    code, answer = answer_of(doc_positions, tmp_path)
    assert code == OK
    assert answer["accounts"][0]["pools"][0]["margin_ratio"] is not None


def test_without_brackets_the_pool_is_unknown_and_no_rate_is_assumed(doc_positions: dict[str, Any], tmp_path: Path) -> None:
    doc_positions["tables"]["leverage_brackets"].pop()
    code, answer = answer_of(doc_positions, tmp_path)
    assert code == UNKNOWN
    pool = answer["accounts"][0]["pools"][0]
    assert (pool["maintenance_margin"], pool["level"], pool["certainty"]) == (None, "none", "unknown")
    assert "leverage_brackets" in pool["figures_reason"]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("accounts", 0, "positions", 0, "size"), "-1", "accounts[0].positions[0].size"),
        (("accounts", 0, "positions", 0, "size"), 1, "accounts[0].positions[0].size"),
        (("accounts", 0, "positions", 0, "size"), "much", "accounts[0].positions[0].size"),
        (("accounts", 0, "positions", 0, "side"), "up", "accounts[0].positions[0].side"),
        (("accounts", 0, "positions", 0, "mark_price"), "NaN", "accounts[0].positions[0].mark_price"),
        (("accounts", 0, "account"), "nowhere:x", "accounts[0].account"),
        (("accounts", 0, "profile"), "brave", "accounts[0].profile"),
        (("tables", "leverage_brackets", 0, "maintenance_margin_rate"), "-0.1", "tables.leverage_brackets[0]"),
        (("tables", "leverage_brackets", 0, "maintenance_margin_rate"), "sNaN", "tables.leverage_brackets[0].maintenance"),
        (("accounts", 0, "wallets", 0, "balance"), "1E+999999", "accounts[0].wallets[0].balance"),
        (("schema_version",), 2, "schema_version"),
    ],
)
def test_bad_input_is_refused_with_field_and_value(
    doc_positions: dict[str, Any], tmp_path: Path, path: Path_, value: object, field: str
) -> None:
    place: Any = doc_positions
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    code, answer = answer_of(doc_positions, tmp_path)
    assert code == BAD_INPUT
    assert f"account.json: {field}" in answer["refused"]
    assert str(value) in answer["refused"]


def test_a_deduction_of_another_bracket_is_refused(doc_positions: dict[str, Any], tmp_path: Path) -> None:
    doc_positions["tables"]["leverage_brackets"][0]["deduction"] = "16300"
    code, answer = answer_of(doc_positions, tmp_path)
    assert code == BAD_INPUT
    assert "deduction" in answer["refused"]


def owing(**buffers: str) -> dict[str, Any]:
    """5,000 USDT owed by an account with USDC; how USDC converts is the test's."""
    par = {"index": "1", "bid_buffer": "0", "ask_buffer": "0"}
    usdt = {"asset": "binance_usdm:USDT", "auto_exchange_bid_buffer": "0", "auto_exchange_ask_buffer": "0.01", **par}
    wallets = [{"asset": "USDT", "balance": "-5000"}, {"asset": "USDC", "balance": "9000"}]
    account = {"account": "binance_usdm:x", "mode": "multi_currency", "position_mode": "one_way", "wallets": wallets}
    file = {"schema_version": 1, "accounts": [{**account, "positions": []}]}
    return {**file, "asset_indices": [usdt, {"asset": "binance_usdm:USDC", **par, **buffers}]}


def test_an_asset_whose_auto_exchange_buffer_is_not_told_is_not_guessed(tmp_path: Path) -> None:
    for buffers, expected in (({"auto_exchange_bid_buffer": "0.02"}, ["5153.0612244897959184"]), ({}, [])):
        code, answer = answer_of(owing(**buffers), tmp_path)
        assert code == OK
        parts = answer["accounts"][0]["pools"][0]["parts"]
        # The surcharge of what is owed, 1 %, then the haircut of what is sold.
        assert [part["amount"] for part in parts if part["figure"] == "auto_exchange"] == expected
