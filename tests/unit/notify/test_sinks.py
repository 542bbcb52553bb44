"""Sinks against a peer of the test that answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from connectors.feed_health import FeedState
from connectors.notify.alertmanager_format import nanoseconds, not_held, rfc3339
from connectors.notify.backoff import Backoff
from connectors.notify.log_sink import LogSink
from connectors.notify.owed import Owed
from connectors.notify.replica import Replica
from connectors.notify.settings import AlertmanagerSettings, RetrySettings, WebhookSettings
from connectors.notify.webhook import WebhookSink
from monitor.domain.alert import Alert, AlertName, AlertReason, Notification, Outcome
from tests.support.steady_clock import SteadyClock

RETRY = RetrySettings(first_s=0.001, most_s=0.002, timeout_s=2.0)
NOW = 1_700_000_000_000_000_000


def state(account: str, *, ended_ns: int | None = None, owner: str = "none") -> Notification:
    labels = {
        "alertname": "MarginwatchPool",
        "venue": "sim",
        "account": account,
        "pool": f"{account}/cross",
        "level": "warning",
        "severity": "warning",
        "owner": owner,
        "instance_group": "desk",
    }
    alert = Alert(
        alert_id=account,
        name=AlertName.POOL,
        labels=labels,
        started_ns=NOW,
        ended_ns=ended_ns,
        reason=AlertReason.SWITCH_ON,
        pool=f"{account}/cross",
    )
    return Notification(alert=alert, noted_ns=NOW)


def test_the_log_names_the_pools_level_beside_the_lines_own() -> None:
    with capture_logs() as lines:
        LogSink(lambda *_: None).offer(state("sim:a"))
    assert [(line["event"], line["log_level"], line["pool_level"]) for line in lines] == [("alert_firing", "info", "warning")]


class Peer:
    """Answers POSTs by `answer(body)` (a status, 200 by default) and keeps the bodies."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[Any] = []
        self.listed: list[dict[str, Any]] = []
        self.answer: Callable[[Any], int] = lambda body: 200
        self.news = asyncio.Event()

    async def post(self, request: web.Request) -> web.Response:
        body = await request.json()
        status = self.answer(body)
        self.bodies.append(body)
        self.news.set()
        return web.Response(status=status, text="as told")

    async def get(self, request: web.Request) -> web.Response:
        return web.json_response(self.listed)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    app = web.Application()
    app.router.add_post("/{path:.*}", peer.post)
    app.router.add_get("/{path:.*}", peer.get)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield peer
    await runner.cleanup()


class Counted:
    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.outcomes: list[Outcome] = []

    def __call__(self, sink: str, outcome: Outcome, seconds: float | None) -> None:
        self.outcomes.append(outcome)
        self._peer.news.set()


