import pytest

from monitor.alerting.alerter import Alerter
from monitor.alerting.decision import AlertDecision
from monitor.alerting.settings import AlertingSettings
from monitor.domain.alert import AlertReason
from monitor.domain.certainty import Certainty
from monitor.domain.effects import Cause, CauseKind
from monitor.domain.level import Level
from tests.support.alert_view import SECOND, WrittenView, level_changed

POOL = "sim:carol/cross/USDT"


@pytest.fixture
def view() -> WrittenView:
    view = WrittenView()
    view.put(POOL, Level.OK)
    return view


@pytest.fixture
def alerter(view: WrittenView) -> Alerter:
    return Alerter(AlertingSettings(instance_group="desk"), view)


def told(decisions: list[AlertDecision]) -> list[tuple[str, str, bool]]:
    return [(d.alert.labels["level"], d.alert.reason.value, d.alert.is_firing) for d in decisions]


def test_labels_are_exactly_those_of_the_contract(alerter: Alerter) -> None:
    [decision] = alerter.on_effect(level_changed(POOL, Level.OK, Level.WARNING))
    assert decision.alert.labels == {
        "alertname": "MarginwatchPool",
        "venue": "sim",
        "account": "sim:carol",
        "pool": POOL,
        "level": "warning",
        "severity": "warning",
        "owner": "none",
        "instance_group": "desk",
    }


def test_notice_is_for_screens(alerter: Alerter) -> None:
    assert alerter.on_effect(level_changed(POOL, Level.OK, Level.NOTICE)) == []


def test_a_jump_raises_every_switch_that_is_on_the_gravest_first(alerter: Alerter) -> None:
    decisions = alerter.on_effect(level_changed(POOL, Level.OK, Level.LIQUIDATION))
    assert told(decisions) == [
        ("liquidation", "switch_on", True),
        ("critical", "switch_on", True),
        ("warning", "switch_on", True),
    ]
    assert [d.alert.labels["severity"] for d in decisions] == ["critical", "critical", "warning"]


def test_escalation_adds_an_alert_and_ends_none(alerter: Alerter) -> None:
    alerter.on_effect(level_changed(POOL, Level.OK, Level.WARNING))
    assert told(alerter.on_effect(level_changed(POOL, Level.WARNING, Level.CRITICAL))) == [("critical", "switch_on", True)]
    assert [alert.labels["level"] for alert in alerter.open_alerts()] == ["warning", "critical"]


def test_coming_back_ends_the_lowest_first_with_the_very_labels(alerter: Alerter, view: WrittenView) -> None:
    raised = alerter.on_effect(level_changed(POOL, Level.OK, Level.CRITICAL))
    view.owners["sim:carol"] = "someone else by now"
    ends = alerter.on_effect(level_changed(POOL, Level.CRITICAL, Level.OK, at_ns=2 * SECOND))
    assert told(ends) == [("warning", "switch_off", False), ("critical", "switch_off", False)]
    assert [d.alert.labels for d in ends] == [d.alert.labels for d in reversed(raised)]
    assert alerter.open_alerts() == []


def test_the_same_level_again_decides_nothing(alerter: Alerter) -> None:
    alerter.on_effect(level_changed(POOL, Level.OK, Level.CRITICAL))
    assert alerter.on_effect(level_changed(POOL, Level.OK, Level.CRITICAL)) == []


def test_a_level_lost_without_an_end_keeps_its_alerts(alerter: Alerter) -> None:
    alerter.on_effect(level_changed(POOL, Level.OK, Level.CRITICAL))
    assert alerter.on_effect(level_changed(POOL, Level.CRITICAL, None, cause=Cause(CauseKind.TABLE))) == []
    assert len(alerter.open_alerts()) == 2


@pytest.mark.parametrize(
    ("subject", "reason"),
    [("account_removed:kafka:1:9", AlertReason.ACCOUNT_REMOVED), ("account_state:kafka:1:9", AlertReason.POOL_CLOSED)],
)
def test_an_explicit_end_ends_with_that_cause(alerter: Alerter, subject: str, reason: AlertReason) -> None:
    alerter.on_effect(level_changed(POOL, Level.OK, Level.CRITICAL))
    ends = alerter.on_effect(level_changed(POOL, Level.CRITICAL, None, cause=Cause(CauseKind.REMOVED, subject)))
    assert [d.alert.reason for d in ends] == [reason, reason]
    assert alerter.open_alerts() == []


