"""Every query of the dashboard returns figures while the demo crashes, from a real Prometheus with the shipped rules.

Panels that stay empty in a healthy crash are listed with the state that fills them (`FILLED_BY`), and that state is made here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.alert_hook import AlertHook
from tests.support.dashboard_check import FILLED_BY, PanelResult, check_dashboard
from tests.support.demo_process import DemoProcess
from tests.support.servers.alertmanager import AlertmanagerServer
from tests.support.servers.process import ServerProcess, free_port, http_ok
from tests.support.servers.prometheus import PrometheusServer
from tests.support.shipped_monitoring import shipped_alertmanager, shipped_prometheus, shipped_rules

pytestmark = [
    pytest.mark.slow,
    pytest.mark.server("prometheus"),
    pytest.mark.server("alertmanager"),
    pytest.mark.timeout(280),
]

FACTOR = 0.2
DELAY_S, DURATION_S = 15, 40
ACCOUNTS_WITH_PAGES = 40
IN_THE_CRASH = 'ALERTS{alertname="MarginwatchPoolsCritical", alertstate="firing"}'


async def test_every_query_returns_figures_in_the_crash(
    tmp_path: Path,
    alertmanager_server: Callable[[str], AlertmanagerServer],
    prometheus_server: Callable[..., PrometheusServer],
) -> None:
    state = tmp_path / "demo"
    state.mkdir()
    with AlertHook() as hook:
        alertmanager = alertmanager_server(shipped_alertmanager(FACTOR, hook.url))
        told = alertmanager.url.removeprefix("http://")
        async with DemoProcess(state, crash_delay_s=DELAY_S, crash_duration_s=DURATION_S) as demo:
            paging_port = free_port()
            daemons = [f"127.0.0.1:{demo.port}", f"127.0.0.1:{paging_port}"]
            prometheus = prometheus_server(shipped_prometheus(FACTOR, daemons, [told]), {"rules.yml": shipped_rules(FACTOR)})
            await demo.ready()
            async with paging_daemon(tmp_path / "paging", state, paging_port, alertmanager.url):
                await demo.venue("/simulator/faults", {"bad_json_ratio": 0.05})
                results = await filled_dashboard(prometheus, DELAY_S + DURATION_S + 20)
        reached = hook.about(alertname="MarginwatchPool")

    assert results, "the rule of critical pools did not fire in the crash"
    empty = [result for result in results if not result.is_filled]
    assert not empty, "\n".join(f"{one.panel}: {one.expr}: {one.error or 'no finite sample'}" for one in empty)
    assert reached, "the crash reached nobody"
    assert {result.panel for result in results} >= set(FILLED_BY)


async def filled_dashboard(prometheus: PrometheusServer, seconds: float) -> list[PanelResult]:
    """The dashboard at the first moment of the crash at which all of it is filled, else as it is at the end of the time."""
    results: list[PanelResult] = []
    try:
        async with asyncio.timeout(seconds):
            while not results or not all(result.is_filled for result in results):
                await asyncio.sleep(1)
                if await asyncio.to_thread(prometheus.query, IN_THE_CRASH):
                    results = await asyncio.to_thread(check_dashboard, prometheus.url)
    except TimeoutError:
        pass
    return results


@asynccontextmanager
async def paging_daemon(folder: Path, demo_state: Path, port: int, alertmanager_url: str) -> AsyncIterator[None]:
    """A second daemon, as configured by a file, on some accounts of the demo's venue; it pages by Alertmanager."""
    config = _write_configuration(folder, demo_state, port, alertmanager_url)
    process = ServerProcess([sys.executable, "-m", "monitor", "run", f"--config={config}"], folder / "daemon.log")
    await asyncio.to_thread(process.start)
    try:
        await asyncio.to_thread(process.wait_until, lambda: http_ok(f"http://127.0.0.1:{port}/livez"), 60.0, "the daemon")
        yield
    finally:
        await asyncio.to_thread(process.stop)


def _write_configuration(folder: Path, demo_state: Path, port: int, alertmanager_url: str) -> Path:
    folder.mkdir()
    keys = json.loads((demo_state / "venue-keys.json").read_bytes())
    lines = [
        f'[state]\nfolder = "{folder / "state"}"',
        f"[http]\nport = {port}",
        f'[notify.alertmanager]\nreplicas = ["{alertmanager_url}"]',
        "[venues.binance_usdm]",
        *(f'{name} = "{keys[url]}"' for name, url in (("rest_url", "rest_url"), ("stream_url", "stream_url"))),
        f'permissions_url = "{keys["rest_url"]}"',
        # The limits of the real venue would open the accounts after the crash.
        "weight_per_minute = 1000000\nconnects_per_five_minutes = 1000",
    ]
    for account in keys["accounts"][:ACCOUNTS_WITH_PAGES]:
        files = demo_state / "keys" / account["name"]
        lines += [
            "[[venues.binance_usdm.accounts]]",
            f'name = "{account["name"]}"',
            f'key_file = "{files}.api_key"',
            f'secret_file = "{files}.api_secret"',
        ]
    config = folder / "marginwatch.toml"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config
