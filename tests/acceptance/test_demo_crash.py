"""The demo as a person runs it, through its crash: what the monitor said, what the venue did, what the screen showed.

One run of `marginwatch demo` serves all of it: the board in a real Chromium, the API, the recording and the venue's own log.
"""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.async_api import Page

from connectors.recording.reader import RecordingReader
from monitor.analytics.document import account_document
from monitor.analytics.report import account_reports
from monitor.domain.inputs import PriceBatch
from monitor.domain.level import level_label
from monitor.replay.replay import engine_at_start
from tests.support.crash_acceptance import (
    account_of_the_crash,
    judge,
    lead_distribution,
    level_changes,
    survivors_in_liquidation,
)
from tests.support.demo_process import DemoProcess
from tests.support.requirements import ROOT
from tests.support.servers.chromium import open_chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

CRASH_DELAY_S = 12
CRASH_DURATION_S = 90
SAMPLES = 20
ARTIFACTS = ROOT / "artifacts"


@dataclass(slots=True)
class Seen:
    """What was seen from outside during the run."""

    state: Path
    page_up_s: float = 0.0
    ready_s: float = 0.0
    accounts: list[dict[str, Any]] = field(default_factory=list)
    api: list[dict[str, Any]] = field(default_factory=list)
    board: list[dict[str, Any]] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    banner: str = ""
    is_grey: bool = False
    liquidations: list[dict[str, Any]] = field(default_factory=list)
    ticks: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int | None = None
    output: str = ""
    recording: Path = Path()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One run of the demo, watched to the end of the crash and stopped with Ctrl-C."""
    seen = Seen(tmp_path_factory.mktemp("demo"))
    asyncio.run(_watch_demo(seen))
    yield seen


async def _watch_demo(seen: Seen) -> None:
    run = DemoProcess(seen.state, crash_delay_s=CRASH_DELAY_S, crash_duration_s=CRASH_DURATION_S)
    async with run, open_chromium() as browser:
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        page.on("console", lambda message: seen.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: seen.console.append(str(error)))
        await page.goto(f"http://127.0.0.1:{run.port}/")
        await run.ready()
        seen.page_up_s, seen.ready_s = run.page_up_s, run.ready_s
        await _watch_crash(seen, run, page)
        begins = (await run.venue("/simulator/status"))["phases"][0]["startTime"]
        seen.liquidations = await run.venue("/simulator/liquidations")
        seen.ticks = [tick for tick in await run.venue("/simulator/ticks") if tick["time"] >= begins]
        await _freeze(seen, run.process, page)
        seen.exit_code = await run.stop()
        seen.output, seen.recording = run.output, run.recording


async def _watch_crash(seen: Seen, run: DemoProcess, page: Page) -> None:
    """Sample API and board twenty times over the second half of the crash, where levels change."""
    start = time.monotonic() + CRASH_DELAY_S + CRASH_DURATION_S * 0.3
    await asyncio.sleep(CRASH_DELAY_S / 2)
    seen.accounts = await run.all_accounts()
    step = CRASH_DURATION_S * 0.7 / SAMPLES
    for sample in range(SAMPLES):
        await asyncio.sleep(max(0.0, start + sample * step - time.monotonic()))
        seen.api.append(await run.get("/api/v1/accounts", limit="200"))
        seen.board.append(await page.evaluate(_READ_BOARD))
        if sample == SAMPLES * 3 // 4:
            ARTIFACTS.mkdir(exist_ok=True)
            await page.screenshot(path=ARTIFACTS / "board-crash.png")
    await asyncio.sleep(step + 5)


_READ_BOARD = """() => ({
    seq: Number(document.querySelector('#seq').textContent.replace(/[^0-9]/g, '')),
    rows: [...document.querySelectorAll('#rows tr')].map(row => [row.dataset.pool, row.dataset.level, row.dataset.certainty]),
})"""


async def _freeze(seen: Seen, process: subprocess.Popen[bytes], page: Page) -> None:
    """Stop the daemon in its tracks: the page must say that it is not live."""
    process.send_signal(signal.SIGSTOP)
    try:
        banner = page.locator("#banner")
        await banner.wait_for(state="visible", timeout=10_000)
        seen.banner = await banner.inner_text()
        seen.is_grey = bool(
            await page.evaluate("getComputedStyle(document.body).filter !== 'none' || document.body.className !== ''")
        )
        await page.screenshot(path=ARTIFACTS / "board-not-live.png")
    finally:
        process.send_signal(signal.SIGCONT)


def test_says_what_it_does_and_stops_cleanly(demo: Seen) -> None:
    assert re.search(r"board is at http://127\.0\.0\.1:\d+/", demo.output)
    assert "READY" in demo.output
    assert "Stopped. Replay" in demo.output
    assert "Traceback" not in demo.output
    assert demo.exit_code == 0


def test_every_liquidation_was_announced(demo: Seen) -> None:
    said = level_changes(demo.recording)
    verdicts = judge(demo.liquidations, demo.ticks, said)
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / "liquidations.txt").write_text(account_of_the_crash(verdicts), encoding="utf-8")
    sys.stdout.write(f"\n{len(verdicts)} liquidations; lead of CRITICAL: {lead_distribution(verdicts)}\n")
    assert len(verdicts) >= 50
    fresh = [verdict for verdict in verdicts if verdict.is_fresh]
    assert len(fresh) >= 0.95 * len(verdicts)
    assert [verdict.pool for verdict in fresh if verdict.liquidation_ms is None] == []
    assert [verdict.pool for verdict in fresh if verdict.critical_ms is None or verdict.critical_ms >= verdict.venue_ms] == []
    in_time = [verdict for verdict in fresh if verdict.lead_s is not None and verdict.lead_s >= verdict.needed_s]
    assert len(in_time) >= 0.95 * len(fresh)
    assert survivors_in_liquidation(said, demo.liquidations) == []


def test_board_api_and_replay_agree(demo: Seen) -> None:
    """At the same seq the API's whole answer is the replay's, and so are level and certainty of every row on the board."""
    wanted = sorted({answer["as_of_seq"] for answer in demo.api} | {shown["seq"] for shown in demo.board})
    assert len(demo.api) == SAMPLES
    at_seq = _accounts_at(demo.recording, wanted)
    rows = 0
    for answer in demo.api:
        shown = answer["accounts"]
        assert shown == at_seq[answer["as_of_seq"]][: len(shown)], f"API and replay differ at seq {answer['as_of_seq']}"
    for shown_board in demo.board:
        pools = {pool["pool"]: pool for account in at_seq[shown_board["seq"]] for pool in account["pools"]}
        for pool, level, certainty in shown_board["rows"]:
            assert (level, certainty) == (pools[pool]["level"], pools[pool]["certainty"]), f"{pool} at seq {shown_board['seq']}"
            rows += 1
    assert rows > SAMPLES


def test_rows_change_level_before_ones_eyes(demo: Seen) -> None:
    levels: dict[str, set[str]] = {}
    for shown in demo.board:
        for pool, level, _certainty in shown["rows"]:
            levels.setdefault(pool, set()).add(level)
    assert sum(len(found) > 1 for found in levels.values()) >= 10
    assert demo.console == []


def test_page_greys_when_the_daemon_stands_still(demo: Seen) -> None:
    assert re.search(r"NOT LIVE since \d\d:\d\d:\d\d", demo.banner)
    assert demo.is_grey


def test_first_screen_is_up_in_time(demo: Seen) -> None:
    """The page stands before anything else is ready; three hundred accounts follow on as many private streams."""
    assert len(demo.accounts) >= 300
    assert {account["certainty"] for account in demo.accounts} == {"fresh"}
    assert 0 < demo.page_up_s <= demo.ready_s


def _accounts_at(recording: Path, seqs: list[int]) -> dict[int, list[dict[str, Any]]]:
    """All accounts as a replay of the recording has them at each of the seqs (ascending)."""
    found: dict[int, list[dict[str, Any]]] = {}
    waiting = iter(seqs)
    wanted = next(waiting)
    with RecordingReader(recording) as reader:
        engine = engine_at_start(reader)
        for record in reader:
            items = [record.item]
            if isinstance(record.item, PriceBatch):
                items = [record.item.slice(row, row + 1) for row in range(len(record.item))]
            for item in items:
                engine.process(item, record.position)
                while wanted is not None and engine.seq == wanted:
                    plain = [account_document(report) for report in account_reports(engine)]
                    found[wanted] = orjson.loads(orjson.dumps(plain))
                    wanted = next(waiting, None)
            if wanted is None:
                break
    assert level_label(None) == "none"
    return found
