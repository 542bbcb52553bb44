"""OKX: captured responses and the documents' examples through `assess`."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import OK
from monitor.rules.exact import exact, quotient
from tests.golden.case_answers import first_pool, part
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import ROOT, shared_folder

VENUE = "okx"
SWAP, FUTURE, BALANCE = "okx-cross-btcusdt-swap", "okx-isolated-inverse-future", "okx-balance-eq"
DISCOUNTS = ("okx-discount-usdt-11m", "okx-discount-btc-api-tiers")


@cache
def of_the_venue() -> dict[str, dict[str, Any]]:
    """The cases with their numbers as printed."""
    lines = (shared_folder() / "cases" / "okx-deribit-hl-dydx.jsonl").read_text(encoding="utf-8").splitlines()
    found = (json.loads(line, parse_float=str, parse_int=str) for line in lines)
    return {case["id"]: case for case in found if case["venue"] == VENUE}


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return tuple(of_the_venue()[name] for name in (SWAP, BALANCE, *DISCOUNTS))


def account_file(
    mode: str, wallets: list[dict[str, Any]], positions: list[dict[str, Any]], **tables: list[dict[str, Any]]
) -> dict[str, Any]:
    """`positions` hold their contract's terms and their tier's rate beside them."""
    own = ("kind", "settle_asset", "contract_size", "rate", "quote")
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": f"{VENUE}:case",
                "mode": mode,
                "position_mode": "one_way",
                "wallets": [{key: value for key, value in wallet.items() if key != "index"} for wallet in wallets],
                "positions": [{key: value for key, value in held.items() if key not in own} for held in positions],
            }
        ],
        "asset_indices": [
            {"asset": f"{VENUE}:{wallet['asset']}", "index": wallet["index"]} for wallet in wallets if "index" in wallet
        ],
        "tables": {
            "instruments": [
                {
                    "instrument": held["instrument"],
                    "kind": held["kind"],
                    "base": held["instrument"].removeprefix(f"{VENUE}:").partition("-")[0],
                    "quote": held.get("quote", "USDT"),
                    "settle_asset": held["settle_asset"],
                    "contract_size": held["contract_size"],
                }
                for held in positions
            ],
            "position_tiers": [
                {"instrument": held["instrument"], "tiers": [{"floor": "0", "maintenance_margin_rate": held["rate"]}]}
                for held in positions
            ],
            **tables,
        },
    }


def swap(inputs: dict[str, Any]) -> dict[str, Any]:
    """The capture's mark is redacted: it follows from entry and profit."""
    with exact():
        quantity = Decimal(inputs["contracts"]) * Decimal(inputs["ctVal"])
        mark_price = Decimal(inputs["avgPx"]) + Decimal(inputs["upl"]) / quantity
    return {
        "instrument": f"{VENUE}:{inputs['instId']}",
        "kind": "linear_perpetual",
        "settle_asset": "USDT",
        "contract_size": inputs["ctVal"],
        "side": inputs["posSide"],
        "size": inputs["contracts"],
        "entry_price": inputs["avgPx"],
        "mark_price": f"{mark_price:f}",
        "leverage": inputs["lever"],
        "taker_fee_rate": inputs["liq_fee_rate"],
        "rate": inputs["tier_mmr"],
    }


def is_near(ours: str, theirs: str, relative: str) -> bool:
    return abs(Decimal(ours) - Decimal(theirs)) <= Decimal(relative) * abs(Decimal(theirs))


def test_a_captured_swap_in_futures_mode(tmp_path: Path) -> None:
    """The equity told is that of the pool, profit included."""
    case = of_the_venue()[SWAP]
    inputs, expected, relative = case["inputs"], case["expected"], case["tolerance"]["rel"]
    with exact():
        balance = Decimal(inputs["currency_equity"]) - Decimal(inputs["upl"])
    pool = first_pool(account_file("single_currency", [{"asset": "USDT", "balance": f"{balance:f}"}], [swap(inputs)]), tmp_path)
    figures = pool["venue_figures"]
    assert is_near(figures["mmr"], expected["maintenance_margin"], relative)
    assert is_near(figures["imr"], expected["initial_margin"], relative)
    assert is_near(figures["mgnRatio"], expected["margin_ratio"], relative)
    assert is_near(pool["positions"][0]["liquidation_price"], expected["liquidation_price"], relative)
    # What decides is the margin with the fee to close.
    fee = part(pool, "liquidation_fee", "BTC-USDT-SWAP long")
    assert Decimal(pool["maintenance_margin"]) == Decimal(figures["mmr"]) + fee


