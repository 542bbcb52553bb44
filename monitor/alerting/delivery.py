"""From decisions to sinks: on disk first, then offered; held back while the inputs catch up (contract 7).

Overflow policy: what waits here is at most the latest state of each set of labels. The engine never waits for the disk: a
write takes every decision since the one before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import structlog

from monitor.alerting.decision import AlertDecision, alert_from_plain, alert_to_plain
from monitor.domain.alert import Alert, AlertSink, Labels, Notification, Severity, label_key
from monitor.domain.ports import Clock

log = structlog.get_logger(__name__)

ENDED_KEPT_NS = 300_000_000_000
ENDED_KEPT = 10_000
"""Ends of the last five minutes, at most so many, stay in the file and are told again after a start: a crash between disk
and delivery loses none of them."""

RETRY_SAVE_S = 1.0

Key = tuple[tuple[str, str], ...]


class StateFile(Protocol):
    """Where the state of alerts is kept."""

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state; on disk when this returns. Raises `OSError`."""


class AlertDelivery:
    """Takes decisions in order and hands their newest state to every sink, after it is on disk."""

    def __init__(
        self, state_of: Callable[[], dict[str, Any]], file: StateFile, sinks: Sequence[AlertSink], clock: Clock
    ) -> None:
        self._state_of = state_of
        self._file = file
        self._sinks = tuple(sinks)
        self._clock = clock
        self._waiting: dict[Key, Notification] = {}
        self._ended: dict[Key, Notification] = {}
        self._is_holding = False
        self._is_late = False
        self._tells_caught_up = False
        self._wake = asyncio.Event()
        self.is_failing = False

    # ---- decisions

    def note(self, decisions: Sequence[AlertDecision]) -> None:
        """Take decisions; never waits."""
        if not decisions:
            return
        now_ns = self._clock.now_ns()
        for decision in decisions:
            notification = Notification(alert=decision.alert, noted_ns=now_ns, is_superseded=decision.is_superseded)
            self._put(notification)
            key = label_key(decision.alert.labels)
            self._ended.pop(key, None)
            if not decision.alert.is_firing:
                self._ended[key] = notification
        self._wake.set()

    def tell_again(self, open_alerts: Sequence[Alert], saved: dict[str, Any] | None) -> None:
        """After a start: what was on, and what ended shortly before, is told once more."""
        now_ns = self._clock.now_ns()
        for plain in (saved or {}).get("ended", []):
            alert = alert_from_plain(plain["alert"])
            if alert.ended_ns is not None and now_ns - plain["noted_ns"] <= ENDED_KEPT_NS:
                notification = Notification(
                    alert=alert, noted_ns=plain["noted_ns"], is_superseded=plain["is_superseded"], is_repeat=True
                )
                self._ended[label_key(alert.labels)] = notification
                self._put(notification)
        for alert in open_alerts:
            self._put(Notification(alert=alert, noted_ns=now_ns, is_repeat=True))
        self._wake.set()

    # ---- the catch-up

    def hold(self) -> None:
        """The inputs catch up: decisions go on, sending waits."""
        self._is_holding = True

    def hold_is_late(self) -> None:
        """The catch-up takes too long: blindness, CRITICAL and LIQUIDATION go out, with the time they are as of."""
        self._is_late = True
        self._wake.set()

    def release(self) -> None:
        """Caught up: each alert goes out once, firing or resolved, and the sinks may end what nobody holds."""
        self._is_holding = self._is_late = False
        self._tells_caught_up = True
        self._wake.set()

    @property
    def is_holding(self) -> bool:
        """Whether sending waits for the inputs."""
        return self._is_holding

    @property
    def waiting(self) -> int:
        """States that are not offered yet."""
        return len(self._waiting)

    # ---- to disk and out

    async def run(self) -> None:
        """Save and offer until cancelled; what was decided by then is saved at the end. Nothing is resolved by an end."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._save_and_offer()
        finally:
            try:
                self._file.save(self._plain())
            except OSError as error:
                log.critical("alert_state_not_saved", reason=str(error))

    async def _save_and_offer(self) -> None:
        state = self._plain()
        due = self._due()
        tells_caught_up, self._tells_caught_up = self._tells_caught_up, False
        while not await self._save(state):
            # A page that cannot be remembered is still sent: silence would be worse than a page told twice.
            await self._offer(due)
            due = []
            await asyncio.sleep(RETRY_SAVE_S)
            state = self._plain()
        await self._offer(due)
        if tells_caught_up:
            for sink in self._sinks:
                sink.caught_up()

    def _due(self) -> list[Notification]:
        """What may go out now, in order; it waits no longer."""
        if not self._is_holding:
            due = list(self._waiting.values())
            self._waiting.clear()
            return due
        if not self._is_late:
            return []
        due = [state for state in self._waiting.values() if state.alert.is_firing and _goes_out_late(state.alert.labels)]
        for state in due:
            del self._waiting[label_key(state.alert.labels)]
        return due

    async def _offer(self, due: Sequence[Notification]) -> None:
        for notification in due:
            for sink in self._sinks:
                sink.offer(notification)
            # An offer may annotate the alert, which takes milliseconds: in a storm the prices must have their turns.
            await asyncio.sleep(0)

    async def _save(self, state: dict[str, Any]) -> bool:
        try:
            await asyncio.to_thread(self._file.save, state)
        except OSError as error:
            if not self.is_failing:
                log.critical("alert_state_not_saved", reason=str(error))
            self.is_failing = True
            return False
        self.is_failing = False
        return True

    def _plain(self) -> dict[str, Any]:
        self._forget_old_ends()
        ended = [
            {"alert": alert_to_plain(state.alert), "noted_ns": state.noted_ns, "is_superseded": state.is_superseded}
            for state in self._ended.values()
        ]
        return {**self._state_of(), "ended": ended}

    def _forget_old_ends(self) -> None:
        oldest_ns = self._clock.now_ns() - ENDED_KEPT_NS
        surplus = len(self._ended) - ENDED_KEPT
        for key, state in list(self._ended.items()):
            if state.noted_ns >= oldest_ns and surplus <= 0:
                break
            del self._ended[key]
            surplus -= 1

    def _put(self, notification: Notification) -> None:
        """Keep the newest state of these labels, behind the rest; it is new if it, or what it replaces, was never told."""
        before = self._waiting.pop(label_key(notification.alert.labels), None)
        if before is not None and before.is_repeat and before.alert.started_ns == notification.alert.started_ns:
            notification = replace(notification, is_repeat=before.alert.ended_ns == notification.alert.ended_ns)
        self._waiting[label_key(notification.alert.labels)] = notification


def _goes_out_late(labels: Labels) -> bool:
    """Blindness, and what wakes a person."""
    return "cause" in labels or labels.get("severity") == Severity.CRITICAL.value
