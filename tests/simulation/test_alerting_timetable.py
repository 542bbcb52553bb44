"""Timetables of the real engine with the real alerter behind it: what is told, and what is not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from monitor.alerting.alerter import Alerter
from monitor.alerting.decision import AlertDecision
from monitor.alerting.describe import BookDescriber
from monitor.alerting.engine_view import EngineAlertView
from monitor.alerting.settings import AlertingSettings
from monitor.domain.alert import BlindCause
from monitor.domain.effects import Effect
from monitor.domain.events import AccountRemoved
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from tests.support.engine_oracle_margin import VENUE
from tests.support.engine_timetable import BTC, Timetable, open_carol

SETTINGS = AlertingSettings(stale_grace_s=1.0, reconciling_grace_s=30.0, opening_grace_s=120.0)

Told = list[tuple[str, str, bool]]


class Desk:
    """Hands every effect and clock of the timetable's engine to an alerter."""

    def __init__(self, table: Timetable) -> None:
        self.table = table
        self.alerter = Alerter(SETTINGS, EngineAlertView(table.engine))
        self._seen = len(table.effects)

    def told(self) -> Told:
        """What was decided since the last question."""
        news: Iterable[Effect] = self.table.effects[self._seen :]
        self._seen = len(self.table.effects)
        decisions = [decision for effect in news for decision in self.alerter.on_effect(effect)]
        decisions += self.alerter.on_clock(self.table.engine.now_ns, self.table.engine.seq)
        return [_short(decision) for decision in decisions]

    def on(self) -> list[str]:
        return [alert.labels.get("level") or f"blind {alert.labels['cause']}" for alert in self.alerter.open_alerts()]


def _short(decision: AlertDecision) -> tuple[str, str, bool]:
    labels = decision.alert.labels
    name = labels.get("level") or f"blind {labels['cause']} {labels['severity']}"
    return name, decision.alert.reason.value, decision.alert.is_firing


@pytest.fixture
def table() -> Timetable:
    return Timetable()


def test_down_to_liquidation_and_back(table: Timetable) -> None:
    desk = Desk(table)
    open_carol(table)
    assert desk.told() == []
    table.price(BTC, 38_500.0)
    assert desk.told() == [("warning", "switch_on", True)]
    table.price(BTC, 35_000.0)
    assert desk.told() == [("liquidation", "switch_on", True), ("critical", "switch_on", True)]
    table.price(BTC, 60_000.0)
    assert desk.told() == [
        ("warning", "switch_off", False),
        ("critical", "switch_off", False),
        ("liquidation", "switch_off", False),
    ]


def test_a_dead_price_ends_nothing_and_is_told_once_for_all(table: Timetable) -> None:
    desk = Desk(table)
    open_carol(table)
    table.price(BTC, 36_000.0)
    assert desk.told() == [("critical", "switch_on", True), ("warning", "switch_on", True)]
    table.at(5.1).heartbeat()
    assert desk.told() == []
    table.at(7.2).heartbeat()
    assert desk.told() == [("blind price critical", "watched_pool_lost", True), ("blind price warning", "inputs_lost", True)]
    assert desk.on() == ["warning", "critical", "blind price", "blind price"]
    describer = BookDescriber(table.engine, desk.alerter.blind_subjects, table.engine.outlooks.holders)
    blind = describer.blind(VENUE, BlindCause.PRICE)
    assert (blind.subjects, blind.accounts) == ((f"mark/{BTC}",), 1)
    table.price(BTC, 36_000.0)
    table.at(8.3).heartbeat()
    assert {name for name, _reason, is_firing in desk.told() if not is_firing} == {
        "blind price critical",
        "blind price warning",
    }
    assert desk.on() == ["warning", "critical"]


def test_a_dead_producer_is_told_within_ten_seconds_while_prices_go_on(table: Timetable) -> None:
    desk = Desk(table)
    open_carol(table)
    told: Told = []
    for tenth in range(1, 100):
        table.at(tenth / 10)
        table.price(BTC, 40_000.0)
        told += desk.told()
    assert told == [("blind account warning", "inputs_lost", True)]


def test_a_gap_that_heals_in_time_is_not_told_and_one_that_does_not_is(table: Timetable) -> None:
    desk = Desk(table)
    open_carol(table)
    table.fill("carol", "0.001", "40000", skip=1)
    told: Told = []
    for second in range(1, 35):
        table.at(second)
        table.price(BTC, 40_000.0)
        table.heartbeat()
        told += desk.told()
        if second == 25:
            assert told == []
    assert told == [("blind account warning", "inputs_lost", True)]


def test_an_account_that_never_opens_is_told(table: Timetable) -> None:
    desk = Desk(table)
    table.declare("dave")
    told: Told = []
    for second in range(0, 140, 5):
        table.at(second)
        table.heartbeat()
        told += desk.told()
    assert told == [("blind account warning", "inputs_lost", True)]


def test_a_removed_account_ends_its_alerts_with_that_cause(table: Timetable) -> None:
    desk = Desk(table)
    open_carol(table)
    table.price(BTC, 36_000.0)
    desk.told()
    table.give(AccountRemoved(**table.fields("carol")))
    assert desk.told() == [("warning", "account_removed", False), ("critical", "account_removed", False)]


def test_a_restart_on_an_older_book_ends_nothing_until_prices_prove_it(table: Timetable) -> None:
    desk = Desk(table)
    open_carol(table)
    table.at(1.0).heartbeat()
    older = table.engine.state()
    table.price(BTC, 36_000.0)
    desk.told()

    table.engine = Engine.restore(EngineSettings(), older)
    view = EngineAlertView(table.engine)
    restored = Alerter.restore(SETTINGS, view, desk.alerter.state())
    table.at(2.0).heartbeat()
    assert restored.resume(table.engine.now_ns, table.engine.seq) == []
    assert restored.on_clock(table.engine.now_ns, table.engine.seq) == []
    table.at(3.1).heartbeat()
    table.price(BTC, 40_000.0)
    table.at(4.2).heartbeat()
    ends = restored.on_clock(table.engine.now_ns, table.engine.seq)
    assert [_short(decision) for decision in ends] == [
        ("warning", "found_off_after_start", False),
        ("critical", "found_off_after_start", False),
    ]
