"""Cases of no venue in particular, through `assess` under the plain book, and the control that leaves the others out."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from monitor.assess.run import OK
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import ROOT, shared_folder

CONTROL = "generic-cross-other-mm-ignored"


@cache
def of_the_book() -> tuple[dict[str, Any], ...]:
    lines = (shared_folder() / "cases" / "binance-bybit.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(case for case in map(json.loads, lines) if case["venue"] == "generic")


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return tuple(case for case in of_the_book() if case["id"] != CONTROL)


def account_file(inputs: dict[str, Any]) -> dict[str, Any]:
    """The account of a case: equity is the wallet of a position just opened; USD counts in full and costs nothing when owed."""
    (held,) = inputs["positions"]
    name, usd = f"generic:{held['instrument']}", "generic:USD"
    position = {"instrument": name, "side": held["side"], "size": held["size"]}
    tables = {
        "instruments": [
            {"instrument": name, "kind": "linear_perpetual", "base": "X", "quote": "USD", "settle_asset": "USD"},
        ],
        "leverage_brackets": [{"instrument": name, "maintenance_margin_rate": held["mmr"]}],
        "collateral_tiers": [{"asset": usd, "tiers": [{"floor": "0", "ratio": "1"}]}],
        "borrow_tiers": [
            {"asset": usd, "tiers": [{"floor": "0", "maintenance_margin_rate": "0", "initial_margin_rate": "0"}]},
        ],
    }
    account = {
        "account": "generic:case",
        "mode": "multi_currency",
        "position_mode": "one_way",
        "wallets": [{"asset": "USD", "balance": inputs["equity"]}],
        "positions": [{**position, "entry_price": held["mark"], "mark_price": held["mark"]}],
        "venue_given": {"other_maintenance_margin": inputs["other_mm"]},
    }
    return {"schema_version": 1, "accounts": [account], "asset_indices": [{"asset": usd, "index": "1"}], "tables": tables}


def liquidation_price(case: dict[str, Any], folder: Path) -> Decimal:
    _code, answer = answer_of(account_file(case["inputs"]), folder)
    return Decimal(answer["accounts"][0]["pools"][0]["positions"][0]["liquidation_price"])


def test_cases_pass_through_assess(tmp_path: Path) -> None:
    assert len(cases()) == len(of_the_book()) - 1 == 1
    for case in of_the_book():
        expected, tolerance = Decimal(case["expected"]["liquidation_price"]), Decimal(case["tolerance"]["liquidation_price"])
        assert abs(liquidation_price(case, tmp_path) - expected) <= tolerance, case["id"]


def test_what_other_positions_need_is_not_left_out(tmp_path: Path) -> None:
    """The control: without the other positions' margin the price would stand four dollars too low."""
    (case,) = cases()
    control = next(case for case in of_the_book() if case["id"] == CONTROL)
    assert liquidation_price(case, tmp_path) - Decimal(control["expected"]["liquidation_price"]) > Decimal("3.9")


def test_a_figure_that_the_book_does_not_know_is_named(tmp_path: Path) -> None:
    file = account_file(cases()[0]["inputs"])
    file["accounts"][0]["venue_given"] = {"unknown_add_on": "3"}
    _code, answer = answer_of(file, tmp_path)
    pool = answer["accounts"][0]["pools"][0]
    assert (pool["level"], pool["certainty"]) == ("none", "unknown")
    assert "unknown_add_on" in pool["figures_reason"]


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "generic.json").read_text(encoding="utf-8"))
    code, answer = answer_of(file, tmp_path)
    assert code == OK
    parts = {(part["figure"], part["name"]) for part in answer["accounts"][0]["pools"][0]["parts"]}
    assert ("maintenance_margin", "borrowed in USDC") in parts
