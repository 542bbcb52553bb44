"""The shipped files of deploy/ with every timer scaled by one factor and every receiver replaced by a test's webhook."""

from __future__ import annotations

import re
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.support.requirements import ROOT

FACTOR = 0.02

_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_TIMERS = {
    "resolve_timeout",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "for",
    "keep_firing_for",
    "scrape_interval",
    "scrape_timeout",
    "evaluation_interval",
}


def seconds(duration: str) -> float:
    """A Prometheus duration in seconds."""
    return sum(int(count) * _SECONDS[unit] for count, unit in _DURATION.findall(duration))


def alertmanager_yaml(receiver_url: str, factor: float = FACTOR) -> str:
    """deploy/alertmanager/alertmanager.yml, scaled; receiver NAME posts to `receiver_url`/NAME."""
    plain = _scaled(_read("alertmanager/alertmanager.yml"), factor)
    plain["receivers"] = [
        {
            "name": receiver["name"],
            "webhook_configs": [{"url": f"{receiver_url}/{receiver['name']}", "send_resolved": receiver["name"] != "dead-man"}],
        }
        for receiver in plain["receivers"]
    ]
    return str(yaml.safe_dump(plain))


def resolve_timeout_s(factor: float = FACTOR) -> float:
    """The scaled `resolve_timeout`."""
    return seconds(_read("alertmanager/alertmanager.yml")["global"]["resolve_timeout"]) * factor


def rules_yaml(factor: float = FACTOR) -> str:
    """deploy/prometheus/rules.yml, scaled."""
    return str(yaml.safe_dump(_scaled(_read("prometheus/rules.yml"), factor), width=10_000))


def prometheus_yaml(target: str, alertmanagers: list[str], factor: float = FACTOR) -> str:
    """deploy/prometheus/prometheus.yml, scaled, with the addresses of the test."""
    plain = _scaled(_read("prometheus/prometheus.yml"), factor)
    plain["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": alertmanagers}]}]
    plain["scrape_configs"] = [job for job in plain["scrape_configs"] if job["job_name"] == "marginwatch"]
    plain["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    return str(yaml.safe_dump(plain))


def _read(name: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / name).read_text())


def _scaled(value: Any, factor: float, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _scaled(item, factor, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_scaled(item, factor, key) for item in value]
    if key in _TIMERS:
        # Prometheus wants at least a millisecond, and a zero stays a zero.
        milliseconds = round(seconds(str(value)) * factor * 1000)
        return f"{max(milliseconds, 1) if seconds(str(value)) else 0}ms"
    return value
