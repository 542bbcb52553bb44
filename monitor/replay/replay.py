"""Feeds a recording to the engine and writes down what it decides. Sinks are never called in a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

import msgspec

from connectors.recording.block import Record
from connectors.recording.header import RecordingHeader
from connectors.recording.reader import RecordingReader
from connectors.recording.snapshot import LoadedSnapshot
from monitor.alerting.alerter import Alerter
from monitor.alerting.engine_view import EngineAlertView
from monitor.alerting.saved_state import ALERTING
from monitor.alerting.settings import AlertingSettings
from monitor.domain.effects import LevelChanged
from monitor.domain.errors import BadInput, InvariantBroken
from monitor.domain.inputs import ClockAdvanced
from monitor.domain.level import level_label
from monitor.engine import Engine
from monitor.engine_settings import EngineSettings
from monitor.replay.batches import cut_batches
from monitor.replay.decisions import Alerter as DecidesAlerts
from monitor.replay.decisions import alert_line, decision_lines

Watcher = Callable[[Iterable[Record]], Iterator[Record]]


@dataclass(slots=True)
class ReplayResult:
    """What a replay did. `levels` counts the changes into each level, by its label."""

    engine: Engine
    inputs: int = 0
    lines: int = 0
    levels: dict[str, int] = field(default_factory=dict)


def settings_of(header: RecordingHeader, source: str) -> EngineSettings:
    """The settings that the recording was taken under; raises `BadInput` when this build does not know them."""
    try:
        return msgspec.convert(header.engine_settings, EngineSettings)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadInput(f"settings of the recording cannot be used: {error}", field="engine_settings", source=source) from error


def engine_at_start(
    reader: RecordingReader, settings: EngineSettings | None = None, resume: LoadedSnapshot | None = None
) -> Engine:
    """An engine in the state that the recording starts from, or in that of a snapshot taken later in it.

    The reader is moved to the first record after that state. `settings` None: the recording's own. Raises `BadInput` when the
    state does not belong to this recording.
    """
    settings = settings or settings_of(reader.header, str(reader.path))
    state = reader.header.start if resume is None else resume.state
    engine = Engine(settings) if state is None else _restored(settings, state, str(reader.path))
    if state is None and reader.header.first_seq != 1:
        raise BadInput("the header holds no state", field="first_seq", value=reader.header.first_seq, source=str(reader.path))
    reader.seek(engine.seq + 1)
    return engine


def alerter_at_start(
    reader: RecordingReader,
    engine: Engine,
    settings: AlertingSettings | None = None,
    resume: LoadedSnapshot | None = None,
) -> Alerter:
    """The alerter that goes with `engine_at_start`: with the alerts of the same state, none before the first input.

    `settings` None: those of the recording's configuration, else the defaults.
    """
    state = reader.header.start if resume is None else resume.state
    saved = None if state is None else state.get(ALERTING)
    source = str(reader.path)
    try:
        settings = settings or msgspec.convert(reader.header.configuration.get("alerting", {}), AlertingSettings)
        view = EngineAlertView(engine)
        return Alerter(settings, view) if saved is None else Alerter.restore(settings, view, saved)
    except (msgspec.ValidationError, KeyError, ValueError) as error:
        raise BadInput(f"the alerts cannot be restored: {error!r}", field=ALERTING, source=source) from error


def replay(
    reader: RecordingReader,
    engine: Engine,
    *,
    decisions: TextIO | None = None,
    at_seq: int | None = None,
    batch_rows: int | None = None,
    alerter: DecidesAlerts | None = None,
    watch: Watcher | None = None,
) -> ReplayResult:
    """Process the records from the reader's place on, up to `at_seq` (included; None: to the end).

    `decisions` takes one canonical line a decision. `batch_rows` cuts price batches anew. `watch` passes the records
    through, for progress. Raises `BadInput` for a seq that the recording does not hold or a damaged block, `InvariantBroken`
    when engine and recording count differently.
    """
    if at_seq is not None and not engine.seq <= at_seq <= reader.last_seq:
        held = f"the recording holds {engine.seq + 1} to {reader.last_seq}"
        raise BadInput(held, field="--at", value=at_seq, source=str(reader.path))
    if batch_rows is not None and batch_rows < 1:
        raise BadInput("must be at least 1", field="--batch", value=batch_rows)
    records: Iterable[Record] = _until(reader, reader.last_seq if at_seq is None else at_seq)
    records = records if watch is None else watch(records)
    result = ReplayResult(engine)
    for record in records if batch_rows is None else cut_batches(records, batch_rows):
        _process(record, result, decisions, alerter)
    return result


def _process(record: Record, result: ReplayResult, decisions: TextIO | None, alerter: DecidesAlerts | None) -> None:
    engine = result.engine
    effects = engine.process(record.item, record.position)
    if engine.seq != record.last_seq:
        raise InvariantBroken(f"engine stands at seq {engine.seq} after the record that ends at {record.last_seq}")
    result.inputs += 1
    for effect in effects:
        if isinstance(effect, LevelChanged):
            new = level_label(effect.new)
            result.levels[new] = result.levels.get(new, 0) + 1
    lines = list(decision_lines(effects, alerter))
    if alerter is not None and isinstance(record.item, ClockAdvanced):
        lines += map(alert_line, alerter.on_clock(engine.now_ns, engine.seq))
    result.lines += len(lines)
    if decisions is not None:
        decisions.writelines(f"{line}\n" for line in lines)


def _until(reader: RecordingReader, seq: int) -> Iterator[Record]:
    """The records up to a seq; a batch that reaches beyond it is cut."""
    for record in reader:
        if record.seq > seq:
            return
        yield record if record.last_seq <= seq else record.before(seq)


def _restored(settings: EngineSettings, state: dict[str, object], source: str) -> Engine:
    try:
        return Engine.restore(settings, state)
    except (ValueError, KeyError) as error:
        raise BadInput(f"the state cannot be restored: {error!r}", field="state", source=source) from error
