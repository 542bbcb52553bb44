"""Alerts of pools: one per switch that is on (contract 7).

Escalation adds an alert and ends none. An alert ends with the very labels it was raised with. When its labels would change,
the new one is raised before the old is ended. Losing an input ends nothing: a pool whose level becomes null by anything but
its own end keeps its alerts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitor.alerting.decision import AlertDecision, alert_from_plain, alert_to_plain, ended, figures_of
from monitor.alerting.labels import ALERT_LEVELS, alert_id, pool_labels
from monitor.alerting.settings import AlertingSettings
from monitor.alerting.view import AlertView
from monitor.domain.alert import Alert, AlertName, AlertReason
from monitor.domain.effects import CauseKind, LevelChanged
from monitor.domain.ids import account_of
from monitor.domain.level import Level

ACCOUNT_REMOVED = "account_removed"


class PoolAlerts:
    """The open alerts of all pools."""

    def __init__(self, settings: AlertingSettings, view: AlertView) -> None:
        self._group = settings.instance_group
        self._view = view
        self._open: dict[str, dict[Level, Alert]] = {}
        self._unproven: dict[str, int] = {}
        self._labelled_at = -1

    def __iter__(self) -> Iterator[Alert]:
        """The open alerts, by pool in order of raising, the lowest level of a pool first."""
        for held in self._open.values():
            for level in reversed(ALERT_LEVELS):
                if level in held:
                    yield held[level]

    def pools(self) -> list[str]:
        """Pools with an open alert."""
        return list(self._open)

    def on_level(self, change: LevelChanged) -> list[AlertDecision]:
        """Bring a pool's alerts to its new level."""
        if change.new is None:
            return self._on_end(change)
        self._unproven.pop(change.pool, None)
        figures = figures_of(change)
        return self._bring_to(
            change.pool, change.new, change.engine_ns, change.seq, figures, AlertReason.SWITCH_ON, AlertReason.SWITCH_OFF
        )

    def relabel(self, now_ns: int, seq: int) -> list[AlertDecision]:
        """Raise anew what would now be labelled otherwise, then end it under its old labels."""
        decisions: list[AlertDecision] = []
        declarations = self._view.declarations()
        if declarations == self._labelled_at:
            return decisions
        self._labelled_at = declarations
        for pool, held in self._open.items():
            context = self._view.context(account_of(pool))
            if context is None:
                continue
            for level in ALERT_LEVELS:
                old = held.get(level)
                if old is None:
                    continue
                labels = pool_labels(self._group, pool, level, context)
                if old.labels == labels:
                    continue
                held[level] = self._alert(pool, labels, now_ns, seq, dict(old.figures), AlertReason.LABELS_CHANGED)
                decisions.append(AlertDecision(alert=held[level]))
                decisions.append(AlertDecision(alert=ended(old, AlertReason.LABELS_CHANGED, now_ns, seq), is_superseded=True))
        return decisions

    # ---- after a start

    def resume(self, now_ns: int, seq: int) -> list[AlertDecision]:
        """The inputs are caught up: raise what is on and not held; what is held and not on waits until that is proven."""
        decisions: list[AlertDecision] = []
        for pool, level in self._view.alertable():
            reason = AlertReason.FOUND_ON_AFTER_START
            decisions += self._bring_to(pool, level, now_ns, seq, {}, reason, None)
        self._unproven = dict.fromkeys(self._open, now_ns)
        return decisions

    def check_unproven(self, now_ns: int, seq: int) -> list[AlertDecision]:
        """End alerts found open after a start whose pool is now known to be lower; memory alone ends none."""
        decisions: list[AlertDecision] = []
        for pool, since_ns in list(self._unproven.items()):
            outlook = self._view.outlook(pool)
            if outlook is None:
                if self._view.is_watched(account_of(pool)):
                    del self._unproven[pool]
                    decisions += self._end_all(pool, AlertReason.POOL_CLOSED, now_ns, seq)
            elif outlook.level is not None and outlook.level >= max(self._open.get(pool, {Level.OK: None})):
                del self._unproven[pool]
            elif outlook.level is not None and outlook.certainty.may_release and self._view.is_proven(pool, since_ns):
                del self._unproven[pool]
                off = AlertReason.FOUND_OFF_AFTER_START
                decisions += self._bring_to(pool, outlook.level, now_ns, seq, None, AlertReason.FOUND_ON_AFTER_START, off)
        return decisions

    # ---- state out and in

    def state(self) -> list[dict[str, Any]]:
        """The open alerts as JSON data."""
        return [alert_to_plain(alert) for alert in self]

    def load(self, state: list[dict[str, Any]]) -> None:
        """Take the open alerts that `state` wrote."""
        for plain in state:
            alert = alert_from_plain(plain)
            if alert.pool is None:
                raise ValueError("a pool alert without a pool")
            self._open.setdefault(alert.pool, {})[Level[alert.labels["level"].upper()]] = alert

    # ---- parts

    def _bring_to(
        self,
        pool: str,
        new: Level,
        now_ns: int,
        seq: int,
        figures: dict[str, str] | None,
        on: AlertReason,
        off: AlertReason | None,
    ) -> list[AlertDecision]:
        """Raise and end until the open alerts are those of `new`; with `off` None nothing is ended."""
        held = self._open.get(pool, {})
        decisions: list[AlertDecision] = []
        if any(level <= new and level not in held for level in ALERT_LEVELS):
            context = self._view.context(account_of(pool))
            held = self._open.setdefault(pool, held)
            for level in ALERT_LEVELS:
                if level <= new and level not in held:
                    labels = pool_labels(self._group, pool, level, context)
                    held[level] = self._alert(pool, labels, now_ns, seq, figures or {}, on)
                    decisions.append(AlertDecision(alert=held[level]))
        if off is not None:
            # The lowest ends first: were its mute to end before it, it would be heard for a moment.
            decisions += [
                AlertDecision(alert=ended(held.pop(level), off, now_ns, seq, figures))
                for level in reversed(ALERT_LEVELS)
                if level > new and level in held
            ]
            if not held:
                self._open.pop(pool, None)
        return decisions

    def _on_end(self, change: LevelChanged) -> list[AlertDecision]:
        """A pool is gone by an event: no lost input, so its alerts end with that cause."""
        if change.cause.kind is not CauseKind.REMOVED:
            return []
        was_removed = change.cause.subject.startswith(ACCOUNT_REMOVED)
        reason = AlertReason.ACCOUNT_REMOVED if was_removed else AlertReason.POOL_CLOSED
        self._unproven.pop(change.pool, None)
        return self._end_all(change.pool, reason, change.engine_ns, change.seq)

    def _end_all(self, pool: str, reason: AlertReason, now_ns: int, seq: int) -> list[AlertDecision]:
        held = self._open.pop(pool, {})
        ends = (held[level] for level in reversed(ALERT_LEVELS) if level in held)
        return [AlertDecision(alert=ended(alert, reason, now_ns, seq)) for alert in ends]

    def _alert(
        self, pool: str, labels: dict[str, str], now_ns: int, seq: int, figures: dict[str, str], on: AlertReason
    ) -> Alert:
        return Alert(
            alert_id=alert_id(self._group, pool, labels["level"]),
            name=AlertName.POOL,
            labels=labels,
            started_ns=now_ns,
            reason=on,
            pool=pool,
            seq=seq,
            figures=figures,
        )
