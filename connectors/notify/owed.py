"""What is owed to one peer: the latest state of each set of labels, news before repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain, islice

from monitor.domain.alert import Notification, label_key

Key = tuple[tuple[str, str], ...]


class Owed:
    """Bounded by the number of alerts, not of changes: a newer state of the same labels replaces the older, behind other news.

    News go in the order in which they were last changed. What was delivered before and is only told again goes after them:
    a page never waits behind a thousand repeats.
    """

    def __init__(self) -> None:
        self._news: dict[Key, Notification] = {}
        self._repeats: dict[Key, Notification] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._news) + len(self._repeats)

    def put(self, notification: Notification) -> None:
        """Owe a state; what is owed already under the same labels is replaced."""
        key = label_key(notification.alert.labels)
        self._news.pop(key, None)
        self._repeats.pop(key, None)
        self._news[key] = notification
        self._filled.set()

    def repeat(self, notification: Notification) -> None:
        """Owe a state once more unless one waits already."""
        key = label_key(notification.alert.labels)
        if key not in self._news:
            self._repeats[key] = notification
            self._filled.set()

    def oldest(self, most: int) -> list[Notification]:
        """At most so many states, the oldest news first; they stay owed until `settle`."""
        return list(islice(chain(self._news.values(), self._repeats.values()), most))

    def settle(self, delivered: Sequence[Notification]) -> None:
        """These were accepted; one that was replaced meanwhile stays owed."""
        for notification in delivered:
            key = label_key(notification.alert.labels)
            for states in (self._news, self._repeats):
                if states.get(key) is notification:
                    del states[key]
        if not len(self):
            self._filled.clear()

    async def wait(self) -> None:
        """Return when something is owed."""
        await self._filled.wait()
