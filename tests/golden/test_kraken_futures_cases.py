"""The venue's worked example, through `assess`, and the exact sense of its trigger."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import BAD_INPUT, OK
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import ROOT, shared_folder

NAME = "kraken_futures:PI_XBTUSD"


@cache
def cases() -> tuple[dict[str, Any], ...]:
    lines = (shared_folder() / "cases" / "binance-bybit.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(case for case in map(json.loads, lines) if case["venue"] == "kraken_futures")


def account_file(*, wallet: str, size_usd: str, entry: str, mark: str, rate: str) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": "kraken_futures:case",
                "mode": "single_currency",
                "position_mode": "one_way",
                "wallets": [{"asset": "BTC", "balance": wallet}],
                "positions": [{"instrument": NAME, "side": "long", "size": size_usd, "entry_price": entry, "mark_price": mark}],
            }
        ],
        "tables": {
            "instruments": [
                {
                    "instrument": NAME,
                    "kind": "inverse_perpetual",
                    "base": "BTC",
                    "quote": "USD",
                    "settle_asset": "BTC",
                    "contract_size": "1",
                }
            ],
            "leverage_brackets": [{"instrument": NAME, "maintenance_margin_rate": rate}],
        },
    }


def pool_of(file: dict[str, Any], folder: Path) -> dict[str, Any]:
    code, answer = answer_of(file, folder)
    assert code != BAD_INPUT, answer
    pool: dict[str, Any] = answer["accounts"][0]["pools"][0]
    return pool


def test_the_example_passes_through_assess(tmp_path: Path) -> None:
    (case,) = cases()
    inputs, tolerance = case["inputs"], case["tolerance"]
    (held,) = inputs["positions"]
    # The example tells no mark: the contracts were just bought.
    file = account_file(
        wallet=inputs["wallet_balance"], size_usd=held["size_usd"], entry=held["entry"], mark=held["entry"], rate=held["mmr"]
    )
    pool = pool_of(file, tmp_path)
    bankruptcy = next(part["amount"] for part in pool["parts"] if part["figure"] == "bankruptcy_price")
    found = {"liquidation_price": pool["positions"][0]["liquidation_price"], "bankruptcy_price": bankruptcy}
    for name, expected in case["expected"].items():
        assert abs(Decimal(found[name]) - Decimal(expected)) <= Decimal(tolerance[name]), (name, found)
    assert (pool["certainty"], pool["verified"]) == ("unverified", False)


@pytest.mark.parametrize(("wallet", "level"), [("0.01", "critical"), ("0.00999999", "liquidation")])
def test_liquidation_comes_below_the_maintenance_margin_and_not_at_it(tmp_path: Path, wallet: str, level: str) -> None:
    """8,000 USD at 8,000 are 1 BTC, of which 1 % must be held: exactly that much is still enough."""
    pool = pool_of(account_file(wallet=wallet, size_usd="8000", entry="8000", mark="8000", rate="0.01"), tmp_path)
    assert (pool["maintenance_margin"], pool["level"]) == ("0.01", level)
    assert pool["trigger"] == "collateral_value - maintenance_margin < 0"
    reached = {stage["name"]: stage["is_reached"] for stage in pool["stages"]}
    assert reached["liquidation"] is (level == "liquidation")


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "kraken-futures.json").read_text(encoding="utf-8"))
    code, _answer = answer_of(file, tmp_path)
    assert code == OK
