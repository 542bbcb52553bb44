"""Captured responses as a second book entry: what the venue printed of the account agrees with ours to its digits."""

from __future__ import annotations

from pathlib import Path

from tests.golden import test_hyperliquid_cases as hyperliquid
from tests.golden import test_okx_cases as okx
from tests.golden.case_answers import first_pool


def test_the_mainnet_capture_agrees_and_a_missing_fill_does_not(tmp_path: Path) -> None:
    inputs = hyperliquid.of_the_venue()[hyperliquid.CAPTURE]["inputs"]
    wallet = {"cross_balance": inputs["crossMarginSummary"]["totalRawUsd"]}
    positions = [hyperliquid.captured(position) for position in inputs["positions"]]
    file = hyperliquid.account_file(positions, wallet)
    file["accounts"][0]["venue_reported"] = {
        "at": "2026-01-20T12:00:00Z",
        "figures": {"accountValue": "8259027.075462"},
        "pool": "hyperliquid:case/cross/USDC",
    }
    entry = first_pool(file, tmp_path)["double_entry"]
    assert (entry["agrees"], entry["drives"]) == (True, "ours")
    file["accounts"][0]["positions"][0]["size"] = "1.4"
    entry = first_pool(file, tmp_path)["double_entry"]
    assert entry["agrees"] is False
    assert "differs by" in entry["sentence"]


def test_a_ratio_that_falls_is_compared_in_its_own_direction(tmp_path: Path) -> None:
    """The venue says 1.05 where ours is 140: out of band, and the worse one decides."""
    case = okx.of_the_venue()[okx.SWAP]
    wallet = {"asset": "USDT", "balance": case["inputs"]["currency_equity"]}
    file = okx.account_file("single_currency", [wallet], [okx.swap(case["inputs"])])
    file["accounts"][0]["venue_reported"] = {"at": "2026-01-20T12:00:00Z", "figures": {"mgnRatio": "1.05"}}
    pool = first_pool(file, tmp_path)
    assert (pool["double_entry"]["drives"], pool["level"]) == ("venue", "critical")
    assert pool["certainty"] == "unverified"
