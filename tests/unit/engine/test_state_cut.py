"""What changes an account without an event of its own takes it into a cut first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import orjson

from monitor.domain.events import AccountState, PositionState
from monitor.domain.ids import DriverKind
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch
from monitor.domain.instrument import Instrument
from monitor.domain.tables import TableChanged, TableKind
from monitor.engine.core import Engine
from tests.support.engine_market import DRIVERS
from tests.support.engine_run import SETTINGS, feed
from tests.support.engine_stream import Stream

Inputs = list[tuple[Input, int]]


def opened(seed: int = 3) -> Inputs:
    stream = Stream(Random(seed))
    stream.open()
    return stream.inputs


def engine_of(inputs: Inputs) -> Engine:
    engine = Engine(SETTINGS)
    for number, (item, partition) in enumerate(inputs):
        feed(engine, item, partition, number)
    return engine


def cut_and_state(engine: Engine, later: Iterable[tuple[Input, int]]) -> tuple[Any, Any]:
    """A cut begun now and taken after the later inputs, and the state of now."""
    wanted = orjson.loads(orjson.dumps(engine.state()))
    cut = engine.begin_cut()
    for number, (item, partition) in enumerate(later):
        feed(engine, item, partition, 10_000 + number)
    changed = orjson.loads(orjson.dumps(engine.state()))
    assert changed["pools"] != wanted["pools"] or changed["ledger"]["accounts"] != wanted["ledger"]["accounts"]
    return orjson.loads(orjson.dumps(cut.state())), wanted


def test_a_first_price() -> None:
    inputs = opened()
    late = {index for index, driver in enumerate(DRIVERS) if driver.kind is DriverKind.MARK}
    batches = [entry for entry in inputs if isinstance(entry[0], PriceBatch)]
    engine = engine_of([entry for entry in inputs if entry not in batches])
    assert late
    found, wanted = cut_and_state(engine, batches)
    assert found == wanted


def test_a_finer_size_step() -> None:
    inputs = opened()
    coarse = next(item for item, _ in inputs if isinstance(item, TableChanged) and item.key.kind is TableKind.INSTRUMENT)
    version = coarse.versions[0]
    assert isinstance(version.table, Instrument)
    finer = replace(version, version="finer", table=replace(version.table, size_step=Decimal("0.00001")))
    engine = engine_of(inputs)
    before = orjson.dumps(engine.state()["ledger"]["instruments"])
    found, wanted = cut_and_state(engine, [(replace(coarse, versions=(finer,)), 0)])
    assert found == wanted
    assert orjson.dumps(engine.state()["ledger"]["instruments"]) != before


def test_a_state_that_waited_for_its_instrument() -> None:
    inputs = opened()
    known = next(item for item, _ in inputs if isinstance(item, TableChanged) and item.key.kind is TableKind.INSTRUMENT)
    table = known.versions[0].table
    assert isinstance(table, Instrument)
    name = "binance_usdm:XRPUSDT"
    position = PositionState(instrument=name, position_side=_side(inputs), size=Decimal(5), entry_price=Decimal("0.5"))
    state = _last_state(inputs)
    waiting = replace(
        state,
        event_id="waits",
        account_seq=state.account_seq + 50,
        ts_event_ns=state.ts_event_ns + 5,
        ts_recv_ns=state.ts_recv_ns + 5,
        positions=(*state.positions, position),
    )
    wanted_table = TableChanged(
        key=known.key._replace(symbol="XRPUSDT"),
        versions=(replace(known.versions[0], table=replace(table, instrument=name, base="XRP")),),
        ts_recv_ns=known.ts_recv_ns,
    )
    engine = engine_of([*inputs, (waiting, len(waiting.account) % 3), (wanted_table, 0)])
    found, wanted = cut_and_state(engine, [(ClockAdvanced(engine.now_ns + 1), 0)])
    assert found == wanted


def _last_state(inputs: Inputs) -> AccountState:
    return [item for item, _ in inputs if isinstance(item, AccountState)][-1]


def _side(inputs: Inputs) -> Any:
    return _last_state(inputs).positions[0].position_side
