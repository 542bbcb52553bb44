"""Alerts: what people are told, and how it is handed to the sinks that tell them (contract 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class AlertName(Enum):
    """The kinds of alerts; the value is the label `alertname`."""

    POOL = "MarginwatchPool"
    BLIND = "MarginwatchBlind"
    TEST = "MarginwatchTest"


class Severity(Enum):
    """Who hears of it: a chat, or a person who is woken."""

    WARNING = "warning"
    CRITICAL = "critical"


class BlindCause(Enum):
    """What is missing when pools cannot be seen."""

    PRICE = "price"
    ACCOUNT = "account"
    TABLE = "table"
    CATCHING_UP = "catching_up"


class AlertReason(Enum):
    """Why an alert began or ended. Only the endings tell that a condition cleared; a lost input is none of them."""

    SWITCH_ON = "switch_on"
    SWITCH_OFF = "switch_off"
    ACCOUNT_REMOVED = "account_removed"
    POOL_CLOSED = "pool_closed"
    LABELS_CHANGED = "labels_changed"
    FOUND_ON_AFTER_START = "found_on_after_start"
    FOUND_OFF_AFTER_START = "found_off_after_start"
    INPUTS_LOST = "inputs_lost"
    WATCHED_POOL_LOST = "watched_pool_lost"
    INPUTS_BACK = "inputs_back"
    WATCHED_POOLS_BACK = "watched_pools_back"
    NOT_HELD_HERE = "not_held_here"
    TEST = "test"


Labels = Mapping[str, str]
"""The labels of an alert: its identity in Alertmanager, none of them empty."""


def label_key(labels: Labels) -> tuple[tuple[str, str], ...]:
    """The labels in one order, to look an alert up by."""
    return tuple(sorted(labels.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert at its newest state. `ended_ns` is None while it is on.

    `alert_id` = hash(instance group, pool, level), or (instance group, venue, cause, severity) for blindness: the same
    before and after a restart. Times are engine time, UTC ns. `seq` is the input that decided the state (0: none did).
    `figures` are those of the decision, as the pool stood then; the key `<figure>_reason` says why one is missing.
    """

    alert_id: str
    name: AlertName
    labels: Labels
    started_ns: int
    reason: AlertReason
    pool: str | None = None
    ended_ns: int | None = None
    seq: int = 0
    figures: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_firing(self) -> bool:
        """Whether the alert is on."""
        return self.ended_ns is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One state of an alert on its way to the sinks.

    `noted_ns` is our clock when it was decided. `is_superseded`: the alert goes on under other labels, only this set of
    them ends, so whoever keeps alerts by their id does not need to know. `is_repeat`: it was told before, by this process
    or one before it.
    """

    alert: Alert
    noted_ns: int
    is_superseded: bool = False
    is_repeat: bool = False


class Outcome(Enum):
    """What became of one attempt to deliver a notification."""

    DELIVERED = "delivered"
    REPEATED = "repeated"
    RETRIED = "retried"
    REFUSED = "refused"


class Delivered(Protocol):
    """Told of each attempt; `seconds` from decided to accepted for the first delivery of a state, else None."""

    def __call__(self, sink: str, outcome: Outcome, seconds: float | None) -> None:
        """Count one attempt for one alert."""


class Annotate(Protocol):
    """Says what a person reads beside the labels, made when it is sent."""

    def __call__(self, notification: Notification) -> Mapping[str, str]:
        """The annotations, none of them empty."""


class AlertSink(Protocol):
    """One way out. Offering never waits; only the latest state of each set of labels is kept until it is delivered."""

    def offer(self, notification: Notification) -> None:
        """Take a state to deliver."""

    def caught_up(self) -> None:
        """What is held here is all that is on: whatever else the other side holds of ours may be ended."""

    async def run(self) -> None:
        """Deliver until cancelled. Nothing is resolved because of an end."""
