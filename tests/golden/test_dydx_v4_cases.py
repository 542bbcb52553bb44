"""dYdX v4: the chain's own tests, the indexer's and the documents' examples, through `assess`, in exact integers."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import OK
from monitor.rules.exact import exact
from tests.golden.case_answers import first_pool, part
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import ROOT, shared_folder

VENUE = "dydx_v4"
USDC = Decimal("0.000001")
Case = dict[str, Any]


@cache
def cases() -> tuple[Case, ...]:
    """The cases with their numbers as printed."""
    lines = (shared_folder() / "cases" / "okx-deribit-hl-dydx.jsonl").read_text(encoding="utf-8").splitlines()
    found = (json.loads(line, parse_float=Decimal) for line in lines)
    return tuple(case for case in found if case["venue"] == VENUE)


def case_ids(prefix: str) -> list[str]:
    return [case["id"] for case in cases() if case["id"].startswith(prefix)] if (shared_folder() / "cases").exists() else []


def case_of(name: str) -> Case:
    return next(case for case in cases() if case["id"] == name)


def account_file(
    usdc: Decimal | str, positions: list[dict[str, Any]], *, orders: list[dict[str, Any]] | None = None, **terms: Any
) -> dict[str, Any]:
    """A subaccount. `positions`: market, signed size, price, fractions; without an entry all that it cost is in the balance."""
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": f"{VENUE}:case",
                "mode": "single_currency",
                "position_mode": "one_way",
                "wallets": [{"asset": "USDC", "balance": str(usdc)}],
                "positions": [_position(held) for held in positions],
                "orders": orders or [],
            }
        ],
        "tables": {
            "instruments": [
                {
                    "instrument": f"{VENUE}:{held['market']}",
                    "kind": "linear_perpetual",
                    "base": held["market"],
                    "quote": "USD",
                    "settle_asset": "USDC",
                }
                for held in positions
            ],
            "market_margins": [
                {
                    "instrument": f"{VENUE}:{held['market']}",
                    "initial_margin_fraction": str(held["imf"]),
                    "maintenance_fraction": str(held["maintenance"]),
                    "base_quantum": f"{Decimal(1).scaleb(held.get('atomic_resolution', -8)):f}",
                    **held.get("caps", {}),
                }
                for held in positions
            ],
            **terms,
        },
    }


def _position(held: dict[str, Any]) -> dict[str, Any]:
    size = Decimal(held["size"])
    found = {
        "instrument": f"{VENUE}:{held['market']}",
        "side": "long" if size > 0 else "short",
        "size": f"{size.copy_abs():f}",
        "mark_price": f"{Decimal(held['price']):f}",
        "funding_index": held.get("funding_index"),
    }
    entry = {"entry_price": str(held["entry"])} if "entry" in held else {"cost": "0"}
    return {key: value for key, value in (found | entry).items() if value is not None}


def of_the_chain(entry: dict[str, Any]) -> dict[str, Any]:
    """A position in the chain's units: quantums of a power of ten, prices with an exponent, parts per million."""
    return {
        "market": entry.get("perp", "BTC"),
        "size": Decimal(entry["base_quantums"]).scaleb(entry["atomic_resolution"]),
        "price": Decimal(entry["oracle_price"]).scaleb(entry["oracle_exponent"]),
        "imf": Decimal(entry.get("initial_margin_ppm", 0)).scaleb(-6),
        "maintenance": Decimal(entry.get("maintenance_fraction_ppm", 0)).scaleb(-6),
        "atomic_resolution": entry["atomic_resolution"],
    }


