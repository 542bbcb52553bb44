"""Double entry through `assess`: what the venue reported beside ours, out of band, old, and by the part that differs."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.assess.run import BAD_INPUT, OK, run_assess
from tests.support.requirements import ROOT

AT = "2026-11-24T14:02:11Z"
BTC = "bybit:BTCUSDT"


@pytest.fixture
def file() -> dict[str, Any]:
    """Bybit, 12 BTC and 25 BTC of a perpetual: accountMMRate 0.0125 of 1157619.50 USD."""
    found: dict[str, Any] = json.loads((ROOT / "examples" / "accounts" / "bybit-cross.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def plain() -> dict[str, Any]:
    """Binance, 10,000 USDT and a long of 1 BTC at 100,000 under one rate of 0.5 %; M = 500."""
    btc = "binance_usdm:BTCUSDT"
    position = {
        "instrument": btc,
        "side": "long",
        "size": "1",
        "entry_price": "100000",
        "mark_price": "100000",
        "leverage": "20",
    }
    instrument = {"instrument": btc, "kind": "linear_perpetual", "base": "BTC", "quote": "USDT", "settle_asset": "USDT"}
    account = {
        "account": "binance_usdm:desk",
        "mode": "single_currency",
        "position_mode": "one_way",
        "wallets": [{"asset": "USDT", "balance": "10000"}],
        "positions": [position],
        "profile": "ratio",
    }
    band = {"enter": "0.8", "leave": "0.7"}
    last = {"enter": "1", "leave": "0.9"}
    return {
        "schema_version": 1,
        "accounts": [account],
        "tables": {
            "instruments": [instrument],
            "leverage_brackets": [{"instrument": btc, "maintenance_margin_rate": "0.005", "deduction": "0"}],
        },
        "profiles": [{"name": "ratio", "cross": {"critical": {"ratio": band}, "liquidation": {"ratio": last}}}],
    }


def run(file: dict[str, Any], folder: Path, **reported: Any) -> tuple[int, str, str]:
    if reported:
        file["accounts"][0]["venue_reported"] = {"at": AT, **reported}
    path = folder / "account.json"
    path.write_text(json.dumps(file), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    code = run_assess(path, as_json=True, out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def pool_of(file: dict[str, Any], folder: Path, **reported: Any) -> dict[str, Any]:
    code, out, err = run(file, folder, **reported)
    assert code == OK, err
    pool: dict[str, Any] = json.loads(out)["accounts"][0]["pools"][0]
    return pool


def test_nothing_reported_leaves_nothing_to_compare(file: dict[str, Any], tmp_path: Path) -> None:
    assert pool_of(file, tmp_path)["double_entry"] is None


def test_it_agrees_to_the_last_digit_in_one_sentence(file: dict[str, Any], tmp_path: Path) -> None:
    entry = pool_of(file, tmp_path, figures={"accountMMRate": "0.0125"})["double_entry"]
    assert (entry["agrees"], entry["at"]) == (True, AT)
    (figure,) = entry["figures"]
    assert figure["sentence"] == "ours 0.0125, venue 0.0125 at 14:02:11, agrees to the last digit"
    assert (figure["residual"], figure["tolerance"]) == ("0", "0.0001")


@pytest.mark.parametrize(("printed", "agrees"), [("500.00", True), ("500.01", True), ("500.02", False), ("499.98", False)])
def test_the_tolerance_is_one_unit_in_the_last_digit(plain: dict[str, Any], tmp_path: Path, printed: str, agrees: bool) -> None:
    pool = pool_of(plain, tmp_path, figures={"maintMargin": printed})
    assert pool["double_entry"]["agrees"] is agrees
    assert pool["certainty"] == ("fresh" if agrees else "unverified")
    assert pool["verified"] is agrees


def test_out_of_band_says_by_how_much_and_why_it_is_unverified(plain: dict[str, Any], tmp_path: Path) -> None:
    pool = pool_of(plain, tmp_path, figures={"maintMargin": "500.02"})
    sentence = "ours 500.00, venue 500.02 at 14:02:11, differs by 2 units of the last digit"
    assert pool["double_entry"]["figures"][0]["sentence"] == sentence
    (reason,) = pool["certainty_reasons"]
    assert sentence in reason
    assert "a tier change or a fee rate" in reason


def test_a_missing_fill_comes_first(plain: dict[str, Any], tmp_path: Path) -> None:
    told = {
        "instrument": "binance_usdm:BTCUSDT",
        "side": "long",
        "size": "1.5",
        "maintenance_margin": "750",
        "notional": "150000",
    }
    pool = pool_of(plain, tmp_path, figures={"maintMargin": "750"}, positions=[told])
    first = pool["double_entry"]["differs"][0]
    assert (first["part"], first["ours"], first["venue"], first["hint"]) == ("size", "1", "1.5", "a missing fill")
    assert "size of binance_usdm:BTCUSDT long: ours 1, venue 1.5: a missing fill" in pool["double_entry"]["sentence"]


def test_a_position_that_we_do_not_hold_is_a_missing_fill(plain: dict[str, Any], tmp_path: Path) -> None:
    told = {"instrument": "binance_usdm:ETHUSDT", "side": "short", "size": "2"}
    differs = pool_of(plain, tmp_path, positions=[told])["double_entry"]["differs"]
    assert [(part["name"], part["ours"], part["hint"]) for part in differs] == [
        ("binance_usdm:ETHUSDT short", "0", "a missing fill")
    ]


def test_a_size_is_equal_or_not(plain: dict[str, Any], tmp_path: Path) -> None:
    told = {"instrument": "binance_usdm:BTCUSDT", "side": "long", "size": "2"}
    assert pool_of(plain, tmp_path, positions=[told])["double_entry"]["differs"][0]["hint"] == "a missing fill"
    told["size"] = "1.000"
    assert pool_of(plain, tmp_path, positions=[told])["double_entry"]["differs"] == []


def test_a_tier_change_is_named(plain: dict[str, Any], tmp_path: Path) -> None:
    told = {
        "instrument": "binance_usdm:BTCUSDT",
        "side": "long",
        "size": "1",
        "notional": "100000",
        "maintenance_margin": "650",
    }
    pool = pool_of(plain, tmp_path, figures={"maintMargin": "650"}, positions=[told])
    assert [part["hint"] for part in pool["double_entry"]["differs"]] == ["a tier change"]


def test_a_balance_that_differs_is_a_missing_payment(plain: dict[str, Any], tmp_path: Path) -> None:
    pool = pool_of(plain, tmp_path, figures={"marginBalance": "9990.0"}, assets=[{"asset": "USDT", "balance": "9990.0"}])
    assert [part["hint"] for part in pool["double_entry"]["differs"]] == ["a missing fee, funding, interest or transfer"]


def test_a_haircut_is_named(file: dict[str, Any], tmp_path: Path) -> None:
    told = {"asset": "BTC", "balance": "12", "collateral_value": "1000000.00"}
    pool = pool_of(file, tmp_path, figures={"totalMarginBalance": "950000.00"}, assets=[told])
    assert [(part["part"], part["hint"]) for part in pool["double_entry"]["differs"]] == [("collateral_value", "a haircut")]


def test_a_fee_rate_moves_both_margins_and_a_tier_but_one(file: dict[str, Any], tmp_path: Path) -> None:
    (position,) = pool_of(file, tmp_path)["positions"]
    margin, initial = float(position["maintenance_margin"]), float(position["initial_margin"])
    told = {
        "instrument": BTC,
        "side": "long",
        "maintenance_margin": f"{margin + 100:.4f}",
        "initial_margin": f"{initial + 100:.4f}",
    }
    parts = pool_of(file, tmp_path, positions=[told])["double_entry"]["differs"]
    assert (parts[0]["part"], parts[0]["hint"]) == ("maintenance_margin", "a fee rate")
    told["initial_margin"] = f"{initial:.4f}"
    parts = pool_of(file, tmp_path, positions=[told])["double_entry"]["differs"]
    assert (parts[0]["part"], parts[0]["hint"]) == ("maintenance_margin", "a tier change")


def test_the_account_s_own_fee_rate_is_compared(file: dict[str, Any], tmp_path: Path) -> None:
    told = {"instrument": BTC, "side": "long", "taker_fee_rate": "0.0006"}
    (part,) = pool_of(file, tmp_path, positions=[told])["double_entry"]["differs"]
    assert (part["part"], part["ours"], part["hint"]) == ("taker_fee_rate", "0.00055", "a fee rate")


@pytest.mark.parametrize(
    ("ours", "venue", "level", "drives"),
    [
        ("10000", {"marginBalance": "600.00", "maintMargin": "500.00"}, "critical", "venue"),
        ("10000", {"margin_ratio": "1.0000"}, "liquidation", "venue"),
        ("600", {"marginBalance": "10000.00", "maintMargin": "500.00"}, "critical", "ours"),
        ("600", {"margin_ratio": "0.0500"}, "critical", "ours"),
        ("10000", {"marginBalance": "9990.00", "maintMargin": "500.00"}, "ok", "venue"),
    ],
)
def test_the_worse_number_gives_the_level(
    plain: dict[str, Any], tmp_path: Path, ours: str, venue: dict[str, str], level: str, drives: str
) -> None:
    plain["accounts"][0]["wallets"][0]["balance"] = ours
    pool = pool_of(plain, tmp_path, figures=venue)
    assert (pool["level"], pool["certainty"], pool["double_entry"]["drives"]) == (level, "unverified", drives)


@pytest.mark.parametrize(("as_of", "compared"), [("2026-11-24T14:02:13Z", True), ("2026-11-24T14:02:46Z", False)])
def test_a_figure_of_another_moment_is_not_compared(plain: dict[str, Any], tmp_path: Path, as_of: str, compared: bool) -> None:
    plain["as_of"] = as_of
    pool = pool_of(plain, tmp_path, figures={"maintMargin": "9500.00", "marginBalance": "9000.00"})
    assert pool["level"] == ("liquidation" if compared else "ok")
    assert pool["certainty"] == ("unverified" if compared else "fresh")
    if not compared:
        entry = pool["double_entry"]
        assert (entry["agrees"], entry["drives"]) == (None, "ours")
        assert entry["figures"][0]["residual"] is None
        assert "35 s older than our state" in entry["figures"][0]["sentence"]


def test_where_our_formula_is_not_confirmed_the_venue_leads(
    file: dict[str, Any], plain: dict[str, Any], tmp_path: Path
) -> None:
    assert pool_of(file, tmp_path, figures={"accountMMRate": "0.0125"})["double_entry"]["leads"] == "venue"
    assert pool_of(plain, tmp_path, figures={"maintMargin": "500.00"})["double_entry"]["leads"] == "ours"


def test_without_a_figure_of_ours_the_venues_ratio_gives_the_level(plain: dict[str, Any], tmp_path: Path) -> None:
    del plain["accounts"][0]["positions"][0]["mark_price"]
    _code, out, _err = run(plain, tmp_path, figures={"margin_ratio": "0.9"})
    pool = json.loads(out)["accounts"][0]["pools"][0]
    assert (pool["level"], pool["certainty"], pool["margin_ratio"]) == ("critical", "unknown", None)
    assert (pool["double_entry"]["leads"], pool["double_entry"]["drives"]) == ("venue", "venue")


@pytest.mark.parametrize(
    ("reported", "named"),
    [
        ({"figures": {"accountMMR": "0.01"}}, "accounts[0].venue_reported.figures.accountMMR"),
        (
            {"figures": {"maintMargin": "1"}, "positions": [{"instrument": "binance_usdm:X", "side": "long", "sise": "1"}]},
            "sise",
        ),
        ({"figures": {"maintMargin": "1"}, "pool": "binance_usdm:desk/cross/BTC"}, "accounts[0].venue_reported.pool"),
    ],
)
def test_an_unknown_name_is_refused_by_name(
    plain: dict[str, Any], tmp_path: Path, reported: dict[str, Any], named: str
) -> None:
    code, _out, err = run(plain, tmp_path, **reported)
    assert code == BAD_INPUT
    assert named in err


def test_a_total_that_holds_isolated_positions_too_is_not_compared(plain: dict[str, Any], tmp_path: Path) -> None:
    eth = "binance_usdm:ETHUSDT"
    plain["accounts"][0]["positions"].append(
        {
            "instrument": eth,
            "side": "long",
            "size": "1",
            "entry_price": "3000",
            "mark_price": "3000",
            "leverage": "10",
            "margin_mode": "isolated",
            "isolated_wallet": "300",
        }
    )
    plain["tables"]["instruments"].append(
        {"instrument": eth, "kind": "linear_perpetual", "base": "ETH", "quote": "USDT", "settle_asset": "USDT"}
    )
    plain["tables"]["leverage_brackets"].append({"instrument": eth, "maintenance_margin_rate": "0.005", "deduction": "0"})
    pool = pool_of(plain, tmp_path, figures={"maintMargin": "515.00"})
    assert pool["double_entry"]["agrees"] is None
    assert "isolated" in pool["double_entry"]["reason"]


def test_the_text_form_says_it_in_one_sentence(file: dict[str, Any], tmp_path: Path) -> None:
    run(file, tmp_path, figures={"accountMMRate": "0.0125"})
    out = io.StringIO()
    run_assess(tmp_path / "account.json", as_json=False, out=out, err=io.StringIO())
    assert "accountMMRate: ours 0.0125, venue 0.0125 at 14:02:11, agrees to the last digit" in out.getvalue()
