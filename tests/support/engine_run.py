"""Runs of the engine beside its oracle."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from monitor.domain.effects import Effect, LevelChanged
from monitor.domain.ids import SourcePosition
from monitor.domain.inputs import Input, PriceBatch
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from tests.support.engine_market import PROFILES
from tests.support.engine_oracle import Change

SETTINGS = EngineSettings(profiles=PROFILES)


def feed(engine: Engine, item: Input, partition: int, offset: int) -> list[Effect]:
    """One input as the daemon hands it over."""
    position = None if isinstance(item, PriceBatch) else SourcePosition("account-events", partition, offset)
    return engine.process(item, position)


def level_changes(effects: Sequence[Effect]) -> list[Change]:
    """The level changes among effects, by seq and pool."""
    return sorted(
        (
            Change(one.seq, one.pool, None if one.old is None else int(one.old), None if one.new is None else int(one.new))
            for one in effects
            if isinstance(one, LevelChanged)
        ),
        key=lambda change: (change.seq, change.pool),
    )


def run(
    inputs: Sequence[tuple[Input, int]], *, rows: int | None = None, restored_at: frozenset[int] = frozenset()
) -> tuple[Engine, list[Effect]]:
    """All effects of the inputs: batches cut into `rows`, the engine put down and taken up again before some inputs."""
    engine, effects = Engine(SETTINGS), []
    for number, (item, partition) in enumerate(inputs):
        if number in restored_at:
            engine = Engine.restore(SETTINGS, orjson.loads(orjson.dumps(engine.state())))
        if isinstance(item, PriceBatch) and rows is not None:
            for start in range(0, len(item), rows):
                effects += feed(engine, item.slice(start, start + rows), partition, number)
        else:
            effects += feed(engine, item, partition, number)
    return engine, effects
