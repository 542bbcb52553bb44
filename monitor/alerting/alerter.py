"""Effects and the clock in, alert decisions out: pure and deterministic (contract 7)."""

from __future__ import annotations

from typing import Any, Self

from monitor.alerting.blindness import SECOND_NS, Blindness
from monitor.alerting.decision import AlertDecision
from monitor.alerting.pool_alerts import PoolAlerts
from monitor.alerting.settings import AlertingSettings
from monitor.alerting.view import AlertView
from monitor.domain.alert import Alert, BlindCause
from monitor.domain.effects import CertaintyChanged, Effect, LevelChanged

STATE_VERSION = 1

CHECK_INTERVAL_NS = SECOND_NS
"""Time between two looks at what only the clock decides: labels, blindness, alerts found open after a start."""


class Alerter:
    """Decides which alerts are on. Sees one effect at a time and the clock, never a batch.

    `view` is read at the moment of a decision; it must stand at the same input as the effect.
    """

    def __init__(self, settings: AlertingSettings, view: AlertView) -> None:
        self._pools = PoolAlerts(settings, view)
        self._blindness = Blindness(settings, view)
        self._next_check_ns = 0

    def on_effect(self, effect: Effect) -> list[AlertDecision]:
        """The decisions that follow from one effect, in the order in which they are to be told."""
        if isinstance(effect, LevelChanged):
            return self._pools.on_level(effect)
        if isinstance(effect, CertaintyChanged):
            self._blindness.on_certainty(effect)
        return []

    def on_clock(self, now_ns: int, seq: int) -> list[AlertDecision]:
        """The decisions that are due at engine time `now_ns`; `seq` is that of the clock's input."""
        if now_ns < self._next_check_ns:
            return []
        self._next_check_ns = now_ns + CHECK_INTERVAL_NS
        decisions = self._pools.relabel(now_ns, seq)
        decisions += self._pools.check_unproven(now_ns, seq)
        return decisions + self._blindness.on_clock(now_ns, seq, self._pools.pools())

    def resume(self, now_ns: int, seq: int) -> list[AlertDecision]:
        """The inputs are caught up after a start: hold the alerts against the book."""
        self._blindness.resume(now_ns)
        return self._pools.resume(now_ns, seq)

    def on_catching_up(self, *, is_late: bool, now_ns: int, seq: int) -> list[AlertDecision]:
        """The catch-up with the inputs takes too long, or is over."""
        return self._blindness.on_catching_up(is_late=is_late, now_ns=now_ns, seq=seq)

    def open_alerts(self) -> list[Alert]:
        """Every alert that is on."""
        return [*self._pools, *self._blindness]

    def blind_subjects(self, venue: str, cause: BlindCause) -> list[str]:
        """The drivers, accounts or pools behind a blind alert."""
        return self._blindness.subjects(venue, cause)

    # ---- state out and in

    def state(self) -> dict[str, Any]:
        """The alerts that are on, as JSON data."""
        return {
            "version": STATE_VERSION,
            "next_check_ns": self._next_check_ns,
            "pools": self._pools.state(),
            "blindness": self._blindness.state(),
        }

    @classmethod
    def restore(cls, settings: AlertingSettings, view: AlertView, state: dict[str, Any]) -> Self:
        """The alerter that `state()` was taken of. Raises `ValueError` for another version."""
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"alert state version {state.get('version')!r}, this build reads {STATE_VERSION}")
        alerter = cls(settings, view)
        alerter._next_check_ns = state["next_check_ns"]
        alerter._pools.load(state["pools"])
        alerter._blindness.load(state["blindness"])
        return alerter