def subaccount(inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return account_file(
        Decimal(inputs["usdc_quote_quantums"]) * USDC, [of_the_chain(entry) for entry in inputs["positions"]], **more
    )


def liquidation_terms(**terms: Any) -> dict[str, Any]:
    defaults = {"bankruptcy_adjustment": "1", "spread_to_maintenance_ratio": "0.1", "max_liquidation_fee": "0.005"}
    return {"liquidation_terms": [{"venue": VENUE, **defaults, **{name: str(value) for name, value in terms.items()}}]}


@pytest.mark.parametrize("name", ["dydx-nc-1btc-usdc", "dydx-cross-btc-short-eth-long", *case_ids("dydx-liquidatable")])
def test_a_subaccount_in_quantums(tmp_path: Path, name: str) -> None:
    case = case_of(name)
    pool = first_pool(subaccount(case["inputs"]), tmp_path)
    figures, expected = pool["venue_figures"], case["expected"]
    names = {"net_collateral": "NC", "initial_margin": "IMR", "maintenance_margin": "MMR"}
    for figure in expected.keys() - {"is_liquidatable"}:
        assert int(figures[names[figure]]) == expected[figure], figure
    if "is_liquidatable" in expected:
        reached = {stage["name"]: stage["is_reached"] for stage in pool["stages"]}
        assert reached["liquidation"] is expected["is_liquidatable"]
        assert (pool["level"] == "liquidation") is expected["is_liquidatable"]


def test_funding_is_settled_before_the_check(tmp_path: Path) -> None:
    case = case_of("dydx-nc-funding-long")
    inputs = case["inputs"]
    file = subaccount(inputs)
    file["accounts"][0]["positions"][0]["funding_index"] = str(inputs["position_funding_index"])
    file["prices"] = [
        {"driver": "funding_index", "subject": f"{VENUE}:BTC", "price": str(inputs["market_funding_index"])},
    ]
    pool = first_pool(file, tmp_path)
    assert int(pool["venue_figures"]["NC"]) == case["expected"]["net_collateral"]
    assert part(pool, "collateral_value", "unsettled funding") == Decimal("6.25")
    del file["prices"]
    assert "funding_index/dydx_v4:BTC never seen" in first_pool(file, tmp_path)["figures_reason"]


@pytest.mark.parametrize("name", case_ids("dydx-bankruptcy"))
def test_bankruptcy_prices(tmp_path: Path, name: str) -> None:
    """Closing as much as a reduce-only order at the bankruptcy price."""
    case = case_of(name)
    inputs = case["inputs"]
    entry = next(entry for entry in inputs["positions"] if entry["perp"] == inputs["liquidate"])
    delta = Decimal(inputs["delta_base_quantums"]).scaleb(entry["atomic_resolution"])
    order = {
        "instrument": f"{VENUE}:{inputs['liquidate']}",
        "side": "long" if delta > 0 else "short",
        "size": f"{delta.copy_abs():f}",
        "reduce_only": True,
    }
    pool = first_pool(subaccount(inputs, orders=[order]), tmp_path)
    found = part(pool, "bankruptcy_quantums", f"close {delta.copy_abs():f} of {inputs['liquidate']}")
    assert found == case["expected"]["bankruptcy_price_quote_quantums"]


@pytest.mark.parametrize("name", case_ids("dydx-fillable"))
def test_fillable_prices(tmp_path: Path, name: str) -> None:
    case = case_of(name)
    inputs = case["inputs"]
    terms = liquidation_terms(
        bankruptcy_adjustment=Decimal(inputs["bankruptcy_adjustment_ppm"]).scaleb(-6),
        spread_to_maintenance_ratio=Decimal(inputs["spread_to_maintenance_margin_ratio_ppm"]).scaleb(-6),
    )
    pool = first_pool(subaccount(inputs, **terms), tmp_path)
    entry = next(entry for entry in inputs["positions"] if entry["perp"] == inputs["liquidate"])
    side = "long" if entry["base_quantums"] > 0 else "short"
    found = Fraction(part(pool, "fillable_price", f"{inputs['liquidate']} {side}"))
    # Printed in quote quantums a base quantum.
    scale = Fraction(10) ** (entry["atomic_resolution"] + 6)
    assert found * scale == Fraction(case["expected"]["fillable_price_quote_quantums_per_base_quantum"])


@pytest.mark.parametrize("name", case_ids("dydx-insurance"))
def test_what_the_insurance_fund_gets(tmp_path: Path, name: str) -> None:
    case = case_of(name)
    inputs = case["inputs"]
    (entry,) = inputs["positions"]
    size = Decimal(inputs["fill_base_quantums"]).scaleb(entry["atomic_resolution"])
    order = {
        "instrument": f"{VENUE}:BTC",
        "side": "short",
        "size": f"{size:f}",
        "limit_price": str(inputs["fill_price_usd"]),
        "reduce_only": True,
    }
    terms = liquidation_terms(max_liquidation_fee=Decimal(inputs["max_liquidation_fee_ppm"]).scaleb(-6))
    pool = first_pool(subaccount(inputs, orders=[order], **terms), tmp_path)
    found = part(pool, "insurance_fund_delta", f"close {size:f} of BTC")
    assert found == case["expected"]["insurance_fund_delta_quote_quantums"]


@pytest.mark.parametrize("name", case_ids("dydx-margin-reqs"))
def test_initial_margin_grows_with_open_interest_and_maintenance_margin_does_not(tmp_path: Path, name: str) -> None:
    case = case_of(name)
    inputs = case["inputs"]
    held = of_the_chain(inputs)
    if "open_interest_base_quantums" in inputs:
        with exact():
            interest = Decimal(inputs["open_interest_base_quantums"]).scaleb(inputs["atomic_resolution"]) * held["price"]
        held["caps"] = {
            "open_interest": f"{interest:f}",
            "lower_cap": str(inputs["open_interest_lower_cap"] // 1_000_000),
            "upper_cap": str(inputs["open_interest_upper_cap"] // 1_000_000),
        }
    figures = first_pool(account_file("0", [held]), tmp_path)["venue_figures"]
    assert figures["IMR"] == case["expected"]["initial_margin"]
    assert figures["MMR"] == case["expected"]["maintenance_margin"]


def test_initial_margin_between_the_caps_lies_on_the_line(tmp_path: Path) -> None:
    held = {"market": "BTC", "size": "1", "price": "1000", "imf": "0.2", "maintenance": "0.5"}
    held["caps"] = {"open_interest": "125", "lower_cap": "100", "upper_cap": "200"}  # type: ignore[assignment]
    pool = first_pool(account_file("1000", [held]), tmp_path)
    # A quarter of the way from 0.2 to 1.
    assert (pool["initial_margin"], pool["maintenance_margin"]) == ("400", "100")


def test_a_notional_is_cut_towards_zero(tmp_path: Path) -> None:
    case = case_of("dydx-net-notional-trunc")
    pool = first_pool(account_file("0", [of_the_chain(case["inputs"])]), tmp_path)
    assert part(pool, "net_notional", "BTC short") == case["expected"]["net_notional"]


@pytest.mark.parametrize("name", ["dydx-indexer-long", "dydx-indexer-short"])
def test_the_figures_of_the_indexer(tmp_path: Path, name: str) -> None:
    case = case_of(name)
    inputs = case["inputs"]
    held = {"market": "BTC", "size": inputs["size"], "price": inputs["oracle_price"]}
    pool = first_pool(
        account_file(str(inputs["usdc"]), [held | {"imf": inputs["initial_margin_fraction"], "maintenance": "0.6"}]), tmp_path
    )
    figures = pool["venue_figures"]
    assert Decimal(figures["equity"]) == case["expected"]["equity"]
    assert Decimal(figures["freeCollateral"]) == case["expected"]["free_collateral"]


def test_the_risk_of_the_indexer(tmp_path: Path) -> None:
    case = case_of("dydx-indexer-risk")
    inputs = case["inputs"]
    held = {"market": "BTC", "size": inputs["size"], "price": inputs["oracle_price"], "imf": inputs["imf"]}
    # The indexer tells the maintenance margin as a fraction of the notional: 0.03 of it is 0.6 of 0.05.
    position = first_pool(account_file("0", [held | {"maintenance": "0.6"}]), tmp_path)["positions"][0]
    assert inputs["mmf"] == Decimal("0.6") * inputs["imf"]
    for figure, expected in case["expected"].items():
        assert Decimal(position[figure]) == expected, figure


@pytest.mark.parametrize("name", ["dydx-doc-isolated-liq", "dydx-doc-cross-liq"])
def test_liquidation_prices_of_the_documents(tmp_path: Path, name: str) -> None:
    """Equity is told at the price, which stands in for the entry."""
    case = case_of(name)
    inputs = case["inputs"]
    rows = [{"market": "ETH", **{key: inputs[key] for key in ("size", "price", "mmf")}}, *inputs.get("others", [])]
    held = [{**row, "entry": row["price"], "imf": row["mmf"], "maintenance": "1"} for row in rows]
    pool = first_pool(account_file(str(inputs["equity"]), held), tmp_path)
    found = next(position for position in pool["positions"] if position["instrument"] == f"{VENUE}:ETH")
    expected = case["expected"]["liquidation_price"]
    assert abs(Decimal(found["liquidation_price"]) - expected) <= case["tolerance"]["abs"]


def test_deleveraging_of_the_documents(tmp_path: Path) -> None:
    case = case_of("dydx-doc-adl")
    inputs, expected = case["inputs"], case["expected"]
    held = {"market": "X", "size": inputs["size"], "entry": inputs["entry"], "price": inputs["price"]}
    pool = first_pool(account_file(str(inputs["deposit"]), [held | {"imf": "0.05", "maintenance": "0.6"}]), tmp_path)
    assert Decimal(pool["collateral_value"]) == expected["equity"]
    assert part(pool, "bankruptcy_price", "X short") == expected["bankruptcy_price"]
    assert part(pool, "deleverage_profit", "X short") == expected["adl_pnl_counterparty"]


def test_the_insurance_fund_of_the_documents(tmp_path: Path) -> None:
    case = case_of("dydx-doc-insurance")
    inputs, expected = case["inputs"], case["expected"]
    held = {"market": "X", "size": inputs["size"], "entry": inputs["entry"], "imf": inputs["mmf"], "maintenance": "1"}
    order = {
        "instrument": f"{VENUE}:X",
        "side": "short",
        "size": str(inputs["size"]),
        "limit_price": str(inputs["fill"]),
        "reduce_only": True,
    }
    terms = liquidation_terms(spread_to_maintenance_ratio=inputs["smmr"], max_liquidation_fee="0.015")
    at_entry, later = (
        first_pool(account_file(str(inputs["deposit"]), [held | {"price": price}], orders=[order], **terms), tmp_path)
        for price in (inputs["entry"], inputs["price"])
    )
    assert Decimal(at_entry["maintenance_margin"]) == expected["mmr_at_entry"]
    assert Decimal(later["collateral_value"]) == expected["equity"]
    paid = -part(later, "insurance_fund_delta", "close 500 of X") * USDC
    assert paid == expected["insurance_fund_pays"]
    # What the fill loses is what the deposit held and what the fund pays.
    assert inputs["deposit"] + paid == expected["fill_loss"]
    # The worst price of a liquidation order allows the fill.
    assert part(later, "fillable_price", "X long") <= inputs["fill"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: file["tables"]["market_margins"].clear(), "market_margin/BTC not loaded"),
        (lambda file: file["accounts"][0].update(mode="portfolio"), "account mode portfolio is not covered by the dYdX rules"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, spoil: Callable[[dict[str, Any]], None], reason: str) -> None:
    file = subaccount(case_of("dydx-liquidatable-1")["inputs"])
    spoil(file)
    assert reason in first_pool(file, tmp_path)["figures_reason"]


def test_a_subaccount_without_positions_is_never_liquidated(tmp_path: Path) -> None:
    pool = first_pool(account_file("-5", []), tmp_path)
    assert pool["level"] != "liquidation"


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "dydx-v4.json").read_text(encoding="utf-8"))
    code, answer = answer_of(file, tmp_path)
    assert code == OK
    pool = answer["accounts"][0]["pools"][0]
    assert {part["figure"] for part in pool["parts"]} >= {"bankruptcy_price", "fillable_price"}
