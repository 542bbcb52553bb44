"""Reports: the rules' figures, the book's level, unknown as null with a reason, the worst first."""

from __future__ import annotations

import pytest

from monitor.analytics.document import account_document
from monitor.analytics.frozen import FrozenView
from monitor.analytics.report import account_report, account_reports, hurts_most
from monitor.analytics.scan import BookScan
from monitor.analytics.worst import worst_pools, worst_row
from monitor.domain.certainty import Certainty
from monitor.domain.errors import BadInput
from monitor.domain.ids import cross_pool
from monitor.domain.level import Level
from tests.support.risk_view import VENUE, FakeRiskView


@pytest.fixture
def book() -> FakeRiskView:
    view = FakeRiskView()
    view.add_instrument("BTCUSDT", "60000")
    view.add_instrument("ETHUSDT", "3000")
    view.add_account("calm", "100000", {"BTCUSDT": ("0.1", "60000")}, "alpha")
    view.add_account("near", "10000", {"BTCUSDT": ("2", "60000"), "ETHUSDT": ("-10", "3000")}, "alpha")
    view.add_account("nearer", "5000", {"BTCUSDT": ("2", "60000")}, "beta")
    view.add_account("empty", "5000", {})
    view.value()
    return view


def pool_of(name: str) -> str:
    return cross_pool(f"{VENUE}:{name}", "USDT")


def test_report_has_level_and_ratios_of_the_book_and_amounts_of_the_rules(book: FakeRiskView) -> None:
    report = account_report(book, f"{VENUE}:near").pools[0]
    status = book.pool_status(report.pool)
    assert status is not None
    assert report.level == "notice"
    assert str(report.margin_ratio) == repr(status.margin_ratio)
    assert report.headroom == 9250
    assert [position.side for position in report.positions] == ["long", "short"]


def test_reports_are_in_order_of_ids_and_the_same_twice(book: FakeRiskView) -> None:
    reports = account_reports(book)
    assert [report.account for report in reports] == sorted(book.accounts)
    assert reports == account_reports(book)


def test_an_unknown_account_is_named(book: FakeRiskView) -> None:
    with pytest.raises(BadInput, match="binance_usdm:nobody"):
        account_report(book, f"{VENUE}:nobody")


def test_top_up_paid_in_brings_the_pool_to_ok_and_a_little_less_does_not(book: FakeRiskView) -> None:
    top_up = account_report(book, f"{VENUE}:near").pools[0].top_up_to_ok
    assert top_up is not None
    assert top_up > 0
    account = book.accounts[f"{VENUE}:near"].holdings
    account.wallets["USDT"] += top_up - 1
    book.value()
    assert book.levels[pool_of("near")][0] is not Level.OK
    account.wallets["USDT"] += 1
    book.value()
    assert book.levels[pool_of("near")][0] is Level.OK


def test_liquidation_distance_is_where_the_trigger_is_reached(book: FakeRiskView) -> None:
    report = account_report(book, f"{VENUE}:nearer").pools[0]
    distance = report.liquidation_distance_ratio
    assert distance is not None
    book.set_mark("BTCUSDT", str(60000 * (1 - distance)))
    status = book.pool_status(report.pool)
    assert status is not None
    assert status.margin_ratio == pytest.approx(1.0, abs=1e-9)


def test_a_price_never_seen_leaves_null_with_a_reason_and_never_zero(book: FakeRiskView) -> None:
    book.add_instrument("SOLUSDT", "150")
    account = book.add_account("blind", "1000", {"SOLUSDT": ("10", "150")})
    for key in [key for key in book.drivers if key.subject.endswith("SOLUSDT")]:
        del book.drivers[key]
    pool = account_document(account_report(book, account))["pools"][0]
    assert pool["level"] is None
    assert pool["certainty"] == "unknown"
    for field in ("collateral_value", "maintenance_margin", "margin_ratio", "headroom_usd", "top_up_to_ok"):
        assert pool[field] is None
        assert pool[f"{field}_reason"]
    assert pool["positions"][0]["liquidation_price"] is None
    assert pool["positions"][0]["liquidation_price_reason"]


def test_decimals_are_strings_without_exponent(book: FakeRiskView) -> None:
    pool = account_document(account_report(book, f"{VENUE}:near"))["pools"][0]
    assert pool["maintenance_margin"] == "750.000"
    assert "margin_ratio_reason" not in pool


def test_the_position_that_hurts_most_counts_its_margin(book: FakeRiskView) -> None:
    book.set_mark("ETHUSDT", "3040")
    worst = hurts_most(account_report(book, f"{VENUE}:near").pools[0])
    assert worst is not None
    # PnL 0 less margin 600 is lower than PnL -400 less margin 152.
    assert worst.instrument == f"{VENUE}:BTCUSDT"


def test_worst_first_by_level_then_by_headroom_over_scale_empty_last(book: FakeRiskView) -> None:
    statuses = [status for name in ("empty", "calm", "near", "nearer") if (status := book.pool_status(pool_of(name)))]
    assert [status.pool for status in worst_pools(statuses, 9)] == [pool_of(n) for n in ("nearer", "near", "calm", "empty")]


def test_a_pool_never_valued_stands_before_ok(book: FakeRiskView) -> None:
    book.levels.pop(pool_of("calm"))
    book.add_account("fine", "100000", {"BTCUSDT": ("0.1", "60000")})
    book.value()
    book.levels.pop(pool_of("calm"))
    statuses = [status for name in ("calm", "fine") if (status := book.pool_status(pool_of(name)))]
    assert worst_pools(statuses, 1)[0].pool == pool_of("calm")


def test_a_frozen_view_stays_while_the_book_goes_on(book: FakeRiskView) -> None:
    frozen = FrozenView.of_accounts(book, [f"{VENUE}:near", f"{VENUE}:nobody"])
    before = account_report(frozen, f"{VENUE}:near")
    book.set_mark("BTCUSDT", "50000")
    book.value()
    assert frozen.accounts == (f"{VENUE}:near",)
    assert account_report(frozen, f"{VENUE}:near") == before
    assert account_report(book, f"{VENUE}:near") != before
    assert worst_row(frozen, pool_of("calm")) is None


def test_scan_counts_levels_and_the_equity_that_is_watched(book: FakeRiskView) -> None:
    book.accounts[f"{VENUE}:near"].certainty = Certainty.STALE
    scan = BookScan.start(book)
    for status in book.account_statuses():
        scan.take(book, status)
    assert scan.levels[VENUE, Level.NOTICE] == 1
    assert scan.certainties[VENUE, Certainty.STALE] == 1
    assert scan.accounts_watched_ratio == 3 / 4
    assert scan.equity_watched_ratio == pytest.approx(110_000 / 120_000)


def test_a_stale_price_makes_the_account_not_watched(book: FakeRiskView) -> None:
    book.stale.update(key for key in book.drivers if key.subject.endswith("ETHUSDT"))
    scan = BookScan.start(book)
    for status in book.account_statuses():
        scan.take(book, status)
    assert scan.equity_fresh_usd == pytest.approx(110_000)


def test_nothing_known_is_nothing_watched() -> None:
    scan = BookScan.start(FakeRiskView())
    assert (scan.equity_watched_ratio, scan.accounts_watched_ratio) == (0.0, 0.0)
