"""The shipped routes: who hears what, and what never mutes what."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml

from monitor.alerting.labels import AlertContext, blind_labels, pool_labels
from monitor.domain.alert import BlindCause, Severity
from monitor.domain.level import Level
from tests.support.requirements import program
from tests.support.shipped_monitoring import ALERTMANAGER_FILE

POOL = "binance_usdm:desk1/cross"
CONTEXT = AlertContext(venue="binance_usdm", owner="alice")


def plain() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(ALERTMANAGER_FILE.read_text(encoding="utf-8"))
    return loaded


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [program("amtool", "alertmanager"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.server("alertmanager")
def test_amtool_finds_no_fault() -> None:
    done = amtool("check-config", str(ALERTMANAGER_FILE))
    assert done.returncode == 0, done.stdout + done.stderr


PRESSED = (
    (pool_labels("g", POOL, Level.LIQUIDATION, CONTEXT), "page"),
    (pool_labels("g", POOL, Level.CRITICAL, CONTEXT), "page"),
    (pool_labels("g", POOL, Level.WARNING, CONTEXT), "desk"),
    (blind_labels("g", "binance_usdm", BlindCause.PRICE, Severity.WARNING), "desk"),
    (blind_labels("g", "binance_usdm", BlindCause.PRICE, Severity.CRITICAL), "page"),
    ({"alertname": "MarginwatchTest", "severity": "critical"}, "page"),
    ({"alertname": "MarginwatchTest", "severity": "warning"}, "page"),
    ({"alertname": "MarginwatchDown", "severity": "critical", "instance": "a:8700"}, "page"),
    ({"alertname": "MarginwatchPoolsCritical", "severity": "critical", "venue": "binance_usdm"}, "page"),
    ({"alertname": "MarginwatchFeedStale", "severity": "warning", "venue": "binance_usdm"}, "desk"),
    ({"alertname": "MarginwatchWatchdog", "severity": "none"}, "dead-man"),
    ({"alertname": "OfSomebodyElse"}, "desk"),
)


@pytest.mark.server("alertmanager")
@pytest.mark.parametrize(
    ("labels", "receiver"), PRESSED, ids=lambda value: value["alertname"] if isinstance(value, dict) else value
)
def test_each_alert_reaches_the_right_people(labels: dict[str, str], receiver: str) -> None:
    pairs = [f"{name}={value}" for name, value in labels.items()]
    done = amtool("config", "routes", "test", f"--config.file={ALERTMANAGER_FILE}", f"--verify.receivers={receiver}", *pairs)
    assert done.returncode == 0, done.stdout + done.stderr


def test_severity_is_in_every_group_key_that_holds_more_than_one() -> None:
    route = plain()["route"]
    for one in (route, *route["routes"]):
        names = one["group_by"]
        assert "severity" in names or names == ["..."] or 'alertname="MarginwatchWatchdog"' in one["matchers"]


def test_a_page_does_not_wait() -> None:
    for one in plain()["route"]["routes"]:
        if one["receiver"] in {"page", "dead-man"}:
            assert one["group_wait"] == "0s"


def test_only_a_graver_level_or_the_same_page_by_another_path_mutes_what_is_critical() -> None:
    for rule in plain()["inhibit_rules"]:
        source, target = rule["source_matchers"], rule["target_matchers"]
        is_mild = 'severity="warning"' in target or 'level="warning"' in target
        if is_mild:
            continue
        assert source[0] == 'alertname="MarginwatchPool"', f"{source} may mute a critical alert"
        if target == ['alertname="MarginwatchPool"', 'level=~"critical|warning"']:
            assert source == ['alertname="MarginwatchPool"', 'level="liquidation"']
            assert rule["equal"] == ["instance_group", "pool"]
        else:
            assert target == ['alertname="MarginwatchPoolsCritical"']
            assert rule["equal"] == ["venue"]


def test_an_inhibit_rule_compares_labels_that_both_sides_have() -> None:
    # Two alerts that both lack a label count as equal in it: such a rule would mute too much.
    pool = set(pool_labels("g", POOL, Level.WARNING, CONTEXT))
    blind = set(blind_labels("g", "v", BlindCause.PRICE, Severity.WARNING))
    has = {
        "MarginwatchPool": pool,
        "MarginwatchBlind": blind,
        "MarginwatchFeedStale": {"venue"},
        "MarginwatchPoolsCritical": {"venue"},
    }
    for rule in plain()["inhibit_rules"]:
        for matchers in (rule["source_matchers"], rule["target_matchers"]):
            name = matchers[0].removeprefix('alertname="').removesuffix('"')
            assert set(rule["equal"]) <= has[name]
