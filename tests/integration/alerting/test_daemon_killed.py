"""The daemon itself, killed with -9 while alerts are on: it never reads as resolved, and Prometheus tells that it is gone."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.demo import DemoOptions, SimulatedVenueProcess
from tests.integration.alerting.receiver import Receiver, receiving
from tests.integration.alerting.shipped import FACTOR, alertmanager_yaml, prometheus_yaml, resolve_timeout_s, rules_yaml
from tests.support.servers.alertmanager import AlertmanagerServer
from tests.support.servers.process import ServerProcess, free_port, http_ok
from tests.support.servers.prometheus import PrometheusServer

pytestmark = [pytest.mark.server("alertmanager"), pytest.mark.server("prometheus"), pytest.mark.slow]

ACCOUNTS = 40
RESOLVE_TIMEOUTS = 5

Labels = frozenset[tuple[str, str]]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def configuration(folder: Path, keys: dict[str, Any], port: int, replicas: list[str]) -> str:
    """The daemon's configuration: the simulated venue, two replicas, timers scaled."""
    text = f"""
[http]
port = {port}
[state]
folder = "{folder / "state"}"
snapshot_interval_s = 2.0
[log]
level = "warning"
[alerting]
instance_group = "desk"
[notify.alertmanager]
replicas = {json.dumps(replicas)}
resend_interval_s = {60 * FACTOR}
ends_after_s = {86_400 * FACTOR}
[notify.alertmanager.retry]
first_s = 0.05
most_s = 0.5
[venues.binance_usdm]
rest_url = "{keys["rest_url"]}"
stream_url = "{keys["stream_url"]}"
permissions_url = "{keys["rest_url"]}"
connects_per_five_minutes = {20 * ACCOUNTS}
weight_per_minute = 1000000
"""
    for account in keys["accounts"]:
        files = {}
        for name in ("api_key", "api_secret"):
            files[name] = folder / f"{account['name']}.{name}"
            files[name].touch(mode=0o600)
            files[name].write_text(account[name], encoding="ascii")
        text += f"""
[[venues.binance_usdm.accounts]]
name = "{account["name"]}"
key_file = "{files["api_key"]}"
secret_file = "{files["api_secret"]}"
"""
    return text


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


async def active(server: AlertmanagerServer) -> set[Labels]:
    """The labels of the pool alerts that are active on a replica."""
    query = urllib.parse.urlencode({"filter": 'alertname="MarginwatchPool"'})
    listed = await asyncio.to_thread(get, f"{server.url}/api/v2/alerts?{query}")
    return {frozenset(alert["labels"].items()) for alert in listed}


async def open_alerts(port: int) -> set[Labels]:
    """The labels of the pool alerts that the daemon holds."""
    answer = await asyncio.to_thread(get, f"http://127.0.0.1:{port}/api/v1/alerts")
    return {frozenset(alert["labels"].items()) for alert in answer["alerts"] if alert["name"] == "MarginwatchPool"}


async def until(condition: Callable[[], Any], what: str, timeout_s: float) -> None:
    """Poll other processes until a condition holds."""
    try:
        async with asyncio.timeout(timeout_s):
            while not await condition():  # noqa: ASYNC110 - processes of their own have no event of ours
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not within {timeout_s} s: {what}") from None


async def test_killed_with_alerts_on(
    alertmanager_server: Callable[[str], AlertmanagerServer],
    prometheus_server: Callable[..., PrometheusServer],
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    text = alertmanager_yaml(receiver.url)
    replicas = [await asyncio.to_thread(alertmanager_server, text) for _ in range(2)]
    port = free_port()
    targets = [server.url.partition("://")[2] for server in replicas]
    await asyncio.to_thread(prometheus_server, prometheus_yaml(f"127.0.0.1:{port}", targets), {"rules.yml": rules_yaml()})
    async with SimulatedVenueProcess(tmp_path, DemoOptions(accounts=ACCOUNTS, seed=3)) as venue:
        config = tmp_path / "marginwatch.toml"
        config.write_text(configuration(tmp_path, venue.keys, port, [server.url for server in replicas]))
        command = [sys.executable, "-m", "monitor.cli", "run", "--config", str(config)]
        daemon = ServerProcess(command, tmp_path / "daemon.log")
        daemon.start()
        try:
            ready = f"http://127.0.0.1:{port}/readyz"
            await asyncio.to_thread(daemon.wait_until, lambda: http_ok(ready), 90.0, "the daemon")
            await _kill_in_a_crash(daemon, venue, replicas, port, receiver)
            daemon.start()
            await asyncio.to_thread(daemon.wait_until, lambda: http_ok(ready), 90.0, "the daemon")
            await until(lambda: _agree(replicas, port), "replicas hold what the daemon holds", 60.0)
        finally:
            daemon.kill()


async def _kill_in_a_crash(
    daemon: ServerProcess, venue: SimulatedVenueProcess, replicas: list[AlertmanagerServer], port: int, receiver: Receiver
) -> None:
    await venue.crash(0.0, 0.2, 10.0)
    await receiver.wait_for(lambda: receiver.of("MarginwatchPool", "firing", "/page", severity="critical"), 60.0)
    await until(lambda: _agree(replicas, port), "both replicas hold every alert", 60.0)
    daemon.kill()
    told_before = len(receiver.told)
    on = [await active(server) for server in replicas]
    assert on[0] & on[1]
    await receiver.wait_for(lambda: receiver.of("MarginwatchDown", "firing", "/page", severity="critical"), 60.0)
    await asyncio.sleep(RESOLVE_TIMEOUTS * resolve_timeout_s())
    assert [await active(server) for server in replicas] == on
    held = on[0] & on[1]
    resolved = [told for told in receiver.told[told_before:] if told.status == "resolved"]
    assert [told for told in resolved if frozenset(told.labels.items()) in held] == []


async def _agree(replicas: list[AlertmanagerServer], port: int) -> bool:
    held = await open_alerts(port)
    return bool(held) and all([await active(server) == held for server in replicas])
