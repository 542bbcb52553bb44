import pytest

from monitor.alerting.alerter import Alerter
from monitor.alerting.decision import AlertDecision
from monitor.alerting.settings import AlertingSettings
from monitor.alerting.view import Doubtful
from monitor.domain.alert import AlertReason, BlindCause
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.effects import CertaintyChanged, CertaintySubject
from monitor.domain.level import Level
from tests.support.alert_view import SECOND, WrittenView, account_certainty, level_changed

DRIVER = "mark/sim:BTCUSDT"
POOL = "sim:carol/cross"
SETTINGS = AlertingSettings(stale_grace_s=2.0, reconciling_grace_s=30.0, opening_grace_s=120.0)


@pytest.fixture
def view() -> WrittenView:
    view = WrittenView()
    view.put(POOL, Level.OK)
    view.driver_holders[DRIVER] = 3
    return view


@pytest.fixture
def alerter(view: WrittenView) -> Alerter:
    return Alerter(SETTINGS, view)


def driver_changed(old: DriverState, new: DriverState, at_s: float) -> CertaintyChanged:
    return CertaintyChanged(
        seq=1, engine_ns=round(at_s * SECOND), kind=CertaintySubject.DRIVER, subject=DRIVER, old=old, new=new, reasons=()
    )


def clock(alerter: Alerter, at_s: float) -> list[tuple[str, str, str]]:
    decisions: list[AlertDecision] = alerter.on_clock(round(at_s * SECOND), 1)
    return [(d.alert.labels["cause"], d.alert.labels["severity"], d.alert.reason.value) for d in decisions]


def test_a_dead_price_is_one_alert_with_exact_labels_however_many_hold_it(alerter: Alerter) -> None:
    alerter.on_effect(driver_changed(DriverState.LIVE, DriverState.STALE, 10))
    assert clock(alerter, 11) == []
    [decision] = alerter.on_clock(13 * SECOND, 7)
    assert decision.alert.labels == {
        "alertname": "MarginwatchBlind",
        "venue": "sim",
        "cause": "price",
        "severity": "warning",
        "instance_group": "marginwatch",
    }
    assert alerter.blind_subjects("sim", BlindCause.PRICE) == [DRIVER]


def test_it_ends_when_none_is_left(alerter: Alerter) -> None:
    alerter.on_effect(driver_changed(DriverState.LIVE, DriverState.STALE, 10))
    clock(alerter, 13)
    alerter.on_effect(driver_changed(DriverState.STALE, DriverState.LIVE, 20))
    assert clock(alerter, 21) == [("price", "warning", "inputs_back")]


def test_a_price_that_nobody_holds_blinds_nobody(alerter: Alerter, view: WrittenView) -> None:
    view.driver_holders.clear()
    alerter.on_effect(driver_changed(DriverState.LIVE, DriverState.STALE, 10))
    assert clock(alerter, 60) == []
    view.driver_holders[DRIVER] = 1
    assert clock(alerter, 62) == [("price", "warning", "inputs_lost")]


def test_a_silent_account_is_blind_and_stays_so_while_it_reconciles(alerter: Alerter) -> None:
    alerter.on_effect(account_certainty("sim:carol", Certainty.FRESH, Certainty.STALE, at_ns=10 * SECOND))
    assert clock(alerter, 12) == [("account", "warning", "inputs_lost")]
    alerter.on_effect(account_certainty("sim:carol", Certainty.STALE, Certainty.RECONCILING, at_ns=13 * SECOND))
    assert clock(alerter, 14) == []
    alerter.on_effect(account_certainty("sim:carol", Certainty.RECONCILING, Certainty.UNVERIFIED, at_ns=15 * SECOND))
    assert clock(alerter, 16) == [("account", "warning", "inputs_back")]


def test_a_reconnect_is_told_only_when_it_takes_long(alerter: Alerter) -> None:
    alerter.on_effect(account_certainty("sim:carol", Certainty.FRESH, Certainty.RECONCILING, at_ns=10 * SECOND))
    assert clock(alerter, 39) == []
    assert clock(alerter, 41) == [("account", "warning", "inputs_lost")]


def test_a_pool_at_warning_that_goes_blind_adds_a_critical_one(alerter: Alerter, view: WrittenView) -> None:
    alerter.on_effect(level_changed(POOL, Level.OK, Level.WARNING))
    view.put(POOL, Level.WARNING, Certainty.STALE)
    alerter.on_effect(driver_changed(DriverState.LIVE, DriverState.STALE, 10))
    assert clock(alerter, 13) == [("price", "critical", "watched_pool_lost"), ("price", "warning", "inputs_lost")]
    view.put(POOL, Level.WARNING, Certainty.FRESH)
    assert clock(alerter, 15) == [("price", "critical", "watched_pools_back")]
    assert [alert.labels["alertname"] for alert in alerter.open_alerts()] == ["MarginwatchPool", "MarginwatchBlind"]


def test_losing_every_input_ends_no_pool_alert(alerter: Alerter, view: WrittenView) -> None:
    alerter.on_effect(level_changed(POOL, Level.OK, Level.CRITICAL))
    view.put(POOL, Level.CRITICAL, Certainty.UNKNOWN)
    alerter.on_effect(account_certainty("sim:carol", Certainty.FRESH, Certainty.UNKNOWN, at_ns=10 * SECOND))
    for at_s in range(11, 500, 7):
        assert not [d for d in alerter.on_clock(at_s * SECOND, 1) if not d.alert.is_firing]


@pytest.mark.parametrize("cause", [BlindCause.ACCOUNT, BlindCause.TABLE, BlindCause.PRICE])
def test_what_never_came_is_blind_after_its_grace(alerter: Alerter, view: WrittenView, cause: BlindCause) -> None:
    view.never.append(Doubtful(cause, "sim:dave" if cause is BlindCause.ACCOUNT else "sim:dave/cross", Certainty.UNKNOWN))
    assert clock(alerter, 10) == []
    assert clock(alerter, 100) == []
    assert clock(alerter, 131) == [(cause.value, "warning", "inputs_lost")]
    view.never.clear()
    assert clock(alerter, 142) == [(cause.value, "warning", "inputs_back")]


def test_a_removed_account_blinds_nobody(alerter: Alerter, view: WrittenView) -> None:
    alerter.on_effect(account_certainty("sim:carol", Certainty.FRESH, Certainty.STALE, at_ns=10 * SECOND))
    clock(alerter, 12)
    view.watched.clear()
    assert clock(alerter, 14) == [("account", "warning", "inputs_back")]


def test_a_late_catch_up_is_told_and_ended(alerter: Alerter) -> None:
    [late] = alerter.on_catching_up(is_late=True, now_ns=70 * SECOND, seq=4)
    assert (late.alert.labels["cause"], late.alert.labels["venue"]) == ("catching_up", "all")
    assert clock(alerter, 71) == []
    [over] = alerter.on_catching_up(is_late=False, now_ns=80 * SECOND, seq=5)
    assert (over.alert.reason, over.alert.labels) == (AlertReason.INPUTS_BACK, late.alert.labels)


def test_after_a_start_what_the_book_says_counts(alerter: Alerter, view: WrittenView) -> None:
    alerter.on_effect(driver_changed(DriverState.LIVE, DriverState.STALE, 10))
    clock(alerter, 13)
    restored = Alerter.restore(SETTINGS, view, alerter.state())
    view.doubts.append(Doubtful(BlindCause.ACCOUNT, "sim:carol", Certainty.STALE))
    restored.resume(20 * SECOND, 1)
    assert clock(restored, 23) == [("account", "warning", "inputs_lost"), ("price", "warning", "inputs_back")]
