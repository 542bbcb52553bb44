"""The risk board in a real browser, behind the real server, over a book that the test moves."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from prometheus_client import CollectorRegistry

from connectors.feed_health import FeedHealth, FeedState
from monitor.domain.ids import DriverKey, DriverKind
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.server import TelemetryServer
from monitor.telemetry.settings import HttpSettings
from tests.support.risk_view import VENUE, FakeRiskView

pytestmark = pytest.mark.slow


class WallClock:
    """The board computes ages against this computer's clock."""

    def now_ns(self) -> int:
        return time.time_ns()


class Desk:
    """A served book and the page that shows it."""

    def __init__(self, view: FakeRiskView) -> None:
        self.view = view
        self.view.now_ns = time.time_ns()
        self.reasons: list[str] = []
        self.errors: list[str] = []
        self.page: Page
        self.server = TelemetryServer(
            view,
            HttpSettings(port=0, stream_interval_seconds=0.2),
            run_id="run-1",
            ready=lambda: self.reasons,
            alerts=list,
            feeds=lambda: [
                FeedHealth(name=f"{VENUE}:market/0", kind="market", state=FeedState.LIVE, last_recv_ns=time.time_ns())
            ],
            metrics=Metrics(view, CollectorRegistry(), inbox_depth=lambda: 0),
            clock=WallClock(),
        )
        self.task = asyncio.create_task(self.server.run())

    async def open(self, browser: Browser) -> None:
        await self.server.listening.wait()
        self.page = await browser.new_page(viewport={"width": 1440, "height": 900})
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        await self.page.goto(self.server.url)
        await expect(self.page.locator("#rows tr").first).to_be_visible()

    async def stop(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    def row(self, name: str) -> Locator:
        return self.page.locator(f'tr[data-pool^="{VENUE}:{name}/"]')


@pytest.fixture
async def desk(chromium_browser: Browser) -> AsyncIterator[Desk]:
    view = FakeRiskView()
    view.now_ns = time.time_ns()
    view.add_instrument("BTCUSDT", "60000")
    view.add_instrument("ETHUSDT", "3000")
    view.add_account("calm", "100000", {"BTCUSDT": ("0.1", "60000")}, "Alder Capital")
    view.add_account("near", "12000", {"BTCUSDT": ("1.2", "60000")}, "Birch Trading")
    view.add_account("hedged", "30000", {"ETHUSDT": ("-20", "3000")}, "Birch Trading")
    view.value()
    made = Desk(view)
    await made.open(chromium_browser)
    yield made
    await made.stop()


async def test_a_row_changes_its_level_before_ones_eyes_and_moves_to_the_top(desk: Desk) -> None:
    await expect(desk.row("near")).to_have_attribute("data-level", "ok")
    desk.view.set_mark("BTCUSDT", "52500")
    desk.view.value()
    await expect(desk.row("near")).to_have_attribute("data-level", "critical")
    await expect(desk.row("near")).to_have_class(re.compile("worse"))
    await expect(desk.page.locator("#rows tr").first).to_have_attribute("data-pool", f"{VENUE}:near/cross/USDT")
    await expect(desk.row("near")).to_contain_text("Critical")
    await expect(desk.page.locator("#levels .total.critical b")).to_have_text("1")
    await expect(desk.page.locator("#changes li").first).to_contain_text("near ok → critical")
    assert desk.errors == []


async def test_both_axes_are_shown(desk: Desk) -> None:
    desk.view.set_mark("BTCUSDT", "52500")
    desk.view.value()
    key = DriverKey(DriverKind.MARK, f"{VENUE}:BTCUSDT")
    desk.view.drivers[key] = (desk.view.drivers[key][0], time.time_ns() - 41_000_000_000)
    desk.view.stale.add(key)
    await expect(desk.row("near").locator(".badge")).to_have_text("Critical")
    await expect(desk.row("near").locator(".certainty")).to_have_text(re.compile(r"^stale 4\d s$"))
    await expect(desk.row("near").locator(".c-age")).to_have_text(re.compile(r"^4\d s$"))
    await expect(desk.page.locator("#certainties")).to_contain_text("2 stale")


async def test_the_page_greys_without_messages_and_lives_again_by_itself(desk: Desk) -> None:
    desk.server._stream._interval_seconds = 3600  # silent, the connection stays: as after a SIGSTOP
    banner = desk.page.locator("#banner")
    await expect(banner).to_have_text(re.compile(r"^NOT LIVE since \d\d:\d\d:\d\d$"), timeout=8000)
    await expect(desk.page.locator("body")).to_have_class(re.compile("not-live"))
    assert desk.errors == []
    port = desk.server.port
    await desk.stop()
    desk.server._stream._interval_seconds = 0.2
    desk.server._settings = HttpSettings(port=port, stream_interval_seconds=0.2)
    desk.task = asyncio.create_task(desk.server.run())
    await expect(banner).to_be_hidden(timeout=15000)
    await expect(desk.page.locator("body")).not_to_have_class(re.compile("not-live"))


async def test_a_click_opens_the_drawer_and_escape_closes_it(desk: Desk) -> None:
    await desk.row("hedged").click()
    drawer = desk.page.locator("#drawer")
    await expect(drawer.locator("h2")).to_have_text("hedged")
    await expect(drawer).to_contain_text("ETHUSDT short")
    await expect(drawer).to_contain_text("Liquidation distance")
    desk.view.set_mark("ETHUSDT", "3100")
    desk.view.value()
    await expect(drawer).to_contain_text("−2,000")
    await desk.page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    assert desk.errors == []


async def test_the_keyboard_reaches_everything(desk: Desk) -> None:
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#drawer")).to_be_visible()
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.press("/")
    await desk.page.keyboard.type("BIRCH")
    await expect(desk.page.locator("#rows tr")).to_have_count(2)
    await expect(desk.page).to_have_url(re.compile(r"\?search=BIRCH$"))


async def test_filters_by_level_and_by_search(desk: Desk) -> None:
    desk.view.set_mark("BTCUSDT", "52500")
    desk.view.value()
    await desk.page.locator("#levels .total.critical").click()
    await expect(desk.page.locator("#rows tr")).to_have_count(1)
    await desk.page.locator("#levels .total.critical").click()
    await expect(desk.page.locator("#rows tr")).to_have_count(3)
    await desk.page.locator("#search").fill("nobody")
    await expect(desk.page.locator("#empty")).to_have_text("No pool matches the filter")


async def test_before_valuation_the_level_reads_compiling(desk: Desk) -> None:
    desk.view.is_valuing = False
    desk.reasons = ["compiling_kernels"]
    await expect(desk.row("near").locator(".badge")).to_have_text("Compiling")
    await expect(desk.page.locator("#notready")).to_have_text("Not ready: compiling kernels")
    await expect(desk.row("near").locator(".c-ratio")).to_contain_text("not valued")


async def test_text_from_outside_is_never_markup(desk: Desk) -> None:
    desk.view.accounts[f"{VENUE}:calm"].entity = "<img src=x onerror=alert(1)>"
    await expect(desk.row("calm")).to_contain_text("<img src=x")
    assert await desk.page.locator("#rows img").count() == 0


@pytest.mark.parametrize("width", [390, 1024, 1440])
async def test_nothing_runs_out_of_the_page(desk: Desk, width: int) -> None:
    await desk.page.set_viewport_size({"width": width, "height": 800})
    assert await desk.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
