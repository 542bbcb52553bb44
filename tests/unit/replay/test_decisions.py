"""Decision lines have one form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

import pytest

from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.effects import Cause, CauseKind, CertaintyChanged, CertaintySubject, Effect, LevelChanged, TableApplied
from monitor.domain.level import Level
from monitor.replay.decisions import alert_line, canonical, decision_line, decision_lines

CHANGED = LevelChanged(
    seq=7,
    engine_ns=5,
    pool="binance:a/cross",
    account="binance:a",
    old=None,
    new=Level.CRITICAL,
    cause=Cause(CauseKind.PRICE, "mark/binance:BTCUSDT", 1.5, 1e16),
    certainty=Certainty.STALE,
    collateral_value=0.1,
    maintenance_margin=2.0,
    stress_notional=0.0,
    headroom=-1.9,
    margin_ratio=20.0,
    margin_ratio_reason=None,
    buffer_ratio=None,
    buffer_ratio_reason="no_exposure",
    margin_currency="USD",
    table_version="v1",
)
WOKEN = CertaintyChanged(
    seq=8,
    engine_ns=6,
    kind=CertaintySubject.DRIVER,
    subject="mark/binance:BTCUSDT",
    old=DriverState.STALE,
    new=DriverState.LIVE,
    reasons=(),
)
TABLE = TableApplied(seq=9, engine_ns=6, key="k", version="v", pools=1)


def test_level_line_is_canonical() -> None:
    assert decision_line(CHANGED) == (
        '{"account":"binance:a","buffer":null,"buffer_reason":"no_exposure","certainty":"stale","collateral_value":0.1,'
        '"decision":"level","headroom":-1.9,"maintenance_margin":2.0,"margin_currency":"USD","new":"critical","old":"none",'
        '"pool":"binance:a/cross","ratio":20.0,"ratio_reason":null,"reason":{"kind":"price","price_after":1e+16,"price_before":1.5,'
        '"subject":"mark/binance:BTCUSDT"},"seq":7,"stress_notional":0.0,"table_version":"v1","time_ns":5}'
    )


def test_certainty_line() -> None:
    assert decision_line(WOKEN) == (
        '{"decision":"certainty","kind":"driver","new":"live","old":"stale","reason":[],"seq":8,'
        '"subject":"mark/binance:BTCUSDT","time_ns":6}'
    )


def test_tables_are_no_decisions() -> None:
    assert decision_line(TABLE) is None


def test_not_a_number_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"ratio": float("nan")})


@dataclass(frozen=True)
class Decision:
    seq: int
    level: Level
    labels: dict[str, str]
    words: frozenset[str]
    figure: Decimal


class Pages:
    def on_effect(self, effect: Effect) -> list[Decision]:
        is_level = isinstance(effect, LevelChanged)
        return (
            [Decision(effect.seq, Level.WARNING, {"b": "1", "a": "2"}, frozenset("zyx"), Decimal("1.50"))] if is_level else []
        )

    def on_clock(self, now_ns: int, seq: int) -> list[Decision]:
        raise NotImplementedError


def test_alert_decisions_follow_the_effect_that_caused_them() -> None:
    lines = [json.loads(line) for line in decision_lines([CHANGED, TABLE, WOKEN], Pages())]
    assert [line["decision"] for line in lines] == ["level", "alert", "certainty"]
    assert alert_line(Pages().on_effect(CHANGED)[0]) == (
        '{"decision":"alert","figure":"1.50","labels":{"a":"2","b":"1"},"level":"warning","seq":7,"words":["x","y","z"]}'
    )
