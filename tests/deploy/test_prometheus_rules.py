"""The shipped rules: valid, tested one by one, with a runbook, over metrics that exist."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from monitor.telemetry.catalogue import METRICS
from tests.support.requirements import ROOT, program
from tests.support.shipped_monitoring import (
    PROMETHEUS_FILE,
    RULES_FILE,
    shipped_alertmanager,
    shipped_prometheus,
    shipped_rules,
)

TESTS_FILE = ROOT / "deploy" / "prometheus" / "rules_test.yml"
RUNBOOK = "docs/alerts.md"

# Metrics of others that the rules read: Prometheus itself, its client library, Alertmanager.
FOREIGN = {"up", "process_start_time_seconds", "alertmanager_notifications_failed_total"}


def all_rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = [rule for rule in all_rules() if "alert" in rule]


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=TESTS_FILE.parent, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.server("prometheus")
def test_promtool_finds_no_fault() -> None:
    run(program("promtool", "prometheus"), "check", "rules", "--lint=all", "--lint-fatal", str(RULES_FILE))
    run(program("promtool", "prometheus"), "check", "config", str(PROMETHEUS_FILE))


@pytest.mark.server("prometheus")
def test_rules_fire_and_stay_silent_as_their_own_tests_say() -> None:
    run(program("promtool", "prometheus"), "test", "rules", str(TESTS_FILE))


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_is_seen_firing_in_a_promtool_test(rule: dict[str, Any]) -> None:
    seen: set[str] = set()
    for test in yaml.safe_load(TESTS_FILE.read_text(encoding="utf-8"))["tests"]:
        seen |= {one["alertname"] for one in test.get("alert_rule_test", []) if one["exp_alerts"]}
        samples = [sample["labels"] for one in test.get("promql_expr_test", []) for sample in one["exp_samples"]]
        seen |= {name for labels in samples for name in re.findall(r'ALERTS\{alertname="(\w+)", alertstate="firing"', labels)}
    assert rule["alert"] in seen


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_has_severity_texts_and_a_chapter_in_the_runbook(rule: dict[str, Any]) -> None:
    name = rule["alert"]
    assert rule["labels"]["severity"] in {"critical", "warning"} or name == "MarginwatchWatchdog"
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"]
    assert rule["annotations"]["runbook_url"] == f"{RUNBOOK}#{name.lower()}"
    chapters = re.split(r"^## ", (ROOT / RUNBOOK).read_text(encoding="utf-8"), flags=re.MULTILINE)
    mine = [chapter for chapter in chapters if chapter.splitlines()[0] == name]
    assert len(mine) == 1, f"{RUNBOOK} has no chapter {name}"
    for part in ("**Means**", "**Look**", "**Do**"):
        assert part in mine[0], f"chapter {name} lacks {part}"


def test_every_metric_in_the_rules_exists() -> None:
    known = FOREIGN | {rule["record"] for rule in all_rules() if "record" in rule}
    for metric in METRICS:
        known |= {metric.name, f"{metric.name}_bucket"} if metric.kind == "histogram" else {metric.name}
    for rule in all_rules():
        for name in metric_names(rule["expr"]):
            assert name in known, f"{rule.get('alert') or rule['record']} reads {name}, which nothing exports"


def metric_names(expr: str) -> set[str]:
    """Names of metrics and recorded series in an expression: what stands before a selector, a range or an operator."""
    bare = re.sub(r'"[^"]*"', '""', expr)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", bare)
    words = re.findall(r"(?<![\w:\[])([a-zA-Z_][\w:]*)(?!\w)(?!\s*\()", bare)
    return set(words) - {"or", "and", "unless", "offset"}


def test_no_alert_of_prometheus_bears_the_group_that_the_daemon_cleans_up() -> None:
    # At its start the daemon ends the alerts of its instance_group that it does not hold; those of Prometheus are not its own.
    assert "external_labels" not in yaml.safe_load(PROMETHEUS_FILE.read_text(encoding="utf-8"))["global"]
    assert not [rule["alert"] for rule in ALERTS if "instance_group" in rule["labels"]]


def test_a_daemon_that_vanishes_does_not_read_as_resolved() -> None:
    # These stand on series of the daemon; the series end with it, the need of a person does not.
    for name in ("MarginwatchPoolsCritical", "MarginwatchAuditDisagreement", "MarginwatchMostlyBlind", "MarginwatchDown"):
        assert [rule for rule in ALERTS if rule["alert"] == name and "keep_firing_for" in rule], name


@pytest.mark.server("prometheus")
@pytest.mark.parametrize("factor", [0.1, 1.0])
def test_scaled_files_are_valid(factor: float, tmp_path: Any) -> None:
    (tmp_path / "rules.yml").write_text(shipped_rules(factor))
    (tmp_path / "prometheus.yml").write_text(shipped_prometheus(factor, ["127.0.0.1:1"], ["127.0.0.1:2"]))
    (tmp_path / "alertmanager.yml").write_text(shipped_alertmanager(factor, lambda name: f"http://127.0.0.1:3/{name}"))
    run(program("promtool", "prometheus"), "check", "config", str(tmp_path / "prometheus.yml"))
    run(program("amtool", "alertmanager"), "check-config", str(tmp_path / "alertmanager.yml"))
