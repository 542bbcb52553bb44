"""The compacted Kafka topic of alerts as a way out: the newest state of each alert id."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from monitor.domain.alert import Annotate, Delivered, Notification, Outcome


class KafkaSink:
    """Hands each state to the Kafka output, which keeps and writes it; that output tells of its own health."""

    name = "kafka"

    def __init__(
        self, offer_alert: Callable[[str, Mapping[str, object]], None], annotate: Annotate, delivered: Delivered
    ) -> None:
        self._offer_alert = offer_alert
        self._annotate = annotate
        self._delivered = delivered

    def offer(self, notification: Notification) -> None:
        """Publish a state. The end of labels whose alert goes on under others would read as the end of the alert."""
        alert = notification.alert
        if notification.is_superseded:
            return
        self._offer_alert(
            alert.alert_id,
            {
                "alert_id": alert.alert_id,
                "status": "firing" if alert.is_firing else "resolved",
                "reason": alert.reason.value,
                "labels": dict(alert.labels),
                "annotations": dict(self._annotate(notification)),
                "figures": dict(alert.figures),
                "started_ns": alert.started_ns,
                "ended_ns": alert.ended_ns,
                "seq": alert.seq,
            },
        )
        self._delivered(self.name, Outcome.REPEATED if notification.is_repeat else Outcome.DELIVERED, None)

    def caught_up(self) -> None:
        """A topic cannot be asked what it holds."""

    async def run(self) -> None:
        """The Kafka output writes."""
        await asyncio.Event().wait()
