"""The venue's worked examples of coin-margined contracts, through `assess`, compared with what the venue published."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path

from monitor.assess.run import OK, UNKNOWN
from tests.golden.coinm_case_files import Case, account_file, shown
from tests.golden.test_binance_usdm_cases import answer_of, figures_of, numbers_in, with_figure
from tests.support.requirements import ROOT, shared_folder

EXPECTED_COUNT = 3
CONTROL = "bn-cm-cross-lp-101btc-stale-cum"
CONTROL_OF = "bn-cm-cross-lp-101btc"


@cache
def of_the_venue() -> tuple[Case, ...]:
    lines = (shared_folder() / "cases" / "binance-bybit.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(case for case in map(json.loads, lines) if case["venue"] == "binance" and case["mode"].startswith("coin_m"))


@cache
def cases() -> tuple[Case, ...]:
    return tuple(case for case in of_the_venue() if case["id"] != CONTROL)


def named(name: str) -> Case:
    return next(case for case in of_the_venue() if case["id"] == name)


def test_every_case_of_the_venue_is_here() -> None:
    assert len(cases()) == EXPECTED_COUNT
    assert len(of_the_venue()) == EXPECTED_COUNT + 1


def test_cases_pass_through_assess(tmp_path: Path) -> None:
    for case in of_the_venue():
        code, answer = answer_of(account_file(case), tmp_path)
        assert code in {OK, UNKNOWN}, (case["id"], answer)
        for name, expected in case["expected"].items():
            figure = shown(name, answer)
            assert figure is not None, (case["id"], name)
            assert abs(Decimal(figure) - Decimal(expected)) <= Decimal(case["tolerance"][name]), (case["id"], name, figure)


def test_a_stale_table_moves_the_liquidation_price(tmp_path: Path) -> None:
    """The control: the same account under an amount of an older table stands 20.5 USD away from the venue's own price."""
    prices = [
        Decimal(shown("liquidation_price", answer_of(account_file(named(name)), tmp_path)[1])) for name in (CONTROL_OF, CONTROL)
    ]
    assert round(prices[0] - prices[1], 1) in {Decimal("20.5"), Decimal("20.6")}
    fresh, tolerance = named(CONTROL_OF)["expected"]["liquidation_price"], named(CONTROL_OF)["tolerance"]["liquidation_price"]
    assert abs(prices[1] - Decimal(fresh)) > Decimal(tolerance)


def test_every_input_figure_matters(tmp_path: Path) -> None:
    idle: dict[str, list[str]] = {}
    for case in cases():
        _, before = answer_of(account_file(case), tmp_path)
        for path, figure in numbers_in(case["inputs"]):
            moved = f"{Decimal(figure) * Decimal('1.01'):f}"
            _, after = answer_of(account_file(with_figure(case, path, moved)), tmp_path)
            if Decimal(figure) != 0 and figures_of(after) == figures_of(before):
                idle.setdefault(case["id"], []).append(".".join(map(str, path)))
    assert idle == {}


def test_the_example_file_has_no_unknown(tmp_path: Path) -> None:
    file = json.loads((ROOT / "examples" / "accounts" / "binance-coinm.json").read_text(encoding="utf-8"))
    code, answer = answer_of(file, tmp_path)
    assert code == OK
    pool = answer["accounts"][0]["pools"][0]
    assert pool["margin_currency"] == "BTC"
    assert all(position["liquidation_price"] for position in pool["positions"])
