"""What is owed to one peer: the latest state of each set of labels, in the order in which it was last changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from monitor.domain.alert import Notification, label_key

Key = tuple[tuple[str, str], ...]


class Owed:
    """Bounded by the number of alerts, not of changes: a newer state of the same labels replaces the older, behind the rest."""

    def __init__(self) -> None:
        self._states: dict[Key, Notification] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._states)

    def put(self, notification: Notification) -> None:
        """Owe a state; what is owed already under the same labels is replaced."""
        key = label_key(notification.alert.labels)
        self._states.pop(key, None)
        self._states[key] = notification
        self._filled.set()

    def put_if_absent(self, notification: Notification) -> None:
        """Owe a state once more unless a newer one waits already."""
        key = label_key(notification.alert.labels)
        if key not in self._states:
            self._states[key] = notification
            self._filled.set()

    def oldest(self, most: int) -> list[Notification]:
        """At most so many states, the oldest first; they stay owed until `settle`."""
        return [state for state, _number in zip(self._states.values(), range(most), strict=False)]

    def settle(self, delivered: Sequence[Notification]) -> None:
        """These were accepted; one that was replaced meanwhile stays owed."""
        for notification in delivered:
            key = label_key(notification.alert.labels)
            if self._states.get(key) is notification:
                del self._states[key]
        if not self._states:
            self._filled.clear()

    async def wait(self) -> None:
        """Return when something is owed."""
        await self._filled.wait()
