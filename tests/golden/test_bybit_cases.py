"""The venue's worked examples, through `assess` as a user runs it, compared with the figures that the venue published."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import ROUND_DOWN, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import BAD_INPUT, OK, UNKNOWN
from tests.golden.bybit_case_files import Case, account_file, shown
from tests.golden.test_binance_usdm_cases import CASES, answer_of, figures_of, numbers_in, with_figure
from tests.support.requirements import ROOT, shared_folder

NOT_YET = {
    "bybit-linear-xrp-entry-based": "the rule before 2025-09-02: cross margins at entry price",
    "bybit-wallet-2022-two-settle-coins": "tells margins of coins and totals in USD, no positions that make them",
    "bybit-wallet-2023-orders": "tells margins of coins and totals in USD, no positions that make them",
    "bybit-inverse-cross-lp-10000": "classic account: margin and fee stand on the entry",
    "bybit-option-short-call-mm": "option",
    "bybit-pm-info-btc": "portfolio margin",
}
COVERED = 12


@cache
def cases() -> tuple[Case, ...]:
    lines = (shared_folder() / "cases" / CASES).read_text(encoding="utf-8").splitlines()
    return tuple(case for line in lines if (case := json.loads(line))["venue"] == "bybit" and case["id"] not in NOT_YET)


def test_every_case_of_the_venue_is_covered_or_named() -> None:
    lines = (shared_folder() / "cases" / CASES).read_text(encoding="utf-8").splitlines()
    every = {case["id"] for line in lines if (case := json.loads(line))["venue"] == "bybit"}
    assert set(NOT_YET) < every
    assert len(cases()) == len(every) - len(NOT_YET) == COVERED


def test_cases_pass_through_assess(tmp_path: Path) -> None:
    for case in cases():
        code, answer = answer_of(account_file(case), tmp_path)
        # Most examples tell one position or one balance alone: then assess says that the pool as a whole is unknown.
        assert code in {OK, UNKNOWN}, (case["id"], answer)
        for name, expected in case["expected"].items():
            ours, tolerance = shown(case, name, answer), Decimal(case["tolerance"][name])
            pairs = zip(expected, ours, strict=True) if isinstance(expected, list) else [(expected, ours)]
            for theirs, figure in pairs:
                assert figure is not None, (case["id"], name)
                assert abs(Decimal(figure) - Decimal(str(theirs))) <= tolerance, (case["id"], name, figure, theirs)


def test_every_input_figure_matters(tmp_path: Path) -> None:
    idle: dict[str, list[str]] = {}
    for case in cases():
        _, before = answer_of(account_file(case), tmp_path)
        for path, figure in numbers_in(case["inputs"]):
            moved = f"{Decimal(figure) * Decimal('1.01'):f}"
            _, after = answer_of(account_file(with_figure(case, path, moved)), tmp_path)
            if Decimal(figure) != 0 and figures_of(after) == figures_of(before):
                idle.setdefault(case["id"], []).append(".".join(map(str, path)))
    assert idle == IDLE


# The cap of the last tier in a table: beyond it its rate goes on.
_LAST_CAP = ["tiers.2.cap"]
IDLE = {
    "bybit-tier-boundary-2000000": _LAST_CAP,
    "bybit-tier-boundary-2000000_01": _LAST_CAP,
    "bybit-tier-boundary-2600000": _LAST_CAP,
    "bybit-tier-boundary-2600000_01": _LAST_CAP,
    "bybit-tier-deduction-btcusdt-20": ["risk_limits.19"],
}


@pytest.fixture
def example() -> dict[str, Any]:
    file: dict[str, Any] = json.loads((ROOT / "examples" / "accounts" / "bybit-cross.json").read_text(encoding="utf-8"))
    return file


def pool_of(file: dict[str, Any], folder: Path) -> dict[str, Any]:
    code, answer = answer_of(file, folder)
    assert code != BAD_INPUT, answer
    pool: dict[str, Any] = answer["accounts"][0]["pools"][0]
    return pool


def test_the_example_has_no_unknown_and_says_what_is_unverified(example: dict[str, Any], tmp_path: Path) -> None:
    code, answer = answer_of(example, tmp_path)
    assert code == OK
    pool = answer["accounts"][0]["pools"][0]
    assert (pool["certainty"], pool["verified"]) == ("unverified", False)
    assert any("fee to close" in reason for reason in pool["certainty_reasons"])


def test_the_printed_figures_of_the_example(example: dict[str, Any], tmp_path: Path) -> None:
    pool = pool_of(example, tmp_path)
    printed = {p["figure"].removeprefix("printed_"): p["amount"] for p in pool["parts"] if p["figure"].startswith("printed_")}
    # Worked by hand. BTC: 12 at 100,010, of which 10 × 0.98 + 2 × 0.95 = 11.7 counts. USDT: -50,000 + 25 × 1,500 = -12,500 at
    # 0.9998. MM: 2.5 m × 0.56 % - 1,200 + 25 × 90,000 × 0.055 % = 14,037.5; borrowed 12,500 + 1,000 frozen, of it 4 % = 540.
    # IM: 2.5 m / 10 + 1,237.5 and 10 % of 13,500. Margins × 0.9998.
    assert printed == {
        "totalEquity": "1187622.5",
        "totalMarginBalance": "1157619.5",
        "totalMaintenanceMargin": "14574.5845",
        "totalInitialMargin": "252536.9825",
        "totalAvailableBalance": "905082.5175",
        "accountMMRate": "0.0125",
        "accountIMRate": "0.2181",
    }


def test_a_liquidation_price_behind_a_table_that_is_not_loaded_is_unknown_by_name(
    example: dict[str, Any], tmp_path: Path
) -> None:
    wallets = {wallet["asset"]: wallet for wallet in example["accounts"][0]["wallets"]}
    wallets["USDT"].update(balance="100000", frozen="0")
    priced = pool_of(example, tmp_path)["positions"][0]
    assert priced["liquidation_price"] is not None
    del example["tables"]["borrow_tiers"]
    lacking = pool_of(example, tmp_path)
    assert lacking["maintenance_margin"] is not None
    assert lacking["positions"][0]["liquidation_price"] is None
    assert "borrow_tiers/USDT not loaded" in lacking["positions"][0]["liquidation_price_reason"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: f["accounts"][0]["positions"][0].pop("taker_fee_rate"), "taker fee rate of bybit:BTCUSDT not known"),
        (lambda f: f["accounts"][0]["positions"][0].pop("leverage"), "leverage of bybit:BTCUSDT not known"),
        (lambda f: f["tables"].pop("collateral_tiers"), "table bybit/collateral_tiers/BTC not loaded"),
        (lambda f: f["tables"].pop("leverage_brackets"), "table bybit/leverage_brackets/BTCUSDT not loaded"),
        (lambda f: f["asset_indices"].pop(0), "price asset_index/bybit:BTC never seen"),
        (lambda f: f["tables"]["instruments"][0].update(kind="spot"), "is spot: not covered"),
        (lambda f: f["accounts"][0].update(mode="portfolio"), "account mode portfolio is not covered"),
    ],
)
def test_what_is_not_told_makes_the_pool_unknown_by_name(
    example: dict[str, Any], tmp_path: Path, spoil: Any, reason: str
) -> None:
    file = deepcopy(example)
    spoil(file)
    code, answer = answer_of(file, tmp_path)
    assert code == UNKNOWN
    pool = answer["accounts"][0]["pools"][0]
    assert (pool["maintenance_margin"], pool["level"]) == (None, "none")
    assert reason in pool["figures_reason"]


def test_borrow_tiers_are_needed_only_once_something_is_borrowed(example: dict[str, Any], tmp_path: Path) -> None:
    del example["tables"]["borrow_tiers"]
    for wallet in example["accounts"][0]["wallets"]:
        if wallet["asset"] == "USDT":
            wallet.update(balance="1000000")
    assert pool_of(example, tmp_path)["maintenance_margin"] is not None
    for wallet in example["accounts"][0]["wallets"]:
        if wallet["asset"] == "USDT":
            wallet.update(balance="-100000")
    assert "table bybit/borrow_tiers/USDT not loaded" in pool_of(example, tmp_path)["figures_reason"]


def test_collateral_that_is_switched_off_counts_nothing(example: dict[str, Any], tmp_path: Path) -> None:
    def counted(pool: dict[str, Any]) -> dict[str, str]:
        return {part["name"]: part["amount"] for part in pool["parts"] if part["figure"] == "collateral_value"}

    assert Decimal(counted(pool_of(example, tmp_path))["BTC"]) > 0
    next(w for w in example["accounts"][0]["wallets"] if w["asset"] == "BTC")["collateral"] = False
    assert Decimal(counted(pool_of(example, tmp_path))["BTC"]) == 0


def test_the_venues_own_figures_stand_under_its_names(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "bybit-cross.json").read_text(encoding="utf-8"))
    _, answer = answer_of(file, tmp_path)
    pool = answer["accounts"][0]["pools"][0]
    figures = {name: Decimal(figure) for name, figure in pool["venue_figures"].items()}
    margin, collateral = Decimal(pool["maintenance_margin"]), Decimal(pool["collateral_value"])
    assert figures["accountMMRate"] == (margin / collateral).quantize(Decimal("0.0001"), rounding=ROUND_DOWN)
    assert figures["totalMaintenanceMargin"] == margin.quantize(Decimal("0.00000001"), rounding=ROUND_DOWN)
    assert figures["totalAvailableBalance"] <= collateral - Decimal(pool["initial_margin"])
