"""The ordered sender to one Alertmanager replica."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import aiohttp
import orjson
import structlog

from connectors.feed_health import FeedHealth, FeedState
from connectors.notify.alertmanager_format import ALERTS_PATH, alert_object, not_held
from connectors.notify.backoff import Backoff
from connectors.notify.http_answer import Answer, Meaning, post
from connectors.notify.owed import Key, Owed
from connectors.notify.settings import AlertmanagerSettings
from monitor.domain.alert import Annotate, Delivered, Notification, Outcome, label_key
from monitor.domain.errors import Transient
from monitor.domain.ports import Clock

log = structlog.get_logger(__name__)


class Replica:
    """Sends every change to one replica, in order; all that is on again and again; each resolve until it is accepted.

    Holds the open alerts, and ended ones until `resolved_kept_s` after the replica accepted their end: memory is bounded by
    the number of alerts. When a replica answers again after a failure it gets everything at once: it may have been restarted.
    """

    def __init__(
        self,
        url: str,
        settings: AlertmanagerSettings,
        instance_group: str,
        clock: Clock,
        annotate: Annotate,
        delivered: Delivered,
        random: Random,
    ) -> None:
        self._url = url.rstrip("/")
        self.name = f"alertmanager:{self._url.partition('://')[2]}"
        self._settings = settings
        self._group = instance_group
        self._clock = clock
        self._annotate = annotate
        self._delivered = delivered
        self._backoff = Backoff(settings.retry, random)
        self._owed = Owed()
        self._held: dict[Key, Notification] = {}
        self._told: dict[Key, Notification] = {}
        self._accepted_end_ns: dict[Key, int] = {}
        self._sweep_is_owed = False
        self._wake = asyncio.Event()
        self._failing_since_ns: int | None = None
        self._reason = ""
        self._since_ns = clock.now_ns()
        self._last_accepted_ns: int | None = None
        self._accepted = self._failures = self._refused = 0

    def offer(self, notification: Notification) -> None:
        """Owe a state to the replica."""
        key = label_key(notification.alert.labels)
        self._held[key] = notification
        self._accepted_end_ns.pop(key, None)
        self._owed.put(notification)
        self._wake.set()

    def caught_up(self) -> None:
        """End what the replica holds of ours and we do not, as soon as it answers."""
        self._sweep_is_owed = True
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        loop = asyncio.get_running_loop()
        next_resend = loop.time() + self._settings.resend_interval_s
        async with aiohttp.ClientSession() as session:
            while True:
                await self._wait_until(next_resend)
                if loop.time() >= next_resend:
                    next_resend = loop.time() + self._settings.resend_interval_s
                    self._owe_again()
                await self._sweep(session)
                await self._send_owed(session)

    def health(self) -> FeedHealth:
        """As screens show it."""
        never = self._last_accepted_ns is None
        state = FeedState.DOWN if self._failing_since_ns is not None else FeedState.CONNECTING if never else FeedState.LIVE
        return FeedHealth(
            name=self.name,
            kind="alerts",
            state=state,
            reason=self._reason if state is FeedState.DOWN else "nothing sent yet" if never else "",
            since_ns=self._since_ns,
            last_recv_ns=self._last_accepted_ns,
            messages=self._accepted,
            reconnects=self._failures,
            refused=self._refused,
            queue_depth=len(self._owed),
        )

    # ---- parts

    async def _wait_until(self, loop_time: float) -> None:
        """Return at that time, or as soon as there is something to do."""
        if not len(self._owed) and not self._sweep_is_owed:
            self._wake.clear()
        try:
            async with asyncio.timeout_at(loop_time):
                await self._wake.wait()
        except TimeoutError:
            return

    def _owe_again(self) -> None:
        """Owe every open alert and every late end once more."""
        kept_ns = round(self._settings.resolved_kept_s * 1e9)
        now_ns = self._clock.now_ns()
        for key, notification in list(self._held.items()):
            accepted_ns = self._accepted_end_ns.get(key)
            if accepted_ns is not None and now_ns - accepted_ns >= kept_ns:
                del self._held[key], self._accepted_end_ns[key]
                self._told.pop(key, None)
            else:
                self._owed.repeat(notification)

    async def _send_owed(self, session: aiohttp.ClientSession) -> None:
        while len(self._owed):
            batch = self._owed.oldest(self._settings.most_per_request)
            answer = await self._post(session, batch)
            if answer.meaning is Meaning.REFUSED and len(batch) > 1:
                # One alert that is refused must not hold up the rest: each on its own.
                for notification in batch:
                    self._settle([notification], await self._post(session, [notification]))
            else:
                self._settle(batch, answer)
            if self._failing_since_ns is not None:
                await asyncio.sleep(self._backoff.next_s(answer.retry_after_s))

    async def _post(self, session: aiohttp.ClientSession, batch: list[Notification]) -> Answer:
        now_ns = self._clock.now_ns()
        body = []
        for state in batch:
            body.append(alert_object(state.alert, self._annotate(state), now_ns, self._settings.ends_after_s))
            # What a person reads is made from the book: a turn for everybody else after each.
            await asyncio.sleep(0)
        return await post(session, self._url + ALERTS_PATH, orjson.dumps(body), self._settings.retry.timeout_s)

    def _settle(self, batch: list[Notification], answer: Answer) -> None:
        now_ns = self._clock.now_ns()
        if answer.meaning is Meaning.TRY_AGAIN:
            self._note_failure(answer.reason, now_ns)
            for _state in batch:
                self._delivered(self.name, Outcome.RETRIED, None)
            return
        self._owed.settle(batch)
        if answer.meaning is Meaning.REFUSED:
            self._refused += len(batch)
            for state in batch:
                self._delivered(self.name, Outcome.REFUSED, None)
                log.error("alert_refused", sink=self.name, reason=answer.reason, labels=dict(state.alert.labels))
            return
        self._note_accepted(batch, now_ns)

    def _note_accepted(self, batch: list[Notification], now_ns: int) -> None:
        self._accepted += len(batch)
        self._last_accepted_ns = now_ns
        self._backoff.reset()
        for state in batch:
            key = label_key(state.alert.labels)
            is_first = self._told.get(key) is not state
            if self._held.get(key) is state:
                self._told[key] = state
                if not state.alert.is_firing:
                    self._accepted_end_ns.setdefault(key, now_ns)
            first_seconds = (now_ns - state.noted_ns) / 1e9 if is_first and not state.is_repeat else None
            self._delivered(self.name, Outcome.DELIVERED if is_first else Outcome.REPEATED, first_seconds)
        if self._failing_since_ns is not None:
            log.info("alertmanager_answers", sink=self.name, after_s=round((now_ns - self._failing_since_ns) / 1e9, 1))
            self._failing_since_ns, self._since_ns, self._reason = None, now_ns, ""
            self._owe_again()
        elif self._accepted == len(batch):
            self._since_ns = now_ns

    def _note_failure(self, reason: str, now_ns: int) -> None:
        self._failures += 1
        self._reason = reason
        if self._failing_since_ns is None:
            self._failing_since_ns = self._since_ns = now_ns
            log.error("alertmanager_fails", sink=self.name, reason=reason, owed=len(self._owed))

    # ---- what the replica holds of a life before this one

    async def _sweep(self, session: aiohttp.ClientSession) -> None:
        """Once, after the catch-up: end what the replica has of ours and nobody holds. Tried until it answers."""
        while self._sweep_is_owed:
            try:
                listed = await self._listed(session)
            except Transient as error:
                self._note_failure(str(error), self._clock.now_ns())
                if len(self._owed):
                    return
                await asyncio.sleep(self._backoff.next_s())
                continue
            self._sweep_is_owed = False
            now_ns = self._clock.now_ns()
            for alert in not_held(listed, self._group, now_ns):
                if label_key(alert.labels) not in self._held:
                    log.info("alert_not_held_is_ended", sink=self.name, labels=dict(alert.labels))
                    self.offer(Notification(alert=alert, noted_ns=now_ns, is_repeat=True))

    async def _listed(self, session: aiohttp.ClientSession) -> list[dict[str, Any]]:
        timeout = aiohttp.ClientTimeout(total=self._settings.retry.timeout_s)
        query = {"filter": f'instance_group="{self._group}"'}
        try:
            async with session.get(self._url + ALERTS_PATH, params=query, timeout=timeout) as answer:
                if answer.status != 200:
                    raise Transient(f"GET {ALERTS_PATH} was answered with {answer.status} {answer.reason}")
                listed: list[dict[str, Any]] = orjson.loads(await answer.read())
                return listed
        except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError) as error:
            raise Transient(str(error) or type(error).__name__) from error
