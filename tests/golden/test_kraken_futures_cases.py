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


def multi_collateral(sizes: dict[str, str], btc: str = "1") -> dict[str, Any]:
    """BTC at 40,000 with a haircut of 3 %, USD 1,000, and contracts of BTC at 40,000 with 2 % of maintenance margin."""
    names = {"PF_XBTUSD": "linear_perpetual", "FF_XBTUSD_261225": "linear_future"}
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": "kraken_futures:multi",
                "mode": "multi_currency",
                "position_mode": "one_way",
                "wallets": [{"asset": "BTC", "balance": btc}, {"asset": "USD", "balance": "1000"}],
                "positions": [
                    {
                        "instrument": f"kraken_futures:{name}",
                        "side": "long" if Decimal(size) > 0 else "short",
                        "size": size.removeprefix("-"),
                        "entry_price": "40000",
                        "mark_price": "40000",
                        "leverage": "10",
                    }
                    for name, size in sizes.items()
                ],
            }
        ],
        "asset_indices": [
            {"asset": "kraken_futures:BTC", "index": "40000"},
            {"asset": "kraken_futures:USD", "index": "1"},
        ],
        "tables": {
            "instruments": [
                {"instrument": f"kraken_futures:{name}", "kind": kind, "base": "BTC", "quote": "USD", "settle_asset": "USD"}
                for name, kind in names.items()
            ],
            "leverage_brackets": [
                {"instrument": f"kraken_futures:{name}", "maintenance_margin_rate": "0.02"} for name in names
            ],
            "collateral_tiers": [
                {"asset": "kraken_futures:BTC", "tiers": [{"floor": "0", "ratio": "0.97"}]},
                {"asset": "kraken_futures:USD", "tiers": [{"floor": "0", "ratio": "1"}]},
            ],
            "borrow_tiers": [
                {
                    "asset": "kraken_futures:USD",
                    "tiers": [{"floor": "0", "maintenance_margin_rate": "0", "initial_margin_rate": "0"}],
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("sizes", "margin"),
    [
        ({"PF_XBTUSD": "3"}, "2400"),
        ({"PF_XBTUSD": "3", "FF_XBTUSD_261225": "1"}, "3200"),
        # A short future beside it needs nothing: the larger side alone does.
        ({"PF_XBTUSD": "3", "FF_XBTUSD_261225": "-1"}, "2400"),
        ({"PF_XBTUSD": "3", "FF_XBTUSD_261225": "-5"}, "4000"),
    ],
)
def test_perpetual_and_future_of_one_underlying_net(tmp_path: Path, sizes: dict[str, str], margin: str) -> None:
    pool = pool_of(multi_collateral(sizes), tmp_path)
    assert (pool["collateral_value"], pool["maintenance_margin"]) == ("39800", margin)
    assert Decimal(pool["initial_margin"]) == Decimal(margin) * 5
    assert pool["trigger"] == "collateral_value - maintenance_margin < 0"


def test_a_liquidation_price_takes_the_larger_side_there(tmp_path: Path) -> None:
    """5 perpetuals long at p, 4 futures short at 40,000: 39,800 + 5 (p - 40,000) = 2 % of the larger of 5 p and 160,000."""
    pool = pool_of(multi_collateral({"PF_XBTUSD": "5", "FF_XBTUSD_261225": "-4"}), tmp_path)
    price = Decimal(pool["positions"][-1]["liquidation_price"])
    # The future stands at 40,000 and needs 3,200: below 32,000 the perpetual needs less than it.
    assert abs(39800 + 5 * (price - 40000) - max(5 * price, Decimal(160000)) * Decimal("0.02")) < Decimal("1e-12")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: file["tables"]["leverage_brackets"].pop(), "leverage_brackets/FF_XBTUSD_261225 not loaded"),
        (
            lambda file: file["tables"]["instruments"][0].update(kind="inverse_perpetual"),
            "PF_XBTUSD is inverse_perpetual: not a multi-collateral contract",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, spoil: Any, reason: str) -> None:
    file = multi_collateral({"PF_XBTUSD": "3", "FF_XBTUSD_261225": "-1"})
    spoil(file)
    assert reason in pool_of(file, tmp_path)["figures_reason"]


@pytest.mark.parametrize("name", ["kraken-futures", "kraken-futures-multi"])
def test_the_example_files_have_no_unknown(tmp_path: Path, name: str) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / f"{name}.json").read_text(encoding="utf-8"))
    code, _answer = answer_of(file, tmp_path)
    assert code == OK
