"""The HTTP listener over a real loopback socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest
from prometheus_client import CollectorRegistry

from connectors.feed_health import FeedHealth, FeedState
from monitor.domain.errors import BadConfiguration
from monitor.domain.ids import cross_pool
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.server import TelemetryServer
from monitor.telemetry.settings import HttpSettings
from tests.support.risk_view import VENUE, FakeClock, FakeRiskView


class Daemon:
    def __init__(self, view: FakeRiskView, **settings: Any) -> None:
        self.reasons: list[str] = []
        self.view = view
        self.server = TelemetryServer(
            view,
            HttpSettings(port=0, **settings),
            run_id="run-1",
            ready=lambda: self.reasons,
            alerts=list,
            feeds=lambda: [FeedHealth(name=f"{VENUE}:market/0", kind="market", state=FeedState.STALE, reason="silent")],
            metrics=Metrics(view, CollectorRegistry(), inbox_depth=lambda: 7),
            clock=FakeClock(),
        )
        self.session: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        async with self.session.get(f"{self.server.url}{path}", headers=headers) as response:
            return response.status, orjson.loads(await response.read())


@asynccontextmanager
async def running(view: FakeRiskView, **settings: Any) -> AsyncIterator[Daemon]:
    daemon = Daemon(view, **settings)
    task = asyncio.create_task(daemon.server.run())
    async with aiohttp.ClientSession() as daemon.session:
        await daemon.server.listening.wait()
        yield daemon
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.fixture
def view() -> FakeRiskView:
    book = FakeRiskView()
    book.add_instrument("BTCUSDT", "60000")
    for index in range(5):
        book.add_account(f"a{index}", "10000", {"BTCUSDT": (f"{0.4 * (index + 1):.1f}", "60000")}, f"entity{index % 2}")
    book.value()
    return book


async def test_every_answer_says_which_moment_it_is_of(view: FakeRiskView) -> None:
    async with running(view) as daemon:
        for path in ("/livez", "/readyz", "/api/v1/accounts", "/api/v1/alerts", "/api/v1/feeds", "/nowhere"):
            _, body = await daemon.get(path)
            assert (body["run_id"], body["as_of_seq"], body["as_of_ns"]) == ("run-1", view.seq, view.now_ns)


async def test_readiness_gives_its_reasons(view: FakeRiskView) -> None:
    async with running(view) as daemon:
        daemon.reasons = ["compiling_kernels"]
        status, body = await daemon.get("/readyz")
        assert (status, body["ready"], body["reasons"]) == (503, False, ["compiling_kernels"])
        assert (await daemon.get("/livez"))[0] == 200
        daemon.reasons = []
        assert (await daemon.get("/readyz"))[0] == 200


async def test_pages_follow_each_other_without_loss(view: FakeRiskView) -> None:
    for sort in ("account", "worst", "equity"):
        async with running(view) as daemon:
            seen, cursor = [], ""
            while True:
                _, body = await daemon.get(f"/api/v1/accounts?limit=2&sort={sort}{cursor}")
                seen += [account["account"] for account in body["accounts"]]
                if body["next_cursor"] is None:
                    break
                cursor = f"&cursor={body['next_cursor']}"
            assert sorted(seen) == sorted(view.accounts)
            assert len(seen) == len(set(seen)) == body["matching"]
            if sort == "worst":
                assert seen == sorted(view.accounts, reverse=True)


async def test_filters(view: FakeRiskView) -> None:
    async with running(view) as daemon:
        _, body = await daemon.get("/api/v1/accounts?entity=entity1")
        assert [account["account"] for account in body["accounts"]] == [f"{VENUE}:a1", f"{VENUE}:a3"]
        _, body = await daemon.get("/api/v1/accounts?level=ok")
        assert {pool["level"] for account in body["accounts"] for pool in account["pools"]} == {"ok"}
        assert (await daemon.get("/api/v1/accounts?venue=other"))[1]["accounts"] == []


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/api/v1/accounts?level=high", "level", "high"),
        ("/api/v1/accounts?limit=0", "limit", "0"),
        ("/api/v1/accounts?limit=٣", "limit", "٣"),
        ("/api/v1/accounts?sort=size", "sort", "size"),
        ("/api/v1/accounts?cursor=zzz", "cursor", "zzz"),
        ("/api/v1/accounts?vneue=x", "vneue", "x"),
        ("/api/v1/stream?level=9", "level", "9"),
    ],
)
async def test_a_bad_parameter_is_named(view: FakeRiskView, path: str, field: str, value: str) -> None:
    async with running(view) as daemon:
        status, body = await daemon.get(path)
        assert status == 400
        assert (body["error"]["field"], body["error"]["value"]) == (field, value)


async def test_one_pool_by_its_encoded_id(view: FakeRiskView) -> None:
    async with running(view) as daemon:
        pool = cross_pool(f"{VENUE}:a4", "USDT")
        _, body = await daemon.get(f"/api/v1/pools/{pool.replace('/', '%2F')}")
        assert body["pool"]["pool"] == pool
        assert body["account"]["entity"] == "entity0"
        status, body = await daemon.get("/api/v1/pools/nothing%2Fcross")
        assert (status, body["error"]["value"]) == (404, "nothing/cross")
        _, body = await daemon.get(f"/api/v1/accounts/{VENUE}:a4")
        assert body["account"]["pools"][0]["pool"] == pool
        assert (await daemon.get(f"/api/v1/accounts/{VENUE}:a9"))[0] == 404


async def test_another_host_name_is_refused(view: FakeRiskView) -> None:
    async with running(view) as daemon:
        status, body = await daemon.get("/api/v1/accounts", Host="evil.example:8700")
        assert (status, body["error"]["field"]) == (421, "Host")


async def test_the_stream_sends_the_worst_that_match(view: FakeRiskView) -> None:
    async with (
        running(view, stream_interval_seconds=0.1, board_rows=3) as daemon,
        daemon.session.get(f"{daemon.server.url}/api/v1/stream?search=entity1") as response,
    ):
        first = await next_message(response)
        assert [row["account"] for row in first["rows"]] == [f"{VENUE}:a3", f"{VENUE}:a1"]
        assert first["totals"]["pools"] == 5
        assert first["feeds"]["troubled"][0]["state"] == "stale"
        view.set_mark("BTCUSDT", "58000")
        view.value()
        later = await next_message(response)
        while later["as_of_seq"] < view.seq:
            later = await next_message(response)
        assert float(later["rows"][0]["margin_ratio"]) > float(first["rows"][0]["margin_ratio"])


async def test_before_the_kernels_are_compiled_every_level_is_null(view: FakeRiskView) -> None:
    view.is_valuing = False
    async with running(view) as daemon, daemon.session.get(f"{daemon.server.url}/api/v1/stream") as response:
        message = await next_message(response)
    assert not message["is_valuing"]
    assert {row["level"] for row in message["rows"]} == {None}
    assert message["totals"]["levels"]["none"] == 5


async def test_readers_beyond_the_limit_are_turned_away(view: FakeRiskView) -> None:
    async with running(view, stream_clients=1) as daemon, daemon.session.get(f"{daemon.server.url}/api/v1/stream") as response:
        await next_message(response)
        assert (await daemon.get("/api/v1/stream"))[0] == 503


async def test_the_page_and_its_files_are_served(view: FakeRiskView) -> None:
    async with running(view) as daemon, daemon.session.get(daemon.server.url) as page:
        text = await page.text()
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "http" not in text
        async with daemon.session.get(f"{daemon.server.url}/board/rows.js") as script:
            assert script.headers["Content-Type"].startswith("text/javascript")


async def test_a_taken_port_names_the_option(view: FakeRiskView) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon = Daemon(view)
        server = daemon.server
        server._settings = HttpSettings(port=taken.getsockname()[1])
        with pytest.raises(BadConfiguration, match="--port"):
            await server.run()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_only_loopback_may_be_listened_on(host: str) -> None:
    with pytest.raises(BadConfiguration, match=r"http\.host"):
        HttpSettings(host=host)


async def next_message(response: aiohttp.ClientResponse) -> dict[str, Any]:
    while True:
        line = await response.content.readline()
        if line.startswith(b"data: "):
            return dict(orjson.loads(line[6:]))
