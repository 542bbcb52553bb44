"""Reports as JSON data, one shape for `assess --json`, the HTTP API and `replay --at` (contracts 4 and 9).

Every decimal is a string without an exponent. An unknown figure is null and stands beside `<field>_reason`; the reason is
only there when the figure is not.
"""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from monitor.domain.double_entry import ComparedFigure, DoubleEntry, PartDifference
from monitor.domain.report import AccountReport, Part, PoolReport, PositionReport, Stage

NOT_KNOWN = "not_known"

_POOL_FIGURES = (
    "collateral_value",
    "initial_margin",
    "maintenance_margin",
    "margin_ratio",
    "headroom",
    "headroom_usd",
    "stress_notional",
    "buffer_ratio",
    "liquidation_distance_ratio",
    "top_up_to_ok",
)
_POSITION_FIGURES = (
    "size",
    "entry_price",
    "mark_price",
    "notional",
    "unrealised_pnl",
    "initial_margin",
    "maintenance_margin",
    "maintenance_margin_rate",
    "leverage",
    "liquidation_price",
)


def account_document(report: AccountReport) -> dict[str, Any]:
    """One account as the API shows it."""
    return {
        **account_heading_document(report),
        "pools": [pool_document(pool) for pool in report.pools],
    }


def account_heading_document(report: AccountReport) -> dict[str, Any]:
    """The account without its pools."""
    return {
        "account": report.account,
        "venue": report.venue,
        "mode": report.mode,
        "position_mode": report.position_mode,
        "entity": report.entity,
        "owner": report.owner,
        "profile": report.profile,
        "certainty": report.certainty,
        "certainty_reasons": list(report.certainty_reasons),
        "wallets": {asset: decimal_text(balance) for asset, balance in report.wallets.items()},
    }


def pool_document(report: PoolReport) -> dict[str, Any]:
    """One pool as the API shows it."""
    return {
        "pool": report.pool,
        "kind": report.kind,
        "level": None if report.level == "none" else report.level,
        **({"level_reason": "not_valued"} if report.level == "none" else {}),
        "certainty": report.certainty,
        "certainty_reasons": list(report.certainty_reasons),
        "margin_currency": report.margin_currency,
        **_figures(report, _POOL_FIGURES, report.figures_reason or NOT_KNOWN),
        "positions": [position_document(position) for position in report.positions],
        "parts": [part_document(part) for part in report.parts],
        "venue_figures": {name: decimal_text(value) for name, value in report.venue_figures.items()},
        "trigger": report.trigger,
        "stages": [stage_document(stage) for stage in report.stages],
        "procedure": report.procedure,
        "verified": report.verified,
        "double_entry": None if report.double_entry is None else double_entry_document(report.double_entry),
        **({"double_entry_reason": "not_reported"} if report.double_entry is None else {}),
    }


def position_document(report: PositionReport) -> dict[str, Any]:
    """One position as the API shows it."""
    return {
        "instrument": report.instrument,
        "side": report.side,
        **_figures(report, _POSITION_FIGURES, report.reason or NOT_KNOWN),
    }


def stage_document(stage: Stage) -> dict[str, Any]:
    """One step of the venue's ladder."""
    slack = None if stage.slack is None else decimal_text(stage.slack)
    told: dict[str, Any] = {field.name: getattr(stage, field.name) for field in fields(stage) if field.name != "reason"}
    return {**told, "slack": slack, **({"slack_reason": stage.reason or NOT_KNOWN} if slack is None else {})}


def part_document(part: Part) -> dict[str, Any]:
    """One part of a figure, with its source."""
    return {
        field.name: decimal_text(part.amount) if field.name == "amount" else getattr(part, field.name) for field in fields(part)
    }


def double_entry_document(entry: DoubleEntry) -> dict[str, Any]:
    """Ours and the venue's figures side by side."""
    return {
        "at": entry.at,
        "agrees": entry.agrees,
        **({"reason": entry.reason} if entry.reason is not None else {}),
        "sentence": entry.sentence,
        "leads": entry.leads.value,
        "drives": entry.drives.value,
        "venue_margin_ratio": None if entry.venue_margin_ratio is None else decimal_text(entry.venue_margin_ratio),
        "figures": [_plain(figure) for figure in entry.figures],
        "differs": [_plain(part) for part in entry.differs],
    }


def _plain(value: ComparedFigure | PartDifference) -> dict[str, Any]:
    told = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: decimal_text(told) if isinstance(told, Decimal) else told for name, told in told.items()}


def decimal_text(value: Decimal) -> str:
    """The decimal without an exponent, digits as they are."""
    return format(value, "f")


def _figures(report: PoolReport | PositionReport, names: tuple[str, ...], default_reason: str) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name in names:
        value: Decimal | None = getattr(report, name)
        document[name] = None if value is None else decimal_text(value)
        if value is None:
            document[f"{name}_reason"] = getattr(report, f"{name}_reason", None) or _own_reason(name, report) or default_reason
    return document


def _own_reason(name: str, report: PoolReport | PositionReport) -> str | None:
    """Reasons that follow from what the report does hold."""
    if not isinstance(report, PoolReport) or report.figures_reason is not None:
        return None
    if name == "liquidation_distance_ratio":
        return "no_liquidation_price" if report.positions else "no_position"
    if name == "top_up_to_ok" and report.level == "none":
        return "not_valued"
    return None
