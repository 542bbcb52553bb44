"""Portfolio Margin: the documents' figures through `assess`, and the venue's levels."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import OK
from tests.golden.case_answers import first_pool, part, published
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import ROOT

VENUE = "binance_pm"
UNIMMR, COMPONENTS = "bn-pm-account-unimmr", "bn-pm-pro-example-components"
# The article tells no index: that of a coin is taken as the mark of its perpetual; the shown figures do not depend on it.
INDICES = {"BTC": "40000", "ETH": "3000", "USDT": "1"}


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return published()[UNIMMR], published()[COMPONENTS]


def account_file(wallets: list[dict[str, str]], positions: list[dict[str, str]], given: dict[str, str]) -> dict[str, Any]:
    """An account whose coins count in full; loans need what the case says."""
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": f"{VENUE}:case",
                "mode": "portfolio",
                "position_mode": "one_way",
                "wallets": [{key: value for key, value in wallet.items() if key != "mmr"} for wallet in wallets],
                "positions": [
                    {
                        "instrument": f"{VENUE}:{held['instrument']}",
                        "side": held["side"],
                        "size": held["size"],
                        "entry_price": held["entry"],
                        "mark_price": held["mark"],
                    }
                    for held in positions
                ],
                "venue_given": given,
            }
        ],
        "asset_indices": [{"asset": f"{VENUE}:{coin}", "index": index} for coin, index in INDICES.items()],
        "tables": {
            "instruments": [instrument(held) for held in positions],
            "leverage_brackets": [
                {"instrument": f"{VENUE}:{held['instrument']}", "maintenance_margin_rate": held["mmr"]} for held in positions
            ],
            "collateral_tiers": [
                {"asset": f"{VENUE}:{coin}", "tiers": [{"floor": "0", "ratio": "1"}]} for coin in ("BTC", "USDT")
            ],
            "borrow_tiers": [
                {
                    "asset": f"{VENUE}:{wallet['asset']}",
                    "tiers": [{"floor": "0", "maintenance_margin_rate": wallet["mmr"], "initial_margin_rate": "0.5"}],
                }
                for wallet in wallets
                if "mmr" in wallet
            ],
        },
    }


def instrument(held: dict[str, str]) -> dict[str, str]:
    is_inverse = held["kind"] == "inverse"
    return {
        "instrument": f"{VENUE}:{held['instrument']}",
        "kind": ("inverse" if is_inverse else "linear") + ("_perpetual" if held["instrument"].endswith("PERP") else "_future"),
        "base": "BTC",
        "quote": "USD" if is_inverse else "USDT",
        "settle_asset": "BTC" if is_inverse else "USDT",
        "contract_size": "100" if is_inverse else "1",
    }


def components() -> dict[str, Any]:
    inputs = published()[COMPONENTS]["inputs"]
    wallets = [
        {"asset": loan["asset"], "balance": "0", "borrowed": loan["amount"], "mmr": loan["mmr"]} for loan in inputs["loans"]
    ]
    positions = [
        # The inverse contract is told by its worth in USD: 100 USD a contract.
        {**held, "size": str(Decimal(held["size_usd"]) / 100)} if "size_usd" in held else held
        for held in inputs["positions"]
    ]
    return account_file([*wallets, {"asset": "USDT", "balance": "20000"}], positions, {})


def test_the_account_ratio_is_that_of_the_document(tmp_path: Path) -> None:
    case = published()[UNIMMR]
    wallets = [{"asset": "USDT", "balance": case["inputs"]["account_equity"]}]
    pool = first_pool(account_file(wallets, [], {"other_maintenance_margin": case["inputs"]["account_maint_margin"]}), tmp_path)
    printed = pool["venue_figures"]
    assert abs(Decimal(printed["uniMMR"]) - Decimal(case["expected"]["uniMMR"])) <= Decimal(case["tolerance"]["uniMMR"])
    assert printed["accountEquity"] == case["inputs"]["account_equity"]
    assert printed["accountMaintMargin"] == case["inputs"]["account_maint_margin"]


def test_the_components_of_the_example(tmp_path: Path) -> None:
    case = published()[COMPONENTS]
    pool = first_pool(components(), tmp_path)
    found = {
        "upnl_BTCUSDT_PERP": part(pool, "unrealised_pnl", "BTCUSDT_PERP short"),
        "upnl_BTCUSDT_20220624": part(pool, "unrealised_pnl", "BTCUSDT_20220624 long"),
        "margin_mm_BTC": part(pool, "borrow_maintenance_margin", "BTC"),
        "margin_mm_ETH": part(pool, "borrow_maintenance_margin", "ETH"),
    }
    assert found == {name: Decimal(figure) for name, figure in case["expected"].items()}
    # What is lent is an equity below 0, and its margin comes on top: 15 ETH owed at 3,000.
    assert part(pool, "equity", "ETH") == -15
    assert part(pool, "maintenance_margin", "borrowed in ETH") == 4500


def test_a_loan_needs_margin_also_where_the_coin_is_still_there(tmp_path: Path) -> None:
    wallets = [{"asset": "BTC", "balance": "3", "borrowed": "1", "mmr": "0.1"}]
    pool = first_pool(account_file(wallets, [], {}), tmp_path)
    assert (pool["collateral_value"], pool["maintenance_margin"]) == ("80000", "4000")


@pytest.mark.parametrize(
    ("equity", "reached", "level"),
    [
        ("1201", [], "ok"),
        ("1200", ["only orders that reduce"], "warning"),
        ("1050.01", ["only orders that reduce"], "critical"),
        ("1050", ["only orders that reduce", "liquidation"], "liquidation"),
        ("1000", ["only orders that reduce", "liquidation", "the venue may claim the loss"], "liquidation"),
    ],
)
def test_the_stages_come_at_the_venues_ratios(tmp_path: Path, equity: str, reached: list[str], level: str) -> None:
    """Over 1,000 of maintenance margin; what is owed for open margin orders is taken off."""
    wallets = [{"asset": "USDT", "balance": str(Decimal(equity) + 7)}]
    pool = first_pool(account_file(wallets, [], {"other_maintenance_margin": "1000", "open_loss": "7"}), tmp_path)
    assert pool["collateral_value"] == equity
    assert [stage["name"].partition(":")[0] for stage in pool["stages"] if stage["is_reached"]] == reached
    assert (pool["level"] == "liquidation") == (level == "liquidation")
    assert pool["trigger"] == "collateral_value - 1.05 * maintenance_margin <= 0"


def test_what_the_mode_does_not_know_is_named(tmp_path: Path) -> None:
    file = components()
    file["accounts"][0]["mode"] = "multi_currency"
    assert "account mode multi_currency is not covered by Portfolio Margin" in first_pool(file, tmp_path)["figures_reason"]


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "binance-pm.json").read_text(encoding="utf-8"))
    code, answer = answer_of(file, tmp_path)
    assert code == OK
    pool = answer["accounts"][0]["pools"][0]
    assert Decimal(pool["venue_figures"]["uniMMR"]) > Decimal("1.05")
    prices = {position["instrument"]: position["liquidation_price"] for position in pool["positions"]}
    # The short inverse contract gains as BTC falls and is bounded above: its own mark alone does not bring the pool down.
    assert prices == {"binance_pm:ETHUSDT": prices["binance_pm:ETHUSDT"], "binance_pm:BTCUSD_PERP": None}
    assert Decimal(prices["binance_pm:ETHUSDT"]) < 3000
