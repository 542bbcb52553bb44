"""Every worked example is accounted for: none is forgotten, and what is said to pass is what the venues' tests run."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path

from tests.golden import (
    test_binance_coinm_cases,
    test_binance_pm_cases,
    test_binance_usdm_cases,
    test_bitget_cases,
    test_bybit_cases,
    test_deribit_cases,
    test_dydx_v4_cases,
    test_generic_cases,
    test_generic_portfolio_cases,
    test_hyperliquid_cases,
    test_kraken_futures_cases,
    test_okx_cases,
)
from tests.support.requirements import shared_folder

LIST = Path(__file__).parent / "cases.toml"
COUNT = 140
STATES = {"pass", "control", "out", "open"}
MAY_BE_OUT = {"hl-unified-spot-collateral", "okx-isolated-inverse-future", "hl-legacy-2023-cassette"}
VENUES_OUT = {"drift_v2", "aave_v3", "bitunix"}
RUN = (
    test_binance_coinm_cases.cases,
    test_binance_pm_cases.cases,
    test_binance_usdm_cases.cases,
    test_bitget_cases.cases,
    test_bybit_cases.cases,
    test_deribit_cases.cases,
    test_dydx_v4_cases.cases,
    test_generic_cases.cases,
    test_generic_portfolio_cases.cases,
    test_hyperliquid_cases.cases,
    test_kraken_futures_cases.cases,
    test_okx_cases.cases,
)
CONTROLS = {test_binance_coinm_cases.CONTROL, test_generic_cases.CONTROL}


def listed() -> dict[str, dict[str, str]]:
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def published() -> dict[str, str]:
    """Each case's venue."""
    lines = [line for path in sorted((shared_folder() / "cases").glob("*.jsonl")) for line in path.read_text().splitlines()]
    return {case["id"]: case["venue"] for case in map(json.loads, lines)}


def test_every_case_is_listed_once() -> None:
    assert set(listed()) == set(published())
    assert len(published()) == COUNT


def test_every_case_has_a_state_and_what_does_not_pass_a_reason() -> None:
    for name, entry in listed().items():
        assert entry["state"] in STATES, name
        assert entry["state"] == "pass" or entry["reason"], name


def test_what_passes_is_what_the_venues_run() -> None:
    run = {case["id"] for cases in RUN for case in cases()}
    assert {name for name, entry in listed().items() if entry["state"] == "pass"} == run


def test_every_control_is_shown_to_be_wrong() -> None:
    assert {name for name, entry in listed().items() if entry["state"] == "control"} == CONTROLS


def test_only_what_may_be_left_out_is() -> None:
    venues = published()
    out = {name for name, entry in listed().items() if entry["state"] == "out"}
    assert all(name in MAY_BE_OUT or venues[name] in VENUES_OUT for name in out)


def test_the_states_are_counted() -> None:
    assert Counter(entry["state"] for entry in listed().values()) == COUNTS


COUNTS = {"control": 2, "open": 17, "out": 8, "pass": 113}
