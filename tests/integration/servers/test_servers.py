"""The servers of the harness start, answer, survive -9 and start again on their data."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from playwright.async_api import Browser

from tests.support.servers.alertmanager import AlertmanagerServer
from tests.support.servers.kafka import KafkaBroker
from tests.support.servers.process import http_ok
from tests.support.servers.prometheus import PrometheusServer

ALERTMANAGER = "route: {receiver: none}\nreceivers: [{name: none}]\n"
PROMETHEUS = "global: {scrape_interval: 1s}\n"


@pytest.mark.server("kafka")
@pytest.mark.slow
async def test_a_broker_killed_with_9_keeps_what_it_acknowledged(kafka_broker: KafkaBroker) -> None:
    topic = f"kept-{uuid.uuid4().hex}"
    await kafka_broker.create_topic(topic)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_broker.bootstrap, enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait(topic, b"before")
    await producer.stop()

    await asyncio.to_thread(kafka_broker.restart)

    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        record = await asyncio.wait_for(consumer.getone(), 20)
        assert record.value == b"before"
    finally:
        await consumer.stop()


@pytest.mark.server("alertmanager")
@pytest.mark.slow
def test_two_alertmanagers_run_side_by_side(alertmanager_server: Callable[[str], AlertmanagerServer]) -> None:
    first, second = alertmanager_server(ALERTMANAGER), alertmanager_server(ALERTMANAGER)
    first.kill()
    assert not http_ok(f"{first.url}/-/ready")
    assert http_ok(f"{second.url}/-/ready")
    first.start()
    assert http_ok(f"{first.url}/api/v2/alerts")


@pytest.mark.server("prometheus")
@pytest.mark.slow
def test_prometheus_answers_a_query(prometheus_server: Callable[..., PrometheusServer]) -> None:
    server = prometheus_server(PROMETHEUS, {})
    assert server.query("vector(7)")[0]["value"][1] == "7"


@pytest.mark.server("chromium")
@pytest.mark.slow
async def test_chromium_renders_a_page(chromium_browser: Browser) -> None:
    page = await chromium_browser.new_page()
    await page.set_content("<h1 id=level>CRITICAL</h1>")
    assert await page.inner_text("#level") == "CRITICAL"