def test_a_captured_isolated_inverse_future(tmp_path: Path) -> None:
    """Margin and ratio to ten digits. The price is one tick off the venue's (`out`, for the price)."""
    case = of_the_venue()[FUTURE]
    inputs, expected = case["inputs"], case["expected"]
    with exact():
        # 10 USD a contract: profit = 10 * (1/entry - 1/mark).
        reciprocal = quotient(Decimal(1), Decimal(inputs["avgPx"])) - Decimal(inputs["upl"]) / Decimal(inputs["ctVal_usd"])
    held = {
        "instrument": f"{VENUE}:{inputs['instId']}",
        "kind": "inverse_future",
        "settle_asset": "ETH",
        "quote": "USD",
        "contract_size": inputs["ctVal_usd"],
        "side": inputs["posSide"],
        "size": inputs["contracts"],
        "margin_mode": "isolated",
        "isolated_wallet": inputs["margin"],
        "entry_price": inputs["avgPx"],
        "mark_price": f"{quotient(Decimal(1), reciprocal):f}",
        "taker_fee_rate": inputs["liq_fee_rate"],
        "rate": inputs["tier_mmr"],
    }
    _code, answer = answer_of(account_file("single_currency", [], [held]), tmp_path)
    pool = next(pool for pool in answer["accounts"][0]["pools"] if pool["kind"] == "isolated")
    relative = case["tolerance"]["rel"]
    assert is_near(pool["venue_figures"]["mmr"], expected["maintenance_margin"], relative)
    assert is_near(pool["venue_figures"]["mgnRatio"], expected["margin_ratio"], relative)
    off = Decimal(expected["liquidation_price"]) - Decimal(pool["positions"][0]["liquidation_price"])
    assert abs(off - Decimal(inputs["tick"])) < Decimal("0.0001")


@pytest.mark.parametrize("name", DISCOUNTS)
def test_discounts_by_slices(tmp_path: Path, name: str) -> None:
    case = of_the_venue()[name]
    inputs = case["inputs"]
    tiers = [{"floor": floor, "ratio": ratio} | ({} if cap is None else {"cap": cap}) for floor, cap, ratio in inputs["tiers"]]
    wallet = {"asset": inputs["asset"], "balance": inputs["amount"], "index": inputs.get("price", "1")}
    table = [{"asset": f"{VENUE}:{inputs['asset']}", "tiers": tiers}]
    pool = first_pool(account_file("multi_currency", [wallet], [], collateral_tiers=table), tmp_path)
    found = Decimal(pool["venue_figures"]["adjEq"])
    assert abs(found - Decimal(case["expected"]["discounted_usd"])) <= Decimal(case["tolerance"]["abs"])


def test_the_fields_of_a_balance(tmp_path: Path) -> None:
    """Equity of a coin with bots and interest; in USD before and after its discount, which is none here."""
    case = of_the_venue()[BALANCE]
    inputs, relative = case["inputs"], case["tolerance"]["rel"]
    held = {
        "instrument": f"{VENUE}:X-USDT-SWAP",
        "kind": "linear_perpetual",
        "settle_asset": "USDT",
        "contract_size": "1",
        "side": "long",
        "size": "1",
        "unrealised_pnl": inputs["upl"],
        "mark_price": "1",
        "taker_fee_rate": "0",
        "rate": "0",
    }
    wallet = {
        "asset": "USDT",
        "balance": inputs["cashBal"],
        "strategy_equity": inputs["stgyEq"],
        "interest": inputs["interest"],
        "index": inputs["usdt_usd"],
    }
    asset = f"{VENUE}:USDT"
    tables = {
        "collateral_tiers": [{"asset": asset, "tiers": [{"floor": "0", "ratio": "1"}]}],
        "borrow_tiers": [
            {"asset": asset, "tiers": [{"floor": "0", "maintenance_margin_rate": "0", "initial_margin_rate": "0"}]}
        ],
    }
    pool = first_pool(account_file("multi_currency", [wallet], [held], **tables), tmp_path)
    expected = case["expected"]
    assert is_near(str(part(pool, "equity", "USDT")), expected["equity"], relative)
    assert is_near(str(part(pool, "equity_value", "USDT")), expected["eqUsd"], relative)
    assert is_near(pool["venue_figures"]["adjEq"], expected["disEq"], relative)


