"""The rows of the board as JSON data. Decimals are strings; an unknown figure is null beside `<field>_reason`."""

from __future__ import annotations

from typing import Any

from monitor.analytics.document import NOT_KNOWN, decimal_text, pool_document, position_document
from monitor.analytics.report import decimal_of
from monitor.analytics.worst import WorstRow
from monitor.domain.level import level_label

_STATUS_FIGURES = (
    "collateral_value",
    "maintenance_margin",
    "initial_margin",
    "stress_notional",
    "headroom",
    "margin_ratio",
    "buffer_ratio",
    "headroom_usd",
    "unit_price",
)


def row_document(row: WorstRow) -> dict[str, Any]:
    """One row: what the book holds of the pool, what its rules say, and the times from which the browser computes ages."""
    status, account = row.status, row.account
    report = pool_document(row.report)
    document: dict[str, Any] = {
        "pool": status.pool,
        "account": status.account,
        "venue": status.venue,
        "entity": account.entity if account else None,
        "owner": account.owner if account else None,
        "level": None if status.level is None else level_label(status.level),
        "level_since_ns": status.level_since_ns,
        "certainty": status.certainty.name.lower(),
        "certainty_reasons": list(status.certainty_reasons),
        "is_empty": status.is_empty,
        "margin_currency": status.margin_currency,
        "inputs_recv_ns": status.inputs_recv_ns,
        "last_event_recv_ns": account.last_event_recv_ns if account else None,
        "last_agreed_ns": account.last_agreed_ns if account else None,
    }
    for name in _STATUS_FIGURES:
        _put(document, name, getattr(status, name), getattr(status, f"{name}_reason", None) or _why_unknown(row))
    _put(document, "venue_margin_ratio", status.venue_margin_ratio, "not_published")
    for name in ("liquidation_distance_ratio", "top_up_to_ok"):
        document[name] = report[name]
        if report[name] is None:
            document[f"{name}_reason"] = report[f"{name}_reason"]
    document["hurts_most"] = position_document(row.hurts_most) if row.hurts_most else None
    document["positions"] = len(row.report.positions)
    return document


def _put(document: dict[str, Any], name: str, value: float | None, reason: str) -> None:
    figure = decimal_of(value)
    document[name] = None if figure is None else decimal_text(figure)
    if figure is None:
        document[f"{name}_reason"] = reason


def _why_unknown(row: WorstRow) -> str:
    if row.status.level is None and not row.report.figures_reason:
        return "not_valued"
    return row.report.figures_reason or NOT_KNOWN
