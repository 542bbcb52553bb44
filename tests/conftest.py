"""Fixtures for real servers, and the last line of a run: how many tests were skipped."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.requirements import required

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.support.servers.alertmanager import AlertmanagerServer
    from tests.support.servers.kafka import KafkaBroker
    from tests.support.servers.prometheus import PrometheusServer

SERVERS = ("shared", "kafka", "prometheus", "alertmanager", "chromium")

# The same examples in every run: a failure on one machine is a failure on all.
settings.register_profile("marginwatch", derandomize=True, deadline=None, database=None)
settings.load_profile("marginwatch")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a MARGINWATCH_REQUIRE that names nothing we know: a typing error would skip in silence."""
    unknown = required() - set(SERVERS)
    if unknown:
        raise pytest.UsageError(f"MARGINWATCH_REQUIRE: unknown {', '.join(sorted(unknown))}; known: {', '.join(SERVERS)}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the number of skipped tests as the last line: a run that skipped half must not look green."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"skipped: {len(reporter.stats.get('skipped', []))}")


@pytest.fixture(scope="module", autouse=True)
def _leave_earlier_modules_out_of_collections() -> None:
    """What earlier tests left behind would be gone through again at every collection of a test that makes much itself."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def kafka_broker_of_the_run() -> Iterator[KafkaBroker]:
    """One broker process for the whole run; tests ask for `kafka_broker`."""
    from tests.support.servers.kafka import KafkaBroker  # noqa: PLC0415 - only tests that ask for it pay for the import

    with tempfile.TemporaryDirectory(prefix="marginwatch-kafka-") as folder:
        broker = KafkaBroker(Path(folder))
        broker.start()
        yield broker
        broker.stop()


@pytest.fixture
def kafka_broker(kafka_broker_of_the_run: KafkaBroker) -> KafkaBroker:
    """A real broker, running; tests use topics of their own (`create_marginwatch_topics(prefix)`)."""
    broker = kafka_broker_of_the_run
    if not broker.is_external and not broker.process.is_running():
        broker.start()  # the test before this one failed between its kill and its restart
    return broker


@pytest.fixture
def alertmanager_server(tmp_path: Path) -> Iterator[Callable[[str], AlertmanagerServer]]:
    """Start any number of Alertmanagers: call it with the text of the configuration."""
    from tests.support.servers.alertmanager import AlertmanagerServer  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        count = 0

        def start(configuration: str) -> AlertmanagerServer:
            nonlocal count
            count += 1
            folder = tmp_path / f"alertmanager-{count}"
            folder.mkdir()
            server = AlertmanagerServer(folder, configuration)
            stack.callback(server.stop)
            server.start()
            return server

        yield start


@pytest.fixture
def prometheus_server(tmp_path: Path) -> Iterator[Callable[..., PrometheusServer]]:
    """Start any number of Prometheus servers: call it with the configuration's text and `rules={file name: text}`."""
    from tests.support.servers.prometheus import PrometheusServer  # noqa: PLC0415 - as above

    with ExitStack() as stack:
        count = 0

        def start(configuration: str, rules: dict[str, str] | None = None) -> PrometheusServer:
            nonlocal count
            count += 1
            folder = tmp_path / f"prometheus-{count}"
            folder.mkdir()
            server = PrometheusServer(folder, configuration, rules)
            stack.callback(server.stop)
            server.start()
            return server

        yield start


@pytest.fixture
async def chromium_browser() -> AsyncIterator[Browser]:
    """The system's Chromium, headless, with an empty profile."""
    from tests.support.servers.chromium import open_chromium  # noqa: PLC0415 - as above

    async with open_chromium() as browser:
        yield browser
