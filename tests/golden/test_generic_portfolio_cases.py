"""The portfolio book: published scenario examples through `assess`, and netting and charges computed by hand."""

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

VENUE = "generic_portfolio"
CALL, FUTURE = "span-long-call", "span-long-future"
THIRD = "0.3333333333333333333333333333333333333333"
TWO_THIRDS = "0.6666666666666666666666666666666666666667"


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return published()[CALL], published()[FUTURE]


def span16(extreme_multiple: str, extreme_fraction: str) -> dict[str, Any]:
    """Price by thirds of the scan, each with volatility up and down, then two extreme moves of which a part counts."""
    moves = [move for move in ("0", THIRD, f"-{THIRD}", TWO_THIRDS, f"-{TWO_THIRDS}", "1", "-1") for _ in range(2)]
    scenarios = [{"name": f"{place}: {move}", "move": move} for place, move in enumerate(moves, start=1)]
    extremes = [
        {"name": f"{place}: extreme", "move": sign + extreme_multiple, "share": extreme_fraction}
        for place, sign in ((15, ""), (16, "-"))
    ]
    return {"grid": f"{VENUE}:span16", "scenarios": [*scenarios, *extremes]}


def account_file(
    positions: list[dict[str, str]], instruments: list[dict[str, str]], tables: dict[str, Any], usd: str = "1000000"
) -> dict[str, Any]:
    asset = f"{VENUE}:USD"
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": f"{VENUE}:case",
                "mode": "portfolio",
                "position_mode": "one_way",
                "wallets": [{"asset": "USD", "balance": usd}],
                "positions": [{**held, "instrument": f"{VENUE}:{held['instrument']}"} for held in positions],
            }
        ],
        "asset_indices": [{"asset": asset, "index": "1"}],
        "tables": {
            "instruments": [
                {"quote": "USD", "settle_asset": "USD", **one, "instrument": f"{VENUE}:{one['instrument']}"}
                for one in instruments
            ],
            "collateral_tiers": [{"asset": asset, "tiers": [{"floor": "0", "ratio": "1"}]}],
            "borrow_tiers": [
                {"asset": asset, "tiers": [{"floor": "0", "maintenance_margin_rate": "0", "initial_margin_rate": "0"}]}
            ],
            **tables,
        },
    }


def scenario_losses(pool: dict[str, Any]) -> list[Decimal]:
    return [Decimal(one["amount"]) for one in pool["parts"] if one["figure"] == "scenario_loss"]


def test_the_array_of_an_option_gives_its_worst_scenario(tmp_path: Path) -> None:
    case = published()[CALL]
    call = {"instrument": "SPX-CALL", "kind": "option", "base": "SPX", "strike": "410", "option_type": "call"}
    gains = [str(gain) for gain in case["inputs"]["risk_array_long_call"]]
    file = account_file(
        [{"instrument": "SPX-CALL", "side": "long", "size": "1", "entry_price": "10", "mark_price": "10"}],
        [call],
        {
            "scenario_grids": [span16("2", "0.35")],
            "risk_classes": [{"underlying": f"{VENUE}:SPX", "grid": "span16"}],
            "risk_arrays": [{"instrument": f"{VENUE}:SPX-CALL", "grid": "span16", "gains": gains}],
        },
    )
    pool = first_pool(file, tmp_path)
    assert Decimal(pool["maintenance_margin"]) == case["expected"]["scan_risk"]
    losses = scenario_losses(pool)
    assert losses.index(max(losses)) + 1 == case["expected"]["worst_scenario"]
    (worst,) = [
        one["formula"] for one in pool["parts"] if one["name"] == "scan risk of SPX" and one["figure"] == "maintenance_margin"
    ]
    assert worst.startswith(f"scenario {case['expected']['worst_scenario']} of 16")


@pytest.mark.parametrize("side", ["long", "short"])
def test_a_future_is_scanned_over_its_range(tmp_path: Path, side: str) -> None:
    case = published()[FUTURE]
    inputs = case["inputs"]
    file = account_file(
        [{"instrument": "SPX", "side": side, "size": "1", "entry_price": "400", "mark_price": "400"}],
        [{"instrument": "SPX", "kind": "linear_future", "base": "SPX"}],
        {
            "scenario_grids": [span16(str(inputs["extreme_multiple"]), str(inputs["extreme_fraction"]))],
            "risk_classes": [{"underlying": f"{VENUE}:SPX", "grid": "span16", "scan_range": str(inputs["price_scan_range"])}],
        },
    )
    pool = first_pool(file, tmp_path)
    assert Decimal(pool["maintenance_margin"]) == case["expected"]["scan_risk"]
    extreme = scenario_losses(pool)[14:]
    assert sorted(extreme) == [-Decimal(case["expected"]["extreme_pnl"]), Decimal(case["expected"]["extreme_pnl"])]


