"""Bitget: the venue's examples of collateral in slices by value, through `assess`."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from monitor.assess.run import OK
from tests.golden.case_answers import first_pool, published
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import ROOT


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return (published()["bitget-collateral-two-coins"],)


def account_file(balances: list[dict[str, Any]]) -> dict[str, Any]:
    """The account of a case. A last tier of ratio 0 without a cap is what lies above the one before it."""
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": "bitget:case",
                "mode": "multi_currency",
                "position_mode": "one_way",
                "wallets": [{"asset": held["asset"], "balance": held["amount"]} for held in balances],
                "positions": [],
            }
        ],
        "asset_indices": [{"asset": f"bitget:{held['asset']}", "index": held["price"]} for held in balances],
        "tables": {
            "collateral_tiers": [{"asset": f"bitget:{held['asset']}", "tiers": tiers(held["tiers"])} for held in balances]
        },
    }


def tiers(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    floors = ["0", *(str(row["cap"]) for row in rows[:-1])]
    return [
        {"floor": floor, "ratio": row["ratio"]} | ({} if row["cap"] is None else {"cap": str(row["cap"])})
        for floor, row in zip(floors, rows, strict=True)
    ]


def test_cases_pass_through_assess(tmp_path: Path) -> None:
    for case in cases():
        pool = first_pool(account_file(case["inputs"]["balances"]), tmp_path)
        assert Decimal(pool["collateral_value"]) == Decimal(case["expected"]["collateral_value"])
        assert (pool["certainty"], pool["verified"]) == ("unverified", False)


def test_each_slice_counts_at_its_own_ratio(tmp_path: Path) -> None:
    """11 million of a coin at 1, in slices of 5, 5 and more: 5 + 4.9 + 0.975 million, as the venue prints it."""
    rows = [{"cap": 5_000_000, "ratio": "1"}, {"cap": 10_000_000, "ratio": "0.98"}, {"cap": None, "ratio": "0.975"}]
    pool = first_pool(account_file([{"asset": "USDT", "amount": "11000000", "price": "1", "tiers": rows}]), tmp_path)
    assert pool["collateral_value"] == "10875000"


def test_slices_are_of_the_value_not_of_the_quantity(tmp_path: Path) -> None:
    """At half the price twice the quantity fits into a slice."""
    rows = [{"cap": 50_000, "ratio": "0.8"}, {"cap": None, "ratio": "0"}]
    counted = [
        first_pool(account_file([{"asset": "APT", "amount": "60000", "price": price, "tiers": rows}]), tmp_path)[
            "collateral_value"
        ]
        for price in ("1", "0.5")
    ]
    assert counted == ["40000", "24000"]


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "bitget.json").read_text(encoding="utf-8"))
    code, answer = answer_of(file, tmp_path)
    assert code == OK
    assert answer["accounts"][0]["pools"][0]["positions"][0]["liquidation_price"]
