"""Decisions as canonical JSON lines: the same recording under the same settings gives the same bytes (contract 8).

One line per level change, certainty change of a driver or an account, and alert decision. Keys are sorted, floats are
written by `repr` (the shortest text that reads back as the same float), times are integer ns of engine time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

from monitor.domain.effects import Cause, CertaintyChanged, Effect, LevelChanged
from monitor.domain.level import level_label


class Alerter(Protocol):
    """Decides about alerts, effect by effect. What it returns are frozen dataclasses; each becomes one line."""

    def on_effect(self, effect: Effect) -> Sequence[object]:
        """The alert decisions that follow from one effect, in order."""

    def on_clock(self, now_ns: int, seq: int) -> Sequence[object]:
        """The alert decisions that are due at engine time `now_ns`; `seq` is that of the clock's input."""


def decision_line(effect: Effect) -> str | None:
    """The line of an effect, None for one that is no decision (a table, a repair, a refusal)."""
    match effect:
        case LevelChanged():
            return canonical(_level_changed(effect))
        case CertaintyChanged():
            return canonical(_certainty_changed(effect))
        case _:
            return None


def alert_line(decision: object) -> str:
    """The line of an alert decision: its fields as they are, enums by their name in lower case."""
    if not is_dataclass(decision) or isinstance(decision, type):
        raise TypeError(f"an alert decision is a dataclass, got {type(decision).__name__}")
    fields = asdict(decision)
    # A decision of the alerter is its alert's newest state and how it is told: one flat line.
    fields = {**fields.pop("alert", {}), **fields}
    return canonical({"decision": "alert", **{name: _plain(value) for name, value in fields.items()}})


def decision_lines(effects: Sequence[Effect], alerter: Alerter | None) -> Iterator[str]:
    """The lines of one input's effects in their order, each followed by the alert decisions it led to."""
    for effect in effects:
        line = decision_line(effect)
        if line is not None:
            yield line
        if alerter is not None:
            yield from map(alert_line, alerter.on_effect(effect))


def canonical(plain: dict[str, Any]) -> str:
    """One JSON object in its one form. Raises `ValueError` for NaN and infinities."""
    # The standard library's encoder, because it writes floats by repr; orjson writes 1e16 where repr says 1e+16.
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def _level_changed(effect: LevelChanged) -> dict[str, Any]:
    return {
        "decision": "level",
        "seq": effect.seq,
        "time_ns": effect.engine_ns,
        "account": effect.account,
        "pool": effect.pool,
        "old": level_label(effect.old),
        "new": level_label(effect.new),
        "certainty": effect.certainty.name.lower(),
        "ratio": effect.margin_ratio,
        "ratio_reason": effect.margin_ratio_reason,
        "buffer": effect.buffer_ratio,
        "buffer_reason": effect.buffer_ratio_reason,
        "collateral_value": effect.collateral_value,
        "maintenance_margin": effect.maintenance_margin,
        "stress_notional": effect.stress_notional,
        "headroom": effect.headroom,
        "margin_currency": effect.margin_currency,
        "reason": _cause(effect.cause),
        "table_version": effect.table_version,
    }


def _certainty_changed(effect: CertaintyChanged) -> dict[str, Any]:
    return {
        "decision": "certainty",
        "seq": effect.seq,
        "time_ns": effect.engine_ns,
        "kind": effect.kind.value,
        "subject": effect.subject,
        "old": effect.old.name.lower(),
        "new": effect.new.name.lower(),
        "reason": list(effect.reasons),
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind.value,
        "subject": cause.subject,
        "price_before": cause.price_before,
        "price_after": cause.price_after,
    }


def _plain(value: Any) -> Any:
    """Nested values of an alert decision as JSON data; sets are sorted, so that no hash seed shows."""
    for kind, convert in _CONVERSIONS:
        if isinstance(value, kind):
            return convert(value)
    return value


_CONVERSIONS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.name.lower()),
    (Decimal, str),
    (dict, lambda value: {str(_plain(key)): _plain(item) for key, item in value.items()}),
    ((set, frozenset), lambda value: sorted(_plain(item) for item in value)),
    ((list, tuple), lambda value: [_plain(item) for item in value]),
)
