"""The shipped rules and routes in real servers, timers ten times as fast: a daemon that is gone wakes a person."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.alert_hook import AlertHook
from tests.support.servers.alertmanager import AlertmanagerServer
from tests.support.servers.prometheus import PrometheusServer
from tests.support.shipped_monitoring import scaled_duration, shipped_alertmanager, shipped_prometheus, shipped_rules

pytestmark = [pytest.mark.slow, pytest.mark.server("prometheus"), pytest.mark.server("alertmanager")]

FACTOR = 0.1


class Target:
    """Something that Prometheus can read until it is closed."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.end_headers()
                self.wfile.write(b'marginwatch_pools{venue="v",level="critical"} 2\n')

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Refuse every connection from now on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


@pytest.fixture
def target() -> Iterator[Target]:
    one = Target()
    yield one
    one.close()


@contextmanager
def running_prometheus(folder: Path, configuration: str) -> Iterator[PrometheusServer]:
    """The server with the shipped rules; how often it sends an alert again is a timer too, though one of its command line."""
    server = PrometheusServer(folder, configuration, {"rules.yml": shipped_rules(FACTOR)})
    server.process.command.append(f"--rules.alert.resend-delay={scaled_duration('1m', FACTOR)}")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_a_daemon_that_is_gone_pages_and_its_pools_do_not_read_as_safe(
    target: Target,
    alertmanager_server: Callable[[str], AlertmanagerServer],
    tmp_path: Path,
) -> None:
    with AlertHook() as hook, ExitStack() as stack:
        alertmanager = alertmanager_server(shipped_alertmanager(FACTOR, hook.url))
        told = alertmanager.url.removeprefix("http://")
        configuration = shipped_prometheus(FACTOR, [target.address], [told])
        prometheus = stack.enter_context(running_prometheus(tmp_path, configuration))
        hook.wait_for(lambda: prometheus.query('up{job="marginwatch"} == 1'), 20)

        # The independent path: nobody posted an alert of a pool, the metrics alone tell of it.
        hook.wait_for(lambda: hook.about(alertname="MarginwatchPoolsCritical", severity="critical", venue="v"), 20)
        assert not prometheus.query(f'ALERTS{{alertname="MarginwatchDown", instance="{target.address}"}}')
        hook.wait_for(lambda: len(hook.about(alertname="MarginwatchWatchdog")) >= 2, 20)
        assert {one.receiver for one in hook.about(alertname="MarginwatchWatchdog")} == {"dead-man"}

        target.close()
        hook.wait_for(lambda: hook.about(alertname="MarginwatchDown", severity="critical", instance=target.address), 20)
        down = hook.about(alertname="MarginwatchDown", instance=target.address)[0]
        assert (down.receiver, down.status) == ("page", "firing")
        # The series of the pools ended with the daemon; that clears nothing.
        assert not prometheus.query('marginwatch_pools{level="critical"}')
        assert prometheus.query('ALERTS{alertname="MarginwatchPoolsCritical", alertstate="firing"}')
        assert {one.status for one in hook.about(alertname="MarginwatchPoolsCritical")} == {"firing"}
