"""Makes a recording from candles and a file of accounts: `marginwatch recording build`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from connectors.recording.block import rows_of
from connectors.recording.header import RecordingHeader
from connectors.recording.writer import RecordingWriter
from monitor.domain.errors import BadInput
from monitor.domain.inputs import ClockAdvanced
from monitor.engine_settings import SECOND_NS, EngineSettings
from monitor.replay.accounts_file import AccountsFile, read_accounts_file
from monitor.replay.candles import CandleSeries, read_candles
from monitor.replay.timeline import Span, Timed, span_of, timeline

Watcher = Callable[[Iterator[Timed], int | None], Iterator[Timed]]

DRIVER_AGE_LIMIT_NS = 120 * SECOND_NS


class BuiltRecording(NamedTuple):
    """What was written."""

    path: Path
    last_seq: int
    span: Span
    accounts: int
    bytes_written: int


def build_recording(
    candle_files: Sequence[Path],
    accounts_file: Path,
    out: Path,
    *,
    start_ns: int | None = None,
    end_ns: int | None = None,
    watch: Watcher | None = None,
) -> BuiltRecording:
    """Write the recording; the same files give the same bytes. Raises `BadInput`, also when `out` exists.

    `watch` passes the inputs through, for progress.
    """
    series = read_all_candles(candle_files)
    accounts = read_accounts_file(accounts_file)
    span = span_of(series, accounts, start_ns, end_ns)
    header = _header(accounts, span, _digest([*candle_files, accounts_file], span))
    inputs = timeline(series, accounts, span)
    return write_recording(out, header, inputs if watch is None else watch(inputs, None), span, accounts)


def read_all_candles(paths: Sequence[Path]) -> list[CandleSeries]:
    """The candles of several files in order of their symbols; a symbol given twice is refused."""
    series = sorted((read_candles(path) for path in paths), key=lambda one: one.symbol)
    for before, after in pairwise(series):
        if before.symbol == after.symbol:
            raise BadInput("two files hold the same symbol", field="--candles", value=after.source, source=before.source)
    return series


def candle_settings(settings: EngineSettings) -> EngineSettings:
    """The settings with the age limits that candle points need: one every 20 seconds is no feed of an exchange."""
    limits = {kind: max(limit, DRIVER_AGE_LIMIT_NS) for kind, limit in settings.driver_limits_ns.items()}
    return replace(
        settings,
        driver_limits_ns=limits,
        other_driver_limit_ns=max(settings.other_driver_limit_ns, DRIVER_AGE_LIMIT_NS),
        kafka_limit_ns=max(settings.kafka_limit_ns, DRIVER_AGE_LIMIT_NS),
    )


def write_recording(
    out: Path, header: RecordingHeader, inputs: Iterator[Timed], span: Span, accounts: AccountsFile
) -> BuiltRecording:
    """Write beside the target and rename, so that a recording that was cut short never has its name."""
    if out.exists():
        raise BadInput("the file exists", field="--out", value=str(out))
    temporary = out.with_name(out.name + ".part")
    temporary.unlink(missing_ok=True)
    writer = RecordingWriter(temporary, header)
    seq, engine_ns = header.first_seq, 0
    try:
        for item, position in inputs:
            writer.append(seq, engine_ns, item, position)
            seq += rows_of(item)
            if isinstance(item, ClockAdvanced):
                engine_ns = item.now_ns
        writer.close()
        temporary.replace(out)
    finally:
        writer.close()
        temporary.unlink(missing_ok=True)
    watched = len({event.account for event in accounts.events})
    return BuiltRecording(out, seq - 1, span, watched, out.stat().st_size)


def build_name() -> str:
    """The program and its version, for headers."""
    try:
        return f"marginwatch {metadata.version('marginwatch')}"
    except metadata.PackageNotFoundError:
        return "marginwatch from a source tree"


def _header(accounts: AccountsFile, span: Span, digest: str) -> RecordingHeader:
    settings = candle_settings(EngineSettings())
    return RecordingHeader(
        build=build_name(),
        run_id=digest,
        engine_settings=msgspec.to_builtins(settings, order="deterministic"),
        is_candle_proxy=True,
        driver_age_limit_ns=DRIVER_AGE_LIMIT_NS,
        notes=(*accounts.notes, f"prices are made from candles: {span.start_ns} to {span.end_ns} (UTC ns)"),
    )


def _digest(paths: Sequence[Path], span: Span) -> str:
    """Stands for the run id: a built recording was not taken by any run, but made of these files."""
    digest = hashlib.sha256(repr(span).encode())
    for content in sorted(hashlib.sha256(path.read_bytes()).digest() for path in paths):
        digest.update(content)
    return f"built-{digest.hexdigest()[:16]}"
