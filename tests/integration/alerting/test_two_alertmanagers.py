"""Alerts through two real Alertmanagers with the shipped routes, every timer scaled by one factor."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.notify.alertmanager import AlertmanagerSink
from connectors.notify.settings import AlertmanagerSettings, NotifySettings, RetrySettings
from connectors.notify.test_page import run_test_page
from monitor.alerting.alert_file import AlertFile
from monitor.alerting.alerter import Alerter
from monitor.alerting.annotations import Annotator, BlindDescription, PoolDescription
from monitor.alerting.delivery import AlertDelivery
from monitor.alerting.settings import AlertingSettings
from monitor.clock import WallClock
from monitor.domain.alert import Outcome, Severity
from monitor.domain.errors import BadConfiguration
from monitor.domain.level import Level
from tests.integration.alerting.receiver import Receiver, receiving
from tests.integration.alerting.shipped import FACTOR, alertmanager_yaml
from tests.support.alert_view import WrittenView, level_changed
from tests.support.servers.alertmanager import AlertmanagerServer

pytestmark = [pytest.mark.server("alertmanager"), pytest.mark.slow]

POOL = "sim:carol/cross/USDT"
ALERTING = AlertingSettings(instance_group="desk")
LABELS = {
    "alertname": "MarginwatchPool",
    "venue": "sim",
    "account": "sim:carol",
    "pool": POOL,
    "level": "warning",
    "severity": "warning",
    "owner": "none",
    "instance_group": "desk",
}


class Desk:
    """The real chain from level changes to Alertmanager; only the book is written by the test."""

    def __init__(self, replicas: list[str], folder: Path) -> None:
        self.clock = WallClock()
        self.view = WrittenView()
        self.view.put(POOL, Level.OK)
        self.outcomes: list[tuple[str, Outcome, float | None]] = []
        self._file = AlertFile(folder / "alerts.json")
        saved = self._file.load()
        self.alerter = Alerter(ALERTING, self.view) if saved is None else Alerter.restore(ALERTING, self.view, saved)
        annotator = Annotator(
            ALERTING,
            lambda pool: PoolDescription(level="as written", certainty="fresh", buffer_ratio="4.00%"),
            lambda venue, cause: BlindDescription(subjects=(), accounts=0, equity_usd=None, is_partial=False),
            lambda pool: "short 1 sim:BTCUSDT",
        )
        settings = AlertmanagerSettings(
            replicas=replicas,
            resend_interval_s=60 * FACTOR,
            ends_after_s=86_400 * FACTOR,
            retry=RetrySettings(first_s=0.05, most_s=0.5, timeout_s=2.0),
        )
        sink = AlertmanagerSink(settings, "desk", self.clock, annotator, self._delivered, Random(7))
        self.sink = sink
        self.delivery = AlertDelivery(self.alerter.state, self._file, [sink], self.clock)
        self.delivery.tell_again(self.alerter.open_alerts(), saved)

    def level(self, old: Level, new: Level) -> None:
        self.view.put(POOL, new)
        change = level_changed(POOL, old, new, at_ns=self.clock.now_ns())
        self.delivery.note(self.alerter.on_effect(change))

    def _delivered(self, sink: str, outcome: Outcome, seconds: float | None) -> None:
        self.outcomes.append((sink, outcome, seconds))


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[Desk]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(desk.delivery.run()), group.create_task(desk.sink.run())]
        yield desk
        for task in tasks:
            task.cancel()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def listed(server: AlertmanagerServer) -> list[dict[str, Any]]:
    """The active alerts of a replica."""
    query = urllib.parse.urlencode({"filter": 'instance_group="desk"'})

    def get() -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{server.url}/api/v2/alerts?{query}", timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    return await asyncio.to_thread(get)


async def until(condition: Callable[[], Any], timeout_s: float = 15.0) -> None:
    """Poll an outside server until a condition holds."""
    async with asyncio.timeout(timeout_s):
        while not await condition():  # noqa: ASYNC110 - a server of its own has no event of ours
            await asyncio.sleep(0.02)


async def levels_of(server: AlertmanagerServer) -> set[str]:
    return {alert["labels"]["level"] for alert in await listed(server)}


async def test_warning_critical_and_back_with_one_replica_down_during_the_page(
    alertmanager_server: Callable[[str], AlertmanagerServer], receiver: Receiver, tmp_path: Path
) -> None:
    configuration = alertmanager_yaml(receiver.url)
    up, down = [await asyncio.to_thread(alertmanager_server, configuration) for _ in range(2)]
    async with running(Desk([up.url, down.url], tmp_path)) as desk:
        desk.level(Level.OK, Level.WARNING)
        await receiver.wait_for(lambda: len(receiver.of("MarginwatchPool", "firing", "/desk", level="warning")) >= 2)
        assert receiver.told[0].labels == LABELS
        assert "buffer 4.00%" in receiver.told[0].annotations["summary"]

        await asyncio.to_thread(down.kill)
        desk.level(Level.WARNING, Level.CRITICAL)
        await receiver.wait_for(lambda: receiver.of("MarginwatchPool", "firing", "/page", level="critical"))
        assert receiver.of("MarginwatchPool", level="critical")[0].labels == LABELS | {
            "level": "critical",
            "severity": "critical",
        }
        await until(lambda: _has_failed(desk, down))

        # It comes back without memory and gets everything, the WARNING too.
        await asyncio.to_thread(down.start)
        await until(lambda: _equals(down, {"warning", "critical"}))
        assert receiver.of("MarginwatchPool", "resolved") == [], "it was getting worse"

        await asyncio.to_thread(down.kill)
        desk.level(Level.CRITICAL, Level.OK)
        await receiver.wait_for(
            lambda: (
                receiver.of("MarginwatchPool", "resolved", level="critical")
                and receiver.of("MarginwatchPool", "resolved", level="warning")
            )
        )
        ended = receiver.of("MarginwatchPool", "resolved", level="critical")[0]
        assert ended.labels == LABELS | {"level": "critical", "severity": "critical"}
        assert ended.annotations["reason"].startswith("condition cleared")

        await asyncio.to_thread(down.start)
        await until(lambda: _is_settled(desk, down))
        assert await listed(up) == await listed(down) == []
    delivered = [seconds for _sink, outcome, seconds in desk.outcomes if outcome is Outcome.DELIVERED]
    assert None not in delivered


async def _has_failed(desk: Desk, server: AlertmanagerServer) -> bool:
    name = server.url.partition("://")[2]
    return any(outcome is Outcome.RETRIED and name in sink for sink, outcome, _seconds in desk.outcomes)


async def _equals(server: AlertmanagerServer, levels: set[str]) -> bool:
    return await levels_of(server) == levels


async def _is_settled(desk: Desk, server: AlertmanagerServer) -> bool:
    [health] = [feed for feed in desk.sink.feeds() if server.url.partition("://")[2] in feed.name]
    return health.state.value == "live" and health.queue_depth == 0


async def test_a_replica_that_restarts_unnoticed_gets_everything_again(
    alertmanager_server: Callable[[str], AlertmanagerServer], receiver: Receiver, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(alertmanager_server, alertmanager_yaml(receiver.url))
    async with running(Desk([server.url], tmp_path)) as desk:
        desk.level(Level.OK, Level.CRITICAL)
        await until(lambda: _equals(server, {"warning", "critical"}))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await until(lambda: _equals(server, {"warning", "critical"}))
    assert receiver.of("MarginwatchPool", "resolved") == []


async def test_a_new_run_ends_what_it_does_not_hold_and_leaves_what_it_holds(
    alertmanager_server: Callable[[str], AlertmanagerServer], receiver: Receiver, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(alertmanager_server, alertmanager_yaml(receiver.url))
    foreign = [{"labels": {"alertname": "MarginwatchDown", "instance_group": "desk", "level": "x"}}]
    await asyncio.to_thread(_post, server, foreign)
    async with running(Desk([server.url], tmp_path)) as first:
        first.level(Level.OK, Level.CRITICAL)
        await until(lambda: _equals(server, {"warning", "critical", "x"}))
    # Decided and saved, never sent: as after a crash between disk and delivery.
    async with running(Desk([server.url], tmp_path)) as second:
        second.alerter.on_effect(level_changed(POOL, Level.CRITICAL, Level.WARNING))
        await until(lambda: _equals(server, {"warning", "critical", "x"}))
    async with running(Desk([server.url], tmp_path)) as third:
        third.delivery.release()
        await until(lambda: _equals(server, {"warning", "x"}))


def _post(server: AlertmanagerServer, alerts: list[dict[str, Any]]) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200


async def test_a_test_page_reports_each_hop(
    alertmanager_server: Callable[[str], AlertmanagerServer], receiver: Receiver
) -> None:
    configuration = alertmanager_yaml(receiver.url)
    up, down = [await asyncio.to_thread(alertmanager_server, configuration) for _ in range(2)]
    said: list[str] = []

    async def page(*replicas: str, sink: str | None = None) -> int:
        settings = NotifySettings(alertmanager=AlertmanagerSettings(replicas=list(replicas)))
        return await run_test_page(
            settings, "desk", sink=sink, severity=Severity.CRITICAL, hold_s=0.2, now_ns=WallClock().now_ns, say=said.append
        )

    assert await page(up.url) == 0
    assert [line.split(": ")[1].split(" (")[0] for line in said if line.startswith("ok")] == [
        "accepted",
        "read back",
        "resolve accepted",
        "no longer active",
    ]
    await receiver.wait_for(lambda: receiver.of("MarginwatchTest", "firing", "/page"))
    await asyncio.to_thread(down.kill)
    assert await page(up.url, down.url) == 1
    assert any(line.startswith("FAILED") and down.url in line for line in said)
    with pytest.raises(BadConfiguration, match="no such sink"):
        await page(up.url, sink="nobody")
