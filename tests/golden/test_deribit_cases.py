"""The venue's published examples of standard margin, through `assess`, the sense of its trigger, and what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import BAD_INPUT, OK
from tests.golden.case_answers import first_pool
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import ROOT, shared_folder

NAME = "deribit:X_USDC-PERPETUAL"
RUN = ("deribit-sm-linear-btc25", "deribit-sm-linear-btc350", "deribit-sm-linear-sol25")
BTC = {"initial_base": "0.02", "maintenance_base": "0.01", "increase_per_coin": "0.00005"}


@cache
def cases() -> tuple[dict[str, Any], ...]:
    lines = (shared_folder() / "cases" / "okx-deribit-hl-dydx.jsonl").read_text(encoding="utf-8").splitlines()
    found = (json.loads(line, parse_float=str, parse_int=str) for line in lines)
    return tuple(case for case in found if case["id"] in RUN)


def account_file(*, wallet: str, size: str, price: str, rates: dict[str, str]) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": "deribit:case",
                "mode": "single_currency",
                "position_mode": "one_way",
                "wallets": [{"asset": "USDC", "balance": wallet}],
                "positions": [{"instrument": NAME, "side": "long", "size": size, "entry_price": price, "mark_price": price}],
            }
        ],
        "tables": {
            "instruments": [
                {"instrument": NAME, "kind": "linear_perpetual", "base": "X", "quote": "USDC", "settle_asset": "USDC"}
            ],
            "size_margin": [{"instrument": NAME, **rates}],
        },
    }


@pytest.mark.parametrize("name", RUN)
def test_the_examples_pass_through_assess(tmp_path: Path, name: str) -> None:
    (case,) = (case for case in cases() if case["id"] == name)
    inputs = case["inputs"]
    rates = {
        "initial_base": inputs["im_base"],
        "maintenance_base": inputs["mm_base"],
        "increase_per_coin": f"{Decimal(inputs['increase_per_coin']):f}",
    }
    # The examples tell the index price alone, and no wallet: any that is enough serves.
    file = account_file(wallet="9000000", size=inputs["size_coin"], price=inputs["index_price"], rates=rates)
    pool = first_pool(file, tmp_path)
    for figure, expected in case["expected"].items():
        assert abs(Decimal(pool[figure]) - Decimal(expected)) <= Decimal(case["tolerance"]["abs"]), (figure, pool[figure])
    assert (pool["certainty"], pool["verified"]) == ("unverified", False)


@pytest.mark.parametrize(("wallet", "level"), [("28125", "critical"), ("28124.99", "liquidation")])
def test_liquidation_comes_below_the_maintenance_margin_and_not_at_it(tmp_path: Path, wallet: str, level: str) -> None:
    pool = first_pool(account_file(wallet=wallet, size="25", price="100000", rates=BTC), tmp_path)
    assert (Decimal(pool["maintenance_margin"]), pool["level"]) == (28125, level)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "multi_currency"}, "account mode multi_currency is not covered"),
        ({"mode": "portfolio"}, "account mode portfolio is not covered"),
        ({"position_mode": "hedge"}, "position mode hedge is not covered"),
    ],
)
def test_what_is_not_covered_is_refused_by_name(tmp_path: Path, change: dict[str, str], words: str) -> None:
    file = account_file(wallet="100000", size="25", price="100000", rates=BTC)
    file["accounts"][0] |= change
    pool = first_pool(file, tmp_path)
    assert (pool["certainty"], pool["maintenance_margin"]) == ("unknown", None)
    assert words in pool["figures_reason"]


def test_inverse_contracts_are_refused_by_name(tmp_path: Path) -> None:
    file = account_file(wallet="100000", size="25", price="100000", rates=BTC)
    file["tables"]["instruments"][0]["kind"] = "inverse_perpetual"
    assert "is inverse_perpetual: only linear contracts are covered" in first_pool(file, tmp_path)["figures_reason"]


def test_a_table_that_is_not_well_formed_is_refused(tmp_path: Path) -> None:
    file = account_file(wallet="1", size="1", price="1", rates=BTC | {"initial_base": "0.005"})
    code, _answer = answer_of(file, tmp_path)
    assert code == BAD_INPUT


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "deribit.json").read_text(encoding="utf-8"))
    code, _answer = answer_of(file, tmp_path)
    assert code == OK
