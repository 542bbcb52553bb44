"""The shipped rules, scrape configuration and routes, for real servers: addresses put in, all timers scaled by one factor."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from tests.support.requirements import ROOT

PROMETHEUS_FILE = ROOT / "deploy" / "prometheus" / "prometheus.yml"
RULES_FILE = ROOT / "deploy" / "prometheus" / "rules.yml"
ALERTMANAGER_FILE = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"

_TIMERS = frozenset(
    {
        "scrape_interval",
        "scrape_timeout",
        "evaluation_interval",
        "for",
        "keep_firing_for",
        "resolve_timeout",
        "group_wait",
        "group_interval",
        "repeat_interval",
    }
)
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_RANGE = re.compile(r"(\[|offset )(\d+(?:ms|s|m|h|d))")


def shipped_prometheus(factor: float, marginwatch: list[str], alertmanagers: list[str]) -> str:
    """The shipped prometheus.yml scraping the daemons at `marginwatch` and telling `alertmanagers` (each
    `host:port`); other jobs are left out.
    """
    plain = yaml.safe_load(PROMETHEUS_FILE.read_text(encoding="utf-8"))
    targets = {"marginwatch": marginwatch, "alertmanager": alertmanagers}
    plain["scrape_configs"] = [
        {**job, "static_configs": [{"targets": targets[job["job_name"]]}]}
        for job in plain["scrape_configs"]
        if targets.get(job["job_name"])
    ]
    plain["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": alertmanagers}]}] if alertmanagers else []
    return yaml.safe_dump(_scaled(plain, factor))


def shipped_rules(factor: float) -> str:
    """The shipped rules.yml; ranges inside expressions are scaled too."""
    return yaml.safe_dump(_scaled(yaml.safe_load(RULES_FILE.read_text(encoding="utf-8")), factor))


def shipped_alertmanager(factor: float, hook: Callable[[str], str]) -> str:
    """The shipped alertmanager.yml with each receiver posting to `hook(name of the receiver)` in place of a person."""
    plain = yaml.safe_load(ALERTMANAGER_FILE.read_text(encoding="utf-8"))
    plain["receivers"] = [
        {"name": receiver["name"], "webhook_configs": [{"url": hook(receiver["name"]), "send_resolved": True}]}
        for receiver in plain["receivers"]
    ]
    return yaml.safe_dump(_scaled(plain, factor))


def scaled_duration(text: str, factor: float) -> str:
    """A duration of one unit, such as `15s` or `5m`, times the factor, in whole milliseconds."""
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text).groups()  # type: ignore[union-attr] # else the test fails here
    return f"{round(int(number) * _MILLISECONDS[unit] * factor)}ms"


def _scaled(plain: Any, factor: float) -> Any:
    if isinstance(plain, list):
        return [_scaled(item, factor) for item in plain]
    if not isinstance(plain, dict):
        return plain
    scaled = {}
    for key, value in plain.items():
        if key in _TIMERS:
            scaled[key] = scaled_duration(value, factor)
        elif key == "expr":
            scaled[key] = _RANGE.sub(lambda found: found[1] + scaled_duration(found[2], factor), value)
        else:
            scaled[key] = _scaled(value, factor)
    return scaled
