"""Hyperliquid: captured responses and worked examples through `assess`."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import OK
from monitor.rules.exact import exact, quotient
from tests.golden.case_answers import first_pool, published
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import ROOT, shared_folder

VENUE = "hyperliquid"
CAPTURE, UNIFIED, SPOT = "hl-mainnet-16-positions", "hl-unified-available-after-mm", "hl-unified-spot-collateral"
ISOLATED = ("hl-doc-eth-isolated", "hl-ccxt-eth-isolated")
TIERS = ("hl-tier-btc-200m", "hl-tier-doge-testnet-150k")


@cache
def of_the_venue() -> dict[str, dict[str, Any]]:
    """The cases with their numbers as printed: a float would cut them."""
    lines = (shared_folder() / "cases" / "okx-deribit-hl-dydx.jsonl").read_text(encoding="utf-8").splitlines()
    found = (json.loads(line, parse_float=str, parse_int=str) for line in lines)
    return {case["id"]: case for case in found if case["venue"] == VENUE}


def of_freqtrade() -> list[dict[str, Any]]:
    return [case for name, case in of_the_venue().items() if name.startswith("hl-freqtrade")]


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return (*(of_the_venue()[name] for name in (CAPTURE, UNIFIED, *ISOLATED, *TIERS)), *of_freqtrade())


def mark_of(position: dict[str, str]) -> str:
    """A response tells the notional, not the mark."""
    return f"{quotient(Decimal(position['positionValue']), abs(Decimal(position['szi']))):f}"


def rate(maximum_leverage: str) -> str:
    return f"{quotient(Decimal(1), 2 * Decimal(maximum_leverage)):f}"


def account_file(
    positions: list[dict[str, Any]], wallet: dict[str, str], tables: dict[str, Any] | None = None, mode: str = "single_currency"
) -> dict[str, Any]:
    names = [held["instrument"] for held in positions]
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": f"{VENUE}:case",
                "mode": mode,
                "position_mode": "one_way",
                "wallets": [{"asset": "USDC", **wallet}],
                "positions": [{key: value for key, value in held.items() if key != "maxLeverage"} for held in positions],
            }
        ],
        "tables": {
            "instruments": [
                {
                    "instrument": name,
                    "kind": "linear_perpetual",
                    "base": name.removeprefix(f"{VENUE}:"),
                    "quote": "USD",
                    "settle_asset": "USDC",
                }
                for name in names
            ],
            "leverage_brackets": [
                {"instrument": held["instrument"], "maintenance_margin_rate": rate(held["maxLeverage"])} for held in positions
            ],
            **(tables or {}),
        },
    }


def captured(position: dict[str, Any]) -> dict[str, Any]:
    """A position of a response. Raw USD is what its cost has been taken off: profit counts from 0 there."""
    found = {
        "instrument": f"{VENUE}:{position['coin']}",
        "side": "long" if Decimal(position["szi"]) > 0 else "short",
        "size": position["szi"].removeprefix("-"),
        "cost": "0",
        "mark_price": mark_of(position),
        "leverage": str(position["leverage"]["value"]),
        "maxLeverage": position["maxLeverage"],
    }
    if position["leverage"]["type"] == "isolated":
        found |= {"margin_mode": "isolated", "isolated_wallet": position["leverage"]["rawUsd"]}
    return found


def pools_of(file: dict[str, Any], folder: Path) -> dict[str, dict[str, Any]]:
    _code, answer = answer_of(file, folder)
    return {pool["pool"].partition("/")[2]: pool for pool in answer["accounts"][0]["pools"]}


def is_near(ours: str, theirs: str, relative: str) -> bool:
    return abs(Decimal(ours) - Decimal(theirs)) <= Decimal(relative) * abs(Decimal(theirs))


def test_a_captured_account_of_sixteen_positions(tmp_path: Path) -> None:
    case = of_the_venue()[CAPTURE]
    inputs, expected, relative = case["inputs"], case["expected"], case["tolerance"]["rel"]
    wallet = {"cross_balance": inputs["crossMarginSummary"]["totalRawUsd"]}
    pools = pools_of(account_file([captured(position) for position in inputs["positions"]], wallet), tmp_path)
    cross = pools["cross/USDC"]
    assert is_near(cross["collateral_value"], expected["equity"], relative)
    assert is_near(cross["maintenance_margin"], expected["maintenance_margin"], relative)
    assert cross["venue_figures"]["crossMaintenanceMarginUsed"] == cross["maintenance_margin"]
    found = {
        position["instrument"].removeprefix(f"{VENUE}:"): position for pool in pools.values() for position in pool["positions"]
    }
    assert set(found) == set(expected["liquidation_price"])
    for coin, price in expected["liquidation_price"].items():
        if price is None:
            assert found[coin]["liquidation_price_reason"] == "none", coin
        else:
            assert is_near(found[coin]["liquidation_price"], price, relative), coin


@pytest.mark.parametrize("name", ISOLATED)
def test_captured_isolated_positions(tmp_path: Path, name: str) -> None:
    case = of_the_venue()[name]
    inputs = case["inputs"]
    wallet = {"cross_balance": inputs["crossMarginSummary"]["totalRawUsd"]}
    positions = [captured(entry["position"]) for entry in inputs["assetPositions"]]
    pools = pools_of(account_file(positions, wallet), tmp_path)
    assert pools["cross/USDC"]["collateral_value"] == inputs["crossMarginSummary"]["accountValue"]
    found = pools["isolated/ETH"]["positions"][0]["liquidation_price"]
    assert is_near(found, case["expected"]["liquidation_price"], case["tolerance"]["rel"])


@pytest.mark.parametrize("case", of_freqtrade() if (shared_folder() / "cases").exists() else [], ids=lambda case: case["id"])
def test_prices_of_a_client(tmp_path: Path, case: dict[str, Any]) -> None:
    """Equity is told at the entry, which stands in for the mark."""
    inputs = case["inputs"]
    held = {
        "instrument": f"{VENUE}:{inputs['coin']}",
        "side": inputs["side"],
        "size": inputs["size"],
        "entry_price": inputs["entryPx"],
        "mark_price": inputs["entryPx"],
        "leverage": inputs["leverage"],
        "maxLeverage": inputs["maxLeverage"],
    }
    pool = first_pool(account_file([held], {"balance": inputs["equity"]}), tmp_path)
    assert is_near(pool["positions"][0]["liquidation_price"], case["expected"]["liquidation_price"], case["tolerance"]["rel"])


@pytest.mark.parametrize("name", TIERS)
def test_margin_by_tiers(tmp_path: Path, name: str) -> None:
    case = of_the_venue()[name]
    inputs, instrument = case["inputs"], f"{VENUE}:BTC"
    brackets = [{"floor": floor, "maintenance_margin_rate": rate(maximum)} for floor, maximum in inputs["tiers"]]
    held = {
        "instrument": instrument,
        "side": "long",
        "size": inputs["notional"],
        "entry_price": "1",
        "mark_price": "1",
        "maxLeverage": "40",
    }
    file = account_file([held], {"balance": "0"}, {"leverage_brackets": [{"instrument": instrument, "brackets": brackets}]})
    _code, answer = answer_of(file, tmp_path)
    assert "accounts" in answer, answer
    pool = answer["accounts"][0]["pools"][0]
    tolerance, expected = Decimal(case["tolerance"]["abs"]), case["expected"]
    assert abs(Decimal(pool["maintenance_margin"]) - Decimal(expected["maintenance_margin"])) <= tolerance
    if "deduction" in expected:
        last = answer["tables"][0]["brackets"][-1]
        assert abs(Decimal(last["deduction"]) - Decimal(expected["deduction"])) <= tolerance


def test_a_unified_account_is_backed_by_its_spot_balance(tmp_path: Path) -> None:
    """What is available after maintenance, as the venue tells it; the two responses were read at different marks."""
    case = of_the_venue()[UNIFIED]
    inputs = case["inputs"]
    with exact():
        mark_price = quotient(Decimal(inputs["unrealizedPnl"]), Decimal(inputs["szi"])) + Decimal(inputs["entryPx"])
    held = {
        "instrument": f"{VENUE}:BTC",
        "side": "short",
        "size": inputs["szi"].removeprefix("-"),
        # The balance that the venue tells holds the profit.
        "unrealised_pnl": "0",
        "mark_price": f"{mark_price:f}",
        "maxLeverage": inputs["maxLeverage"],
    }
    pool = first_pool(account_file([held], {"balance": inputs["spot_usdc_total"]}, mode="multi_currency"), tmp_path)
    found = Decimal(pool["venue_figures"]["tokenToAvailableAfterMaintenance"])
    expected = Decimal(case["expected"]["tokenToAvailableAfterMaintenance"])
    assert abs(found - expected) <= Decimal(case["tolerance"]["abs"])
    assert (pool["certainty"], pool["verified"]) == ("unverified", False)


def test_the_margin_of_the_capture_with_other_collateral(tmp_path: Path) -> None:
    """Its margin is right, its price not: collateral outside the response backs it (`out`, for the price)."""
    case = published()[SPOT]
    inputs = case["inputs"]
    position = {
        **inputs,
        "coin": "BTC",
        "leverage": {"type": "cross", "value": "40"},
        "maxLeverage": str(inputs["maxLeverage"]),
    }
    pool = first_pool(account_file([captured(position)], {"balance": inputs["totalRawUsd"]}), tmp_path)
    assert Decimal(pool["maintenance_margin"]) == Decimal(case["expected"]["maintenance_margin"])
    assert Decimal(pool["positions"][0]["liquidation_price"]) > Decimal(case["expected"]["liquidation_price"]) + 1000


@pytest.mark.parametrize(
    ("equity", "level", "backstop"),
    [("500", "critical", False), ("499.99", "liquidation", False), ("333.3", "liquidation", True)],
)
def test_liquidation_below_the_margin_and_the_backstop_below_two_thirds(
    tmp_path: Path, equity: str, level: str, backstop: bool
) -> None:
    held = {
        "instrument": f"{VENUE}:BTC",
        "side": "long",
        "size": "1",
        "entry_price": "40000",
        "mark_price": "40000",
        "maxLeverage": "40",
    }
    pool = first_pool(account_file([held], {"balance": equity}), tmp_path)
    assert (pool["maintenance_margin"], pool["level"]) == ("500", level)
    reached = {stage["name"].partition(":")[0]: stage["is_reached"] for stage in pool["stages"]}
    assert (reached["liquidation"], reached["backstop"]) == (level == "liquidation", backstop)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mode": "portfolio"}, "account mode portfolio is not covered"),
        ({"position_mode": "hedge"}, "hedge mode is not covered"),
        ({"name": f"{VENUE}:xyz:TSLA"}, "positions of several dexes (the venue's own, xyz)"),
    ],
)
def test_what_is_not_covered_is_named(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    held = {"side": "long", "size": "1", "entry_price": "100", "mark_price": "100", "maxLeverage": "10"}
    names = (f"{VENUE}:BTC", change.get("name", f"{VENUE}:ETH"))
    file = account_file(
        [{"instrument": name, **held} for name in names], {"balance": "100"}, mode=change.get("mode", "single_currency")
    )
    file["accounts"][0]["position_mode"] = change.get("position_mode", "one_way")
    assert reason in first_pool(file, tmp_path)["figures_reason"]


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "hyperliquid.json").read_text(encoding="utf-8"))
    code, answer = answer_of(file, tmp_path)
    assert code == OK
    assert {pool["kind"] for pool in answer["accounts"][0]["pools"]} == {"cross_asset", "isolated"}