LADDER = {
    "grid": f"{VENUE}:ladder",
    "scenarios": [{"name": move, "move": move} for move in ("-1", "-0.5", "0.5", "1")],
    "initial_factor": "1.2",
}
PAIR = [
    {"instrument": "A", "side": "long", "size": "100", "entry_price": "100", "mark_price": "100"},
    {"instrument": "B", "side": "short", "size": "50", "entry_price": "100", "mark_price": "100"},
]
SHARES = [{"instrument": name, "kind": "linear_perpetual", "base": name} for name in ("A", "B")]


def ladder_classes(**terms: Any) -> dict[str, Any]:
    classes = [{"underlying": f"{VENUE}:{name}", "grid": "ladder", "scan_rate": "0.15", **terms} for name in ("A", "B")]
    return {"scenario_grids": [LADDER], "risk_classes": classes}


def test_classes_of_a_group_net_by_a_share_of_their_gains(tmp_path: Path) -> None:
    """A loses 1,500 in the fall in which B gains 750, of which 40 % count; on their own both lose: 1,500 and 750."""
    alone = first_pool(account_file(PAIR, SHARES, ladder_classes()), tmp_path)
    netted = first_pool(account_file(PAIR, SHARES, ladder_classes(group="equities", offset="0.4")), tmp_path)
    assert (alone["maintenance_margin"], netted["maintenance_margin"]) == ("2250", "1200")
    assert (alone["initial_margin"], netted["initial_margin"]) == ("2700", "1440")
    assert part(netted, "maintenance_margin", "scan risk of equities") == 1200


def test_concentration_and_liquidity_come_on_top(tmp_path: Path) -> None:
    """Of 10,000 in A and 5,000 in B: 1 % above 4,000, 3 % above 8,000, and 0.2 % of all."""
    slices = [{"floor": "4000", "rate": "0.01"}, {"floor": "8000", "rate": "0.03"}]
    pool = first_pool(account_file(PAIR, SHARES, ladder_classes(concentration=slices, liquidity_rate="0.002")), tmp_path)
    assert part(pool, "maintenance_margin", "concentration of A") == 40 + 60
    assert part(pool, "maintenance_margin", "concentration of B") == 10
    assert part(pool, "maintenance_margin", "liquidity of A") == 20
    assert Decimal(pool["maintenance_margin"]) == 2250 + 110 + 30
    assert Decimal(pool["initial_margin"]) == Decimal("1.2") * (2250 + 110 + 30)


def test_the_liquidation_price_moves_the_scan_along(tmp_path: Path) -> None:
    """1,000 over 100 A at 100, 15 % scanned: 1,000 + 100 (p - 100) = 15 p, at p = 9,000 / 85."""
    pool = first_pool(account_file(PAIR[:1], SHARES[:1], ladder_classes(), usd="1500"), tmp_path)
    assert pool["positions"][0]["liquidation_price_reason"] == "already"
    pool = first_pool(account_file(PAIR[:1], SHARES[:1], ladder_classes(), usd="2000"), tmp_path)
    price = Decimal(pool["positions"][0]["liquidation_price"])
    assert abs(price - Decimal(8000) / 85) < Decimal("1e-15")
    # The position has no margin of its own, and says so.
    assert (pool["positions"][0]["maintenance_margin"], pool["positions"][0]["reason"]) == (
        None,
        "its margin is shared with other positions: see the parts",
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda tables: tables["risk_classes"].pop(), "risk_class/B not loaded"),
        (lambda tables: tables["scenario_grids"].pop(), "scenario_grid/ladder not loaded"),
        (lambda tables: tables["risk_classes"][0].pop("scan_rate"), "A has no risk array"),
        (
            lambda tables: tables.update(risk_arrays=[{"instrument": f"{VENUE}:A", "grid": "ladder", "gains": ["1"]}]),
            "risk array of A is not one of grid ladder",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, spoil: Any, reason: str) -> None:
    file = account_file(PAIR, SHARES, json.loads(json.dumps(ladder_classes())))
    spoil(file["tables"])
    pool = first_pool(file, tmp_path)
    assert pool["certainty"] == "unknown"
    assert reason in pool["figures_reason"]


@pytest.mark.parametrize("name", ["generic-portfolio-span", "generic-portfolio-ladder"])
def test_the_example_files_have_no_unknown(tmp_path: Path, name: str) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / f"{name}.json").read_text(encoding="utf-8"))
    code, answer = answer_of(file, tmp_path)
    assert code == OK
    assert Decimal(answer["accounts"][0]["pools"][0]["maintenance_margin"]) > 0
