"""Alerts as Alertmanager's API v2 reads and writes them (alertmanager:api/v2/openapi.yaml, 0.25 to 0.34)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.domain.alert import Alert, AlertName, AlertReason

POOL_LABELS = frozenset({"alertname", "venue", "account", "pool", "level", "severity", "owner", "instance_group"})
BLIND_LABELS = frozenset({"alertname", "venue", "cause", "severity", "instance_group"})

_OURS = {AlertName.POOL.value: POOL_LABELS, AlertName.BLIND.value: BLIND_LABELS}

ALERTS_PATH = "/api/v2/alerts"


def alert_object(alert: Alert, annotations: Mapping[str, str], now_ns: int, ends_after_s: float) -> dict[str, Any]:
    """One alert to POST. One that is on ends far in the future, so that silence never reads as resolved."""
    ends_ns = now_ns + round(ends_after_s * 1e9) if alert.ended_ns is None else alert.ended_ns
    plain: dict[str, Any] = {
        "labels": dict(alert.labels),
        "annotations": dict(annotations),
        "startsAt": rfc3339(alert.started_ns),
        "endsAt": rfc3339(ends_ns),
    }
    board = annotations.get("board_url")
    if board is not None:
        plain["generatorURL"] = board
    return plain


def not_held(listed: list[dict[str, Any]], instance_group: str, now_ns: int) -> list[Alert]:
    """Resolves for the alerts of a replica's list that are ours; which of them we hold is the caller's to know.

    Ours have exactly the labels that we give: an alert of a Prometheus rule with the same name has others.
    """
    found = []
    for plain in listed:
        labels: dict[str, str] = plain["labels"]
        if labels.get("instance_group") != instance_group or labels.keys() != _OURS.get(labels.get("alertname", "")):
            continue
        found.append(
            Alert(
                alert_id="",
                name=AlertName(labels["alertname"]),
                labels=labels,
                started_ns=min(nanoseconds(plain["startsAt"]), now_ns - 1),
                ended_ns=now_ns,
                reason=AlertReason.NOT_HELD_HERE,
                pool=labels.get("pool"),
            )
        )
    return found


def rfc3339(time_ns: int) -> str:
    """UTC with all nine digits: two states of an alert are never at the same moment."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def nanoseconds(text: str) -> int:
    """The time of an RFC 3339 text, to the microsecond."""
    return round(datetime.fromisoformat(text).timestamp() * 1e6) * 1_000
