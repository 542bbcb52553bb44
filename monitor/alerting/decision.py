"""A decision about an alert, and its plain form for the alert file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from monitor.domain.alert import Alert, AlertName, AlertReason
from monitor.domain.effects import LevelChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDecision:
    """An alert begins or ends; `alert.reason` says why.

    `is_superseded`: it ends under these labels only, its successor under the same id was decided just before.
    """

    alert: Alert
    is_superseded: bool = False


def ended(alert: Alert, reason: AlertReason, now_ns: int, seq: int, figures: dict[str, str] | None = None) -> Alert:
    """The alert with its very labels, ended; it never ends before it began."""
    return replace(
        alert,
        ended_ns=max(now_ns, alert.started_ns + 1),
        reason=reason,
        seq=seq,
        figures=alert.figures if figures is None else figures,
    )


def figures_of(change: LevelChanged) -> dict[str, str]:
    """The figures of a level change as text, floats by their shortest repr; a null has its reason instead."""
    figures: dict[str, str] = {}
    for name in ("margin_ratio", "buffer_ratio", "collateral_value", "maintenance_margin", "headroom", "stress_notional"):
        value = getattr(change, name)
        if value is not None:
            figures[name] = repr(value)
    for name in ("margin_ratio_reason", "buffer_ratio_reason", "margin_currency"):
        value = getattr(change, name)
        if value:
            figures[name] = value
    figures["cause"] = f"{change.cause.kind.value} {change.cause.subject}".strip()
    if change.cause.price_after is not None:
        figures["price"] = repr(change.cause.price_after)
    if change.table_version:
        figures["table_version"] = change.table_version
    return figures


def alert_to_plain(alert: Alert) -> dict[str, Any]:
    """The alert as JSON data."""
    return {
        "alert_id": alert.alert_id,
        "name": alert.name.value,
        "labels": dict(alert.labels),
        "started_ns": alert.started_ns,
        "ended_ns": alert.ended_ns,
        "reason": alert.reason.value,
        "pool": alert.pool,
        "seq": alert.seq,
        "figures": dict(alert.figures),
    }


def alert_from_plain(plain: dict[str, Any]) -> Alert:
    """The alert that `alert_to_plain` wrote. Raises `KeyError` or `ValueError` for anything else."""
    return Alert(
        alert_id=plain["alert_id"],
        name=AlertName(plain["name"]),
        labels=plain["labels"],
        started_ns=plain["started_ns"],
        ended_ns=plain["ended_ns"],
        reason=AlertReason(plain["reason"]),
        pool=plain["pool"],
        seq=plain["seq"],
        figures=plain["figures"],
    )
