"""The shipped routes and inhibit rules in a real Alertmanager, timers ten times as fast: who is told, and who is muted."""

from __future__ import annotations

import datetime
import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from monitor.alerting.labels import AlertContext, blind_labels, pool_labels
from monitor.domain.alert import BlindCause, Severity
from monitor.domain.level import Level
from tests.support.alert_hook import AlertHook
from tests.support.servers.alertmanager import AlertmanagerServer
from tests.support.shipped_monitoring import shipped_alertmanager

pytestmark = [pytest.mark.slow, pytest.mark.server("alertmanager")]

FACTOR = 0.1
VENUE = "binance_usdm"
POOL = f"{VENUE}:desk1/cross"
OTHER_POOL = f"{VENUE}:desk2/cross"
OTHER_VENUE = "elsewhere"

Labels = dict[str, str]


def pool(level: Level, name: str = POOL) -> Labels:
    return pool_labels("desk", name, level, AlertContext(venue=VENUE, owner="alice"))


def blind(severity: Severity, cause: BlindCause = BlindCause.PRICE) -> Labels:
    return blind_labels("desk", VENUE, cause, severity)


class Routes:
    """An Alertmanager with the shipped routes, and what people get from it."""

    def __init__(self, server: AlertmanagerServer, hook: AlertHook) -> None:
        self._url = f"{server.url}/api/v2/alerts"
        self.hook = hook

    def post(self, labels: Labels, *, ended: bool = False) -> None:
        """As the daemon does: firing until tomorrow, or explicitly over."""
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=0 if ended else 24)
        body = json.dumps([{"labels": labels, "annotations": {"summary": "s"}, "endsAt": ends.isoformat()}]).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=5).close()

    def is_muted(self, labels: Labels) -> bool:
        """Whether Alertmanager holds the alert back because of another one."""
        with urllib.request.urlopen(self._url, timeout=5) as answer:
            alerts: list[dict[str, Any]] = json.load(answer)
        return bool(next(alert for alert in alerts if alert["labels"] == labels)["status"]["inhibitedBy"])

    def wait_told(self, labels: Labels, receiver: str, status: str = "firing") -> None:
        """Return once the people behind the receiver were told."""
        self.hook.wait_for(lambda: (receiver, status) in [(one.receiver, one.status) for one in self.hook.about(**labels)], 8)


@pytest.fixture
def routes(alertmanager_server: Callable[[str], AlertmanagerServer]) -> Iterator[Routes]:
    with AlertHook() as hook:
        yield Routes(alertmanager_server(shipped_alertmanager(FACTOR, hook.url)), hook)


def test_it_gets_worse_and_better_without_a_false_word(routes: Routes) -> None:
    warning, critical, liquidation = (pool(level) for level in (Level.WARNING, Level.CRITICAL, Level.LIQUIDATION))
    other = pool(Level.WARNING, OTHER_POOL)
    routes.post(warning)
    routes.wait_told(warning, "desk")
    assert not routes.is_muted(warning)

    routes.post(critical)
    routes.wait_told(critical, "page")
    routes.post(other)
    routes.wait_told(other, "desk")
    assert routes.is_muted(warning)
    assert not routes.is_muted(critical)
    assert not routes.is_muted(other), "the page of one pool must not mute another pool"

    routes.post(liquidation)
    routes.wait_told(liquidation, "page")
    assert routes.is_muted(warning)
    assert routes.is_muted(critical)
    assert not routes.is_muted(liquidation)
    assert [one for one in routes.hook.told if one.status == "resolved"] == [], "told of an end while it got worse"

    routes.post(liquidation, ended=True)
    routes.wait_told(liquidation, "page", "resolved")
    assert not routes.is_muted(critical)
    routes.post(critical, ended=True)
    routes.wait_told(critical, "page", "resolved")
    assert not routes.is_muted(warning)
    assert "resolved" not in [one.status for one in routes.hook.about(**warning)]
    routes.post(warning, ended=True)
    routes.wait_told(warning, "desk", "resolved")


def test_blindness_mutes_nothing_critical(routes: Routes) -> None:
    for cause in BlindCause:
        routes.post(blind(Severity.CRITICAL, cause))
        routes.post(blind(Severity.WARNING, cause))
    stale = {"alertname": "MarginwatchFeedStale", "venue": VENUE, "severity": "warning", "job": "marginwatch"}
    grave = [
        pool(Level.CRITICAL),
        pool(Level.LIQUIDATION, OTHER_POOL),
        {"alertname": "MarginwatchDown", "severity": "critical", "job": "marginwatch", "instance": "a:8700"},
        {"alertname": "MarginwatchMostlyBlind", "severity": "critical", "job": "marginwatch", "instance": "a:8700"},
        {"alertname": "MarginwatchPoolsCritical", "severity": "critical", "job": "marginwatch", "venue": OTHER_VENUE},
        *(blind(Severity.CRITICAL, cause) for cause in BlindCause),
    ]
    for labels in (stale, *grave):
        routes.post(labels)
    for labels in grave:
        assert not routes.is_muted(labels), labels
        routes.wait_told(labels, "page")
    assert routes.is_muted(stale)
    assert routes.is_muted(blind(Severity.WARNING))


def test_a_warning_of_a_pool_is_not_muted_by_blindness_either(routes: Routes) -> None:
    routes.post(blind(Severity.CRITICAL))
    routes.post(pool(Level.WARNING))
    routes.wait_told(pool(Level.WARNING), "desk")
    assert not routes.is_muted(pool(Level.WARNING))


def test_the_second_path_speaks_only_where_the_first_is_silent(routes: Routes) -> None:
    by_metrics = {"alertname": "MarginwatchPoolsCritical", "severity": "critical", "job": "marginwatch"}
    routes.post(pool(Level.CRITICAL))
    routes.wait_told(pool(Level.CRITICAL), "page")
    routes.post({**by_metrics, "venue": VENUE})
    routes.post({**by_metrics, "venue": OTHER_VENUE})
    routes.wait_told({**by_metrics, "venue": OTHER_VENUE}, "page")
    assert routes.is_muted({**by_metrics, "venue": VENUE})
    assert not routes.hook.about(alertname="MarginwatchPoolsCritical", venue=VENUE)


def test_every_account_has_a_page_of_its_own_at_once(routes: Routes) -> None:
    pools = [pool(Level.CRITICAL, f"{VENUE}:client{number}/cross") for number in range(30)]
    for labels in pools:
        routes.post(labels)
    for labels in pools:
        routes.wait_told(labels, "page")
    assert len(routes.hook.told) == len(pools)
