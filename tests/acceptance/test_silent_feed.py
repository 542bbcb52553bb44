"""One price feed stops in the middle of the crash: its holders go STALE, no level falls and no alert ends by it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connectors.recording.reader import RecordingReader
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.effects import CauseKind, CertaintyChanged, Effect, LevelChanged
from monitor.domain.level import Level
from monitor.replay.replay import engine_at_start
from tests.support.demo_process import DemoProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SILENT = "BTCUSDT"
DRIVER = f"mark/binance_usdm:{SILENT}"


async def test_silent_feed_lowers_no_level_and_ends_no_alert(tmp_path: Path) -> None:
    async with DemoProcess(tmp_path, crash_delay_s=5, crash_duration_s=30, fall_ratio=0.11) as run:
        await run.ready()
        # Deep enough for alerts, not for the venue's own liquidations, which would take the pools away.
        await asyncio.sleep(5 + 27)
        await run.venue("/simulator/faults", {"silent_symbols": [SILENT]})
        await asyncio.sleep(7)
        # Everything else recovers: what is held on by its silent feed alone would fall now.
        await run.venue("/simulator/crash", {"start_in_s": 0, "fall_ratio": -0.1, "duration_s": 5})
        blind = await run.all_accounts()
        alerts_before = await _alerts(run)
        await asyncio.sleep(8)
        alerts_after = await _alerts(run)
        still = await run.all_accounts()
        await run.venue("/simulator/faults", {"silent_symbols": []})
        await asyncio.sleep(3)
        assert await run.stop() == 0
        effects = _effects(run.recording)

    # A pool that the venue closed meanwhile holds the silent price no longer: its alerts may end.
    stale_pools = _stale_pools(blind).keys() & _stale_pools(still).keys()
    raised = [pool for pool in stale_pools if _stale_pools(blind)[pool] in {"warning", "critical", "liquidation"}]
    assert len(stale_pools) >= 20
    assert raised, "no pool was near enough to liquidation to be lowered by mistake"
    assert {(pool, level) for pool, level in alerts_before if pool in stale_pools} <= alerts_after
    _assert_silence_lowered_nothing(effects)


def _stale_pools(accounts: list[dict[str, Any]]) -> dict[str, str]:
    """The level of each pool that is STALE."""
    pools = (pool for account in accounts for pool in account["pools"])
    return {pool["pool"]: pool["level"] for pool in pools if pool["certainty"] == "stale"}


async def _alerts(run: DemoProcess) -> set[tuple[str, str]]:
    """Pool and level of the alerts that are on."""
    rows = (await run.get("/api/v1/alerts"))["alerts"]
    labels = [row.get("labels", row) for row in rows]
    return {(one["pool"], one["level"]) for one in labels if "pool" in one}


def _effects(recording: Path) -> list[Effect]:
    with RecordingReader(recording) as reader:
        engine = engine_at_start(reader)
        return [effect for record in reader for effect in engine.process(record.item, record.position)]


def _assert_silence_lowered_nothing(effects: list[Effect]) -> None:
    turns = [e for e in effects if isinstance(e, CertaintyChanged) and e.subject == DRIVER]
    assert [turn.new for turn in turns if turn.old != DriverState.NEVER_SEEN][-2:] == [DriverState.STALE, DriverState.LIVE]
    since, until = turns[-2].seq, turns[-1].seq
    changes = [e for e in effects if isinstance(e, LevelChanged) and e.cause.kind is not CauseKind.REMOVED]
    silent = [change for change in changes if since <= change.seq < until and change.certainty is Certainty.STALE]
    assert [change for change in silent if (change.new or Level.OK) < (change.old or Level.OK)] == []
    released = [change for change in changes if change.seq == until and (change.new or Level.OK) < (change.old or Level.OK)]
    assert released, "nothing was held on by the silence: the check above has seen nothing"