def test_a_new_owner_raises_the_new_alert_before_it_ends_the_old_under_one_id(alerter: Alerter, view: WrittenView) -> None:
    [raised] = alerter.on_effect(level_changed(POOL, Level.OK, Level.WARNING))
    view.owners["sim:carol"] = "desk-2"
    new, old = alerter.on_clock(5 * SECOND, 9)
    assert (new.alert.is_firing, new.alert.labels["owner"]) == (True, "desk-2")
    assert (old.alert.is_firing, old.alert.labels) == (False, raised.alert.labels)
    assert old.is_superseded
    assert not new.is_superseded
    assert new.alert.alert_id == old.alert.alert_id == raised.alert.alert_id


def test_an_account_that_is_forgotten_is_not_relabelled(alerter: Alerter, view: WrittenView) -> None:
    view.owners["sim:carol"] = "desk-2"
    alerter.on_effect(level_changed(POOL, Level.OK, Level.WARNING))
    view.watched.clear()
    assert alerter.on_clock(5 * SECOND, 9) == []


def test_ids_hash_group_pool_and_level_alone(view: WrittenView) -> None:
    first, second = (Alerter(AlertingSettings(instance_group="desk"), view) for _ in range(2))
    other = Alerter(AlertingSettings(instance_group="other"), view)
    one = first.on_effect(level_changed(POOL, Level.OK, Level.WARNING, seq=1))[0].alert.alert_id
    assert second.on_effect(level_changed(POOL, None, Level.WARNING, seq=99))[0].alert.alert_id == one
    assert other.on_effect(level_changed(POOL, Level.OK, Level.WARNING))[0].alert.alert_id != one


class TestAfterAStart:
    @pytest.fixture
    def restored(self, alerter: Alerter, view: WrittenView) -> Alerter:
        alerter.on_effect(level_changed(POOL, Level.OK, Level.CRITICAL))
        return Alerter.restore(AlertingSettings(instance_group="desk"), view, alerter.state())

    def test_the_open_alerts_are_the_same(self, restored: Alerter, alerter: Alerter) -> None:
        assert restored.open_alerts() == alerter.open_alerts()
        assert restored.state() == alerter.state()

    def test_a_level_found_on_is_raised(self, restored: Alerter, view: WrittenView) -> None:
        view.put(POOL, Level.LIQUIDATION)
        assert told(restored.resume(9 * SECOND, 5)) == [("liquidation", "found_on_after_start", True)]

    def test_memory_alone_ends_nothing(self, restored: Alerter, view: WrittenView) -> None:
        view.put(POOL, Level.OK)
        assert restored.resume(9 * SECOND, 5) == []
        assert restored.on_clock(10 * SECOND, 6) == []

    def test_a_proven_lower_level_ends_what_is_no_longer_on(self, restored: Alerter, view: WrittenView) -> None:
        view.put(POOL, Level.WARNING)
        restored.resume(9 * SECOND, 5)
        view.proven.add(POOL)
        assert told(restored.on_clock(10 * SECOND, 6)) == [("critical", "found_off_after_start", False)]

    def test_a_stale_pool_ends_nothing_however_proven(self, restored: Alerter, view: WrittenView) -> None:
        view.put(POOL, Level.OK, Certainty.STALE)
        restored.resume(9 * SECOND, 5)
        view.proven.add(POOL)
        assert restored.on_clock(10 * SECOND, 6) == []

    def test_a_pool_that_its_opened_account_no_longer_has_was_closed(self, restored: Alerter, view: WrittenView) -> None:
        del view.pools[POOL]
        restored.resume(9 * SECOND, 5)
        assert [d.alert.reason for d in restored.on_clock(10 * SECOND, 6)] == [AlertReason.POOL_CLOSED] * 2

    def test_an_account_that_is_not_known_keeps_its_alerts(self, restored: Alerter, view: WrittenView) -> None:
        view.pools.clear()
        view.watched.clear()
        restored.resume(9 * SECOND, 5)
        assert restored.on_clock(10 * SECOND, 6) == []

    def test_another_version_is_refused(self, view: WrittenView) -> None:
        with pytest.raises(ValueError, match="version 99"):
            Alerter.restore(AlertingSettings(), view, {"version": 99})