def test_interest_is_taken_off(tmp_path: Path) -> None:
    wallet = {"asset": "USDT", "balance": "100", "interest": "2.5", "index": "1"}
    table = [{"asset": f"{VENUE}:USDT", "tiers": [{"floor": "0", "ratio": "1"}]}]
    assert (
        first_pool(account_file("multi_currency", [wallet], [], collateral_tiers=table), tmp_path)["collateral_value"] == "97.5"
    )


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize(("contracts", "rate"), [("100", "0.004"), ("100.01", "0.006"), ("5000", "0.01")])
def test_the_tier_of_the_whole_size_gives_the_rate(tmp_path: Path, contracts: str, rate: str, side: str) -> None:
    """The margin jumps at a tier's edge: 100 contracts are still in the first; a short is as large as a long."""
    of_a_kind = swap(of_the_venue()[SWAP]["inputs"])
    held = {**of_a_kind, "side": side, "size": contracts, "entry_price": "10000", "mark_price": "10000"}
    file = account_file("single_currency", [{"asset": "USDT", "balance": "1000000"}], [held])
    rates = (("0", "0.004"), ("100", "0.006"), ("1000", "0.01"))
    file["tables"]["position_tiers"][0]["tiers"] = [{"floor": floor, "maintenance_margin_rate": one} for floor, one in rates]
    pool = first_pool(file, tmp_path)
    assert Decimal(pool["venue_figures"]["mmr"]) == Decimal(contracts) * 100 * Decimal(rate)


@pytest.mark.parametrize(
    ("mode", "fee", "reason"),
    [
        ("portfolio", "0.0005", "account mode portfolio is not covered by the OKX rules"),
        ("single_currency", None, "taker fee rate of okx:BTC-USDT-SWAP not known"),
    ],
)
def test_what_is_not_known_is_named(tmp_path: Path, mode: str, fee: str | None, reason: str) -> None:
    held = swap(of_the_venue()[SWAP]["inputs"]) | {"taker_fee_rate": fee}
    if fee is None:
        del held["taker_fee_rate"]
    assert reason in first_pool(account_file(mode, [{"asset": "USDT", "balance": "100"}], [held]), tmp_path)["figures_reason"]


def test_the_fee_to_close_is_told_in_the_currency_of_its_pool(tmp_path: Path) -> None:
    """At 2 USD a coin: the margin that decides is that of the venue and the fee, over all coins in USD, in one coin in it."""
    held = swap(of_the_venue()[SWAP]["inputs"]) | {"size": "100", "entry_price": "10000", "mark_price": "10000"}
    asset = f"{VENUE}:USDT"
    tables = {
        "collateral_tiers": [{"asset": asset, "tiers": [{"floor": "0", "ratio": "1"}]}],
        "borrow_tiers": [
            {"asset": asset, "tiers": [{"floor": "0", "maintenance_margin_rate": "0", "initial_margin_rate": "0"}]}
        ],
    }
    wallet = {"asset": "USDT", "balance": "100000", "index": "2"}
    multi = first_pool(account_file("multi_currency", [wallet], [held], **tables), tmp_path)
    single = first_pool(account_file("single_currency", [wallet], [held]), tmp_path)
    # 100 contracts of 0.01 BTC at 10,000: a notional of 10,000 USDT.
    notional = Decimal(100) * Decimal(held["contract_size"]) * 10000
    for pool, index in ((multi, 2), (single, 1)):
        fee = part(pool, "liquidation_fee", "BTC-USDT-SWAP long")
        assert fee == notional * Decimal(held["taker_fee_rate"]) * index
        assert Decimal(pool["venue_figures"]["mmr"]) == notional * Decimal(held["rate"]) * index


def test_what_no_document_confirms_is_marked(tmp_path: Path) -> None:
    held = swap(of_the_venue()[SWAP]["inputs"])
    asset = f"{VENUE}:USDT"
    tables = {
        "collateral_tiers": [{"asset": asset, "tiers": [{"floor": "0", "ratio": "1"}]}],
        "borrow_tiers": [
            {"asset": asset, "tiers": [{"floor": "0", "maintenance_margin_rate": "0", "initial_margin_rate": "0"}]}
        ],
    }
    wallet = {"asset": "USDT", "balance": "1000", "index": "1"}
    multi = first_pool(account_file("multi_currency", [wallet], [held], **tables), tmp_path)
    single = first_pool(account_file("single_currency", [wallet], [held]), tmp_path)
    assert (multi["certainty"], single["certainty"]) == ("unverified", "fresh")
    assert any("liquidation fee" in reason for reason in multi["certainty_reasons"])


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "okx.json").read_text(encoding="utf-8"))
    code, answer = answer_of(file, tmp_path)
    assert code == OK
    assert [len(account["pools"]) for account in answer["accounts"]] == [3, 1]
