"""What the monitor said of a crash, held against what the venue then did: own arithmetic over the venue's own records."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.recording.reader import RecordingReader
from monitor.domain.certainty import Certainty
from monitor.domain.effects import CauseKind, LevelChanged
from monitor.domain.inputs import PriceBatch
from monitor.domain.level import Level
from monitor.replay.replay import engine_at_start, settings_of
from tests.support.requirements import ROOT

CRITICAL_BUFFER = 0.05
LEAD_SHARE = 0.9


@dataclass(slots=True)
class Said:
    """One level change with the venue time (ms) of the input that caused it."""

    change: LevelChanged
    venue_ms: int


@dataclass(slots=True)
class Verdict:
    """One liquidation of the venue, and what was said before it."""

    pool: str
    venue_ms: int
    liquidation_ms: int | None
    critical_ms: int | None
    needed_s: float
    is_fresh: bool
    gaps: list[str] = field(default_factory=list)

    @property
    def lead_s(self) -> float | None:
        """How long before the liquidation CRITICAL was decided."""
        return None if self.critical_ms is None else (self.venue_ms - self.critical_ms) / 1000


def level_changes(recording: Path) -> dict[str, list[Said]]:
    """Every level change of a recording, by pool, from a replay of it."""
    said: dict[str, list[Said]] = {}
    with RecordingReader(recording) as reader:
        engine = engine_at_start(reader, settings_of(reader.header, recording.name), None)
        for record in reader:
            item = record.item
            times = item.ts_event_ns if isinstance(item, PriceBatch) else None
            for effect in engine.process(item, record.position):
                if isinstance(effect, LevelChanged):
                    event_ns = getattr(item, "ts_event_ns", 0) if times is None else times[effect.seq - record.seq]
                    said.setdefault(effect.pool, []).append(Said(effect, event_ns // 1_000_000))
    return said


def judge(liquidations: list[dict[str, Any]], ticks: list[dict[str, Any]], said: dict[str, list[Said]]) -> list[Verdict]:
    """A verdict per liquidation of the venue; `gaps` lists what falls short, in words."""
    return [_judge(liquidation, ticks, said) for liquidation in liquidations]


def _judge(liquidation: dict[str, Any], ticks: list[dict[str, Any]], said: dict[str, list[Said]]) -> Verdict:
    pool = f"binance_usdm:{liquidation['account']}/{liquidation['pool']}"
    venue_ms = int(liquidation["time"])
    before = [one for one in said.get(pool, []) if _is_before(one, venue_ms)]
    verdict = Verdict(
        pool,
        venue_ms,
        _since(before, Level.LIQUIDATION),
        _since(before, Level.CRITICAL),
        LEAD_SHARE * CRITICAL_BUFFER / max(_adverse_speed(liquidation, ticks), 1e-12),
        all(one.change.certainty is Certainty.FRESH for one in before),
    )
    if verdict.liquidation_ms is None:
        verdict.gaps.append("LIQUIDATION was not on at the venue's tick")
    if verdict.critical_ms is None or verdict.critical_ms >= venue_ms:
        verdict.gaps.append("CRITICAL was not on at an earlier tick")
    elif verdict.lead_s is not None and verdict.lead_s < verdict.needed_s:
        verdict.gaps.append(f"CRITICAL {verdict.lead_s:.0f} s before, {verdict.needed_s:.1f} s were due")
    return verdict


def _is_before(one: Said, venue_ms: int) -> bool:
    """Whether a change was decided before the venue acted: by the prices of its tick at the latest, not by its own fills."""
    return one.venue_ms <= venue_ms if one.change.cause.kind is CauseKind.PRICE else one.venue_ms < venue_ms


def _since(before: list[Said], level: Level) -> int | None:
    """Since when (ms) the level has been at or beyond `level` without a break; None when it is not."""
    since = None
    for one in before:
        is_on = one.change.new is not None and one.change.new >= level
        since = (one.venue_ms if since is None else since) if is_on else None
    return since


def _adverse_speed(liquidation: dict[str, Any], ticks: list[dict[str, Any]]) -> float:
    """The mean joint adverse move per second over the crash, in the units of the buffer: loss over stress notional."""
    weights = tomllib.loads((ROOT / "monitor" / "rules" / "class_weights.toml").read_text(encoding="utf-8"))
    first = ticks[0]
    loss, signed, largest = 0.0, 0.0, 0.0
    for position in liquidation["positions"]:
        size = float(position["positionAmt"])
        mark, start = float(position["markPrice"]), float(first["marks"][position["symbol"]])
        base = position["symbol"].split("_")[0].removesuffix("USDT").removesuffix("USDC")
        exposure = size * mark * float(weights["weights"].get(base, weights["default"]))
        loss -= size * (mark - start)
        signed += exposure
        largest = max(largest, abs(exposure))
    stress = max(abs(signed), largest / 2)
    return loss / stress / ((liquidation["time"] - first["time"]) / 1000) if stress else 0.0


def survivors_in_liquidation(said: dict[str, list[Said]], liquidations: list[dict[str, Any]]) -> list[str]:
    """Pools that ended in LIQUIDATION though the venue liquidated nothing of them."""
    dead = {f"binance_usdm:{one['account']}/{one['pool']}" for one in liquidations}
    return [pool for pool, changes in said.items() if changes[-1].change.new is Level.LIQUIDATION and pool not in dead]


def lead_distribution(verdicts: list[Verdict]) -> str:
    """The distribution of lead times, for people."""
    leads = sorted(one.lead_s for one in verdicts if one.lead_s is not None)
    if not leads:
        return "no CRITICAL before any liquidation"
    picks = {f"p{share}": leads[min(len(leads) - 1, share * len(leads) // 100)] for share in (0, 5, 25, 50, 75, 95)}
    return ", ".join(f"{name} {lead:.0f} s" for name, lead in picks.items()) + f", max {leads[-1]:.0f} s, n {len(leads)}"


def account_of_the_crash(verdicts: list[Verdict]) -> str:
    """One line a liquidation, with what fell short: all of them are listed."""
    lines = [f"{len(verdicts)} liquidations; lead of CRITICAL: {lead_distribution(verdicts)}"]
    for verdict in verdicts:
        lead = "none" if verdict.lead_s is None else f"{verdict.lead_s:.0f} s"
        certainty = "fresh" if verdict.is_fresh else "not fresh"
        lines.append(
            f"{verdict.pool}: {certainty}, lead {lead}, due {verdict.needed_s:.1f} s {'; '.join(verdict.gaps)}".rstrip()
        )
    return "\n".join(lines) + "\n"
