"""A plain JSON webhook: one POST per change of an alert, in order, retried until it is answered with 2xx."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import orjson
import structlog

from connectors.feed_health import FeedHealth, FeedState
from connectors.notify.alertmanager_format import rfc3339
from connectors.notify.backoff import Backoff
from connectors.notify.http_answer import Meaning, post
from connectors.notify.owed import Owed
from connectors.notify.settings import WebhookSettings
from monitor.domain.alert import Annotate, Delivered, Notification, Outcome
from monitor.domain.errors import BadConfiguration
from monitor.domain.ports import Clock

log = structlog.get_logger(__name__)


class WebhookSink:
    """Posts the latest state of each alert. What is not delivered when the process ends is offered again by the alert file."""

    def __init__(
        self, name: str, settings: WebhookSettings, clock: Clock, annotate: Annotate, delivered: Delivered, random: Random
    ) -> None:
        self.name = f"webhook:{name}"
        self._settings = settings
        self._headers = authorization(name, settings)
        self._clock = clock
        self._annotate = annotate
        self._delivered = delivered
        self._backoff = Backoff(settings.retry, random)
        self._owed = Owed()
        self._state, self._reason = FeedState.CONNECTING, "nothing sent yet"
        self._since_ns = clock.now_ns()
        self._last_accepted_ns: int | None = None
        self._accepted = self._failures = self._refused = 0

    def offer(self, notification: Notification) -> None:
        """Owe a state to the receiver. The end of labels whose alert goes on under others is nothing to tell."""
        if not notification.is_superseded:
            self._owed.put(notification)

    def caught_up(self) -> None:
        """A receiver cannot be asked what it holds."""

    async def run(self) -> None:
        """Post until cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                await self._owed.wait()
                [state] = self._owed.oldest(1)
                await self._deliver(session, state)

    def feeds(self) -> list[FeedHealth]:
        """The health of the receiver."""
        return [
            FeedHealth(
                name=self.name,
                kind="alerts",
                state=self._state,
                reason=self._reason,
                since_ns=self._since_ns,
                last_recv_ns=self._last_accepted_ns,
                messages=self._accepted,
                reconnects=self._failures,
                refused=self._refused,
                queue_depth=len(self._owed),
            )
        ]

    async def _deliver(self, session: aiohttp.ClientSession, state: Notification) -> None:
        body = orjson.dumps(webhook_object(state, self._annotate(state)))
        answer = await post(session, self._settings.url, body, self._settings.retry.timeout_s, self._headers)
        now_ns = self._clock.now_ns()
        if answer.meaning is Meaning.TRY_AGAIN:
            self._failures += 1
            self._note(FeedState.DOWN, answer.reason, now_ns)
            self._delivered(self.name, Outcome.RETRIED, None)
            await asyncio.sleep(self._backoff.next_s(answer.retry_after_s))
            return
        self._owed.settle([state])
        self._backoff.reset()
        if answer.meaning is Meaning.REFUSED:
            self._refused += 1
            self._note(FeedState.BLOCKED, answer.reason, now_ns)
            self._delivered(self.name, Outcome.REFUSED, None)
            return
        self._accepted += 1
        self._last_accepted_ns = now_ns
        self._note(FeedState.LIVE, "", now_ns)
        seconds = None if state.is_repeat else (now_ns - state.noted_ns) / 1e9
        self._delivered(self.name, Outcome.REPEATED if state.is_repeat else Outcome.DELIVERED, seconds)

    def _note(self, state: FeedState, reason: str, now_ns: int) -> None:
        if state is not self._state:
            write = log.info if state is FeedState.LIVE else log.error
            write("webhook_state", sink=self.name, state=state.value, reason=reason, owed=len(self._owed))
            self._since_ns = now_ns
        self._state, self._reason = state, reason


def webhook_object(notification: Notification, annotations: Any) -> dict[str, Any]:
    """What is posted: identity, state, times as RFC 3339 UTC, figures of the decision, and the annotations of now."""
    alert = notification.alert
    return {
        "alert_id": alert.alert_id,
        "status": "firing" if alert.is_firing else "resolved",
        "reason": alert.reason.value,
        "labels": dict(alert.labels),
        "annotations": dict(annotations),
        "figures": dict(alert.figures),
        "started_at": rfc3339(alert.started_ns),
        "ended_at": None if alert.ended_ns is None else rfc3339(alert.ended_ns),
        "seq": alert.seq,
        "is_repeat": notification.is_repeat,
    }


def authorization(name: str, settings: WebhookSettings) -> dict[str, str]:
    """The header that the receiver asks for. Raises `BadConfiguration` when its file cannot be read."""
    if settings.authorization_file is None:
        return {}
    try:
        return {"Authorization": Path(settings.authorization_file).read_text(encoding="utf-8").strip()}
    except OSError as error:
        raise BadConfiguration(
            error.strerror or str(error),
            field=f"notify.webhooks.{name}.authorization_file",
            value=settings.authorization_file,
        ) from error
