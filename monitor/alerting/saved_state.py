"""What a snapshot holds: the engine's state, and the alerts that were on at the same input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.alerting.alerter import Alerter
from monitor.engine import Engine
from monitor.engine.state_cut import StateCut

ALERTING = "alerting"
"""Where a snapshot's state holds that of the alerter."""


class StateWithAlerts:
    """Engine and alerter as of the input at which this was made; the engine's accounts are taken in slices.

    `unread` are rows (topic, partition, offset) of partitions of which the engine has no record yet: where reading began.
    """

    def __init__(self, engine: Engine, alerter: Alerter, unread: Sequence[list[Any]] = ()) -> None:
        self._alerts = alerter.state()
        self._unread = unread
        self._cut: StateCut = engine.begin_cut()

    @property
    def seq(self) -> int:
        """The last input that it holds."""
        return self._cut.seq

    def take(self, most: int) -> bool:
        """Take up to `most` more accounts; True when none is left."""
        return self._cut.take(most)

    def state(self) -> dict[str, Any]:
        """The whole of it, once all is taken."""
        state = self._cut.state()
        return {**state, "positions": [*state["positions"], *self._unread], ALERTING: self._alerts}


def state_with_alerts(engine: Engine, alerter: Alerter) -> dict[str, Any]:
    """The same in one go."""
    state = StateWithAlerts(engine, alerter)
    state.take(engine.account_count)
    return state.state()
