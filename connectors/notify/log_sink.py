"""The log as a way out: each change of an alert once."""

from __future__ import annotations

import asyncio

import structlog

from monitor.domain.alert import Delivered, Notification, Outcome, Severity

log = structlog.get_logger(__name__)

_FIELDS = {"level": "pool_level"}  # `level` is the line's own


class LogSink:
    """Writes at once; nothing is ever owed."""

    name = "log"

    def __init__(self, delivered: Delivered) -> None:
        self._delivered = delivered

    def offer(self, notification: Notification) -> None:
        """Write one state."""
        alert = notification.alert
        is_grave = alert.is_firing and alert.labels.get("severity") == Severity.CRITICAL.value
        write = log.warning if is_grave else log.info
        write(
            "alert_firing" if alert.is_firing else "alert_resolved",
            alert_id=alert.alert_id,
            reason=alert.reason.value,
            seq=alert.seq,
            is_repeat=notification.is_repeat,
            **{_FIELDS.get(name, name): value for name, value in alert.labels.items() if name != "instance_group"},
        )
        # Writing a line says nothing about how long people wait: no time is told.
        self._delivered(self.name, Outcome.REPEATED if notification.is_repeat else Outcome.DELIVERED, None)

    def caught_up(self) -> None:
        """The log holds nothing."""

    async def run(self) -> None:
        """Nothing waits to be written."""
        await asyncio.Event().wait()
