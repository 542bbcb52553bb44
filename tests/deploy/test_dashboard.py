"""The committed dashboard is what its generator writes, and asks only for metrics that exist."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from monitor.telemetry.catalogue import METRICS
from tests.deploy.test_prometheus_rules import metric_names
from tests.support.dashboard_check import DASHBOARD_FILE, FILLED_BY, panel_queries, substituted
from tests.support.requirements import ROOT

GENERATOR = ROOT / "deploy" / "grafana" / "build_overview.py"
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"

# Of Prometheus itself, and of its client library in the daemon.
FOREIGN = {"up", "ALERTS", "process_cpu_seconds_total", "process_resident_memory_bytes"}


def committed() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD_FILE.read_text(encoding="utf-8"))
    return loaded


def panels() -> list[dict[str, Any]]:
    return [panel for panel in committed()["panels"] if panel["type"] != "row"]


@pytest.mark.slow
def test_the_committed_file_is_what_the_generator_writes() -> None:
    done = subprocess.run([sys.executable, str(GENERATOR), "--print"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == DASHBOARD_FILE.read_text(encoding="utf-8"), f"run: python {GENERATOR.relative_to(ROOT)}"


def test_each_query_asks_for_metrics_that_the_daemon_exports() -> None:
    known = set(FOREIGN)
    for metric in METRICS:
        known |= {metric.name, f"{metric.name}_bucket"} if metric.kind == "histogram" else {metric.name}
    for panel, expr in panel_queries(committed()):
        names = metric_names(substituted(expr, "1m"))
        assert names, f"{panel} asks for nothing: {expr}"
        assert names <= known, f"{panel} asks for {names - known}, which nothing exports"


def test_each_metric_of_the_daemon_has_a_panel() -> None:
    asked = " ".join(expr for _, expr in panel_queries(committed()))
    assert [metric.name for metric in METRICS if metric.name not in asked] == []


def test_each_query_is_limited_to_the_instances_that_were_chosen() -> None:
    for panel, expr in panel_queries(committed()):
        assert 'instance=~"$instance"' in expr or panel in {"Instances up", "Rules that fire"}, panel


def test_each_panel_has_a_title_of_its_own_and_says_what_it_shows() -> None:
    titles = [panel["title"] for panel in panels()]
    assert len(set(titles)) == len(titles)
    assert [panel["title"] for panel in panels() if not panel["description"].endswith(".")] == []
    ids = [panel["id"] for panel in committed()["panels"]]
    assert len(set(ids)) == len(ids)
    assert set(FILLED_BY) <= set(titles)


def test_a_figure_of_a_dead_daemon_is_not_shown_as_one_of_now() -> None:
    for panel in panels():
        if panel["type"] == "stat":
            assert all(target["instant"] for target in panel["targets"]), panel["title"]


def test_panels_fill_the_grid_without_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in committed()["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.filterwarnings("ignore:Prefer using dashboardv2")
def test_the_file_holds_nothing_that_the_schema_of_the_sdk_does_not_know() -> None:
    # The SDK warns of the newer schema when it is imported.
    from grafana_foundation_sdk.cog import plugins  # noqa: PLC0415
    from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: PLC0415
    from grafana_foundation_sdk.models.dashboard import Dashboard  # noqa: PLC0415

    # Its classes are generated from Grafana's schema; what they do not know would be lost on the way there and back.
    plugins.register_default_plugins()
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(committed()))) == committed()


def test_provisioning_finds_the_dashboard_and_the_server() -> None:
    source = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yaml").read_text(encoding="utf-8"))["datasources"][0]
    assert source["type"] == "prometheus"
    scrape = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))["global"]
    assert source["jsonData"]["timeInterval"] == scrape["scrape_interval"]
    provider = yaml.safe_load((PROVISIONING / "dashboards" / "marginwatch.yaml").read_text(encoding="utf-8"))["providers"][0]
    mounts = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]["grafana"]["volumes"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in mounts
    assert "./grafana/provisioning:/etc/grafana/provisioning:ro" in mounts
