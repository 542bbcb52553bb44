"""Every query of the committed dashboard, asked of a real Prometheus."""

from __future__ import annotations

import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.requirements import ROOT

DASHBOARD_FILE = ROOT / "deploy" / "grafana" / "dashboards" / "marginwatch-overview.json"

FILLED_BY = {
    "Input refused": "the venue sends torn JSON",
    "Rules that fire": "pools stay at CRITICAL for as long as the rule waits",
    "From decision to delivery": "an Alertmanager accepts notifications; the demo alone writes them to its log",
}
"""Panels that are empty in a healthy crash, and the state that fills them; `tests/integration/monitoring` produces it."""


@dataclass(frozen=True, slots=True)
class PanelResult:
    """One query of one panel: how many finite samples it returned, or what Prometheus said against it."""

    panel: str
    expr: str
    finite_samples: int
    error: str | None = None

    @property
    def is_filled(self) -> bool:
        """Whether the panel draws something for this query."""
        return self.error is None and self.finite_samples > 0


def check_dashboard(prometheus_url: str, *, rate_interval: str = "20s") -> list[PanelResult]:
    """A result for each query of each panel, with all instances and venues chosen. Reads the committed dashboard."""
    dashboard = json.loads(DASHBOARD_FILE.read_text(encoding="utf-8"))
    return [_result(prometheus_url, panel, substituted(expr, rate_interval)) for panel, expr in panel_queries(dashboard)]


def panel_queries(dashboard: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(panel title, expression) of each query, collapsed rows included."""
    for panel in dashboard["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", []))
        yield from panel_queries({"panels": panel.get("panels", [])})


def substituted(expr: str, rate_interval: str) -> str:
    """The expression as Grafana sends it when everything is chosen; a variable that is not known fails."""
    values = {"instance": ".+", "venue": ".+", "__rate_interval": rate_interval}
    return re.sub(r"\$(\w+)", lambda found: values[found[1]], expr)


def _result(prometheus_url: str, panel: str, expr: str) -> PanelResult:
    url = f"{prometheus_url}/api/v1/query?" + urllib.parse.urlencode({"query": expr})
    try:
        with urllib.request.urlopen(url, timeout=10.0) as answer:
            series = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        with error:
            return PanelResult(panel, expr, 0, json.load(error).get("error", str(error)))
    return PanelResult(panel, expr, sum(math.isfinite(float(one["value"][1])) for one in series))