@asynccontextmanager
async def running(sink: Replica | WebhookSink) -> AsyncIterator[None]:
    task = asyncio.create_task(sink.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def replica(peer: Peer, counted: Counted, **settings: Any) -> Replica:
    made = AlertmanagerSettings(replicas=[peer.url], retry=RETRY, **settings)
    return Replica(peer.url, made, "desk", SteadyClock(NOW), lambda notification: {"summary": "x"}, counted, Random(1))


def accounts(body: list[dict[str, Any]]) -> list[str]:
    return [alert["labels"]["account"] for alert in body]


async def test_one_refused_alert_does_not_hold_up_the_rest(peer: Peer) -> None:
    peer.answer = lambda body: 400 if "sim:bad" in accounts(body) else 200
    counted = Counted(peer)
    sender = replica(peer, counted)
    for name in ("sim:a", "sim:bad", "sim:b"):
        sender.offer(state(name))
    async with running(sender):
        await peer.until(lambda: len(counted.outcomes) == 3)
    assert counted.outcomes == [Outcome.DELIVERED, Outcome.REFUSED, Outcome.DELIVERED]
    assert [accounts(body) for body in peer.bodies] == [["sim:a", "sim:bad", "sim:b"], ["sim:a"], ["sim:bad"], ["sim:b"]]
    assert sender.health().refused == 1


async def test_a_resolve_is_owed_until_it_is_accepted_and_only_the_latest_state_is(peer: Peer) -> None:
    peer.answer = lambda body: 503 if len(peer.bodies) < 3 else 200
    counted = Counted(peer)
    sender = replica(peer, counted)
    sender.offer(state("sim:a"))
    async with running(sender):
        await peer.until(lambda: peer.bodies)
        sender.offer(state("sim:a", ended_ns=NOW + 5))
        await peer.until(lambda: Outcome.DELIVERED in counted.outcomes)
    assert peer.bodies[-1][0]["endsAt"] == rfc3339(NOW + 5)
    assert sender.health().state is FeedState.LIVE


async def test_an_alert_that_is_on_ends_a_day_from_now_and_is_sent_again(peer: Peer) -> None:
    counted = Counted(peer)
    sender = replica(peer, counted, resend_interval_s=0.01)
    sender.offer(state("sim:a"))
    async with running(sender):
        await peer.until(lambda: len(counted.outcomes) >= 3)
    assert counted.outcomes[:3] == [Outcome.DELIVERED, Outcome.REPEATED, Outcome.REPEATED]
    assert {alert["endsAt"] for [alert] in peer.bodies} == {rfc3339(NOW + 86_400 * 10**9)}


async def test_an_accepted_resolve_is_forgotten_in_time(peer: Peer) -> None:
    counted = Counted(peer)
    sender = replica(peer, counted, resend_interval_s=0.01, resolved_kept_s=1e-10)
    sender.offer(state("sim:a"))
    sender.offer(state("sim:gone", ended_ns=NOW + 5))
    async with running(sender):
        await peer.until(lambda: len(peer.bodies) >= 2 and accounts(peer.bodies[-1]) == ["sim:a"])


async def test_everything_is_sent_again_to_a_replica_that_was_away(peer: Peer) -> None:
    counted = Counted(peer)
    sender = replica(peer, counted)
    async with running(sender):
        sender.offer(state("sim:a"))
        await peer.until(lambda: len(counted.outcomes) == 1)
        peer.answer = lambda body: 503 if len(peer.bodies) < 3 else 200
        sender.offer(state("sim:b"))
        await peer.until(lambda: accounts(peer.bodies[-1]) == ["sim:a"])


async def test_after_the_catch_up_what_nobody_holds_is_ended_and_nothing_else(peer: Peer) -> None:
    held, left, foreign = state("sim:a"), state("sim:left"), state("sim:foreign")
    peer.listed = [
        {"labels": dict(held.alert.labels), "startsAt": rfc3339(NOW - 9)},
        {"labels": dict(left.alert.labels), "startsAt": rfc3339(NOW - 9)},
        {"labels": {**foreign.alert.labels, "job": "a rule of Prometheus"}, "startsAt": rfc3339(NOW - 9)},
    ]
    counted = Counted(peer)
    sender = replica(peer, counted)
    sender.offer(held)
    sender.caught_up()
    async with running(sender):
        await peer.until(lambda: len(counted.outcomes) == 2)
    [sent] = peer.bodies
    ends = {alert["labels"]["account"]: nanoseconds(alert["endsAt"]) for alert in sent}
    assert ends == {"sim:a": NOW + 86_400 * 10**9, "sim:left": NOW}


async def test_a_webhook_gets_each_state_in_order_and_again_until_accepted(peer: Peer) -> None:
    peer.answer = lambda body: 429 if len(peer.bodies) < 2 else 200
    counted = Counted(peer)
    clock = SteadyClock(NOW + 1_000_000_000)
    sink = WebhookSink("chat", WebhookSettings(url=peer.url, retry=RETRY), clock, lambda note: {}, counted, Random(1))
    superseded = replace(state("sim:a", ended_ns=NOW + 5), is_superseded=True)
    sink.offer(state("sim:a", owner="desk-2"))
    sink.offer(superseded)
    sink.offer(state("sim:b", ended_ns=NOW + 5))
    async with running(sink):
        await peer.until(lambda: counted.outcomes.count(Outcome.DELIVERED) == 2)
    assert [(body["alert_id"], body["status"]) for body in peer.bodies] == [("sim:a", "firing")] * 3 + [("sim:b", "resolved")]
    assert counted.outcomes[:2] == [Outcome.RETRIED, Outcome.RETRIED]


async def test_a_webhook_that_refuses_a_state_gets_the_next(peer: Peer) -> None:
    peer.answer = lambda body: 422 if body["alert_id"] == "sim:a" else 200
    counted = Counted(peer)
    settings = WebhookSettings(url=peer.url, retry=RETRY)
    sink = WebhookSink("chat", settings, SteadyClock(NOW), lambda note: {}, counted, Random(1))
    sink.offer(state("sim:a"))
    sink.offer(state("sim:b"))
    async with running(sink):
        await peer.until(lambda: len(counted.outcomes) == 2)
    assert counted.outcomes == [Outcome.REFUSED, Outcome.DELIVERED]


def test_a_newer_state_stays_owed_when_the_older_is_settled() -> None:
    owed = Owed()
    older, newer = state("sim:a"), state("sim:a", ended_ns=NOW + 1)
    owed.put(older)
    batch = owed.oldest(10)
    owed.put(newer)
    owed.settle(batch)
    assert owed.oldest(10) == [newer]


def test_news_go_before_repeats_in_their_order() -> None:
    owed = Owed()
    repeats, news = [state("sim:a"), state("sim:b")], [state("sim:c"), state("sim:b", ended_ns=NOW + 1)]
    for notification in repeats:
        owed.repeat(notification)
    for notification in news:
        owed.put(notification)
    assert owed.oldest(10) == [*news, repeats[0]]
    owed.repeat(repeats[1])
    owed.settle(owed.oldest(10))
    assert len(owed) == 0


def test_a_peer_that_names_a_wait_is_obeyed_within_bounds() -> None:
    backoff = Backoff(RetrySettings(first_s=1.0, most_s=4.0), Random(3))
    assert all(backoff.next_s() <= bound for bound in (1.0, 2.0, 4.0, 4.0))
    assert 7.0 <= backoff.next_s(retry_after_s=7.0) <= 7.0 + 4.0
    assert backoff.next_s(retry_after_s=9e9) <= 44.0


def test_times_keep_their_nanoseconds() -> None:
    assert rfc3339(NOW + 1) == "2023-11-14T22:13:20.000000001Z"
    assert nanoseconds("2023-11-14T22:13:20.000001Z") == NOW + 1_000
    assert not_held([], "desk", NOW) == []
