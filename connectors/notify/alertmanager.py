"""Alertmanager: every change to every replica, each with an ordered sender of its own."""

from __future__ import annotations

import asyncio
from random import Random

from connectors.feed_health import FeedHealth
from connectors.notify.replica import Replica
from connectors.notify.settings import AlertmanagerSettings
from monitor.domain.alert import Annotate, Delivered, Notification
from monitor.domain.ports import Clock


class AlertmanagerSink:
    """All replicas of one Alertmanager. They do not pass alerts on to each other: each is owed everything."""

    def __init__(
        self,
        settings: AlertmanagerSettings,
        instance_group: str,
        clock: Clock,
        annotate: Annotate,
        delivered: Delivered,
        random: Random,
    ) -> None:
        self._replicas = [
            Replica(url, settings, instance_group, clock, annotate, delivered, random) for url in settings.replicas
        ]

    def offer(self, notification: Notification) -> None:
        """Owe a state to every replica."""
        for replica in self._replicas:
            replica.offer(notification)

    def caught_up(self) -> None:
        """End what a replica holds of ours and we do not."""
        for replica in self._replicas:
            replica.caught_up()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            for replica in self._replicas:
                group.create_task(replica.run(), name=replica.name)

    def feeds(self) -> list[FeedHealth]:
        """The health of each replica."""
        return [replica.health() for replica in self._replicas]
