"""The commands `replay`, `recording build` and `recording accounts`: files in, exit code out (0, or 2 for bad input)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import orjson

from connectors.recording.block import Record
from connectors.recording.header import RecordingHeader
from connectors.recording.reader import RecordingReader
from connectors.recording.snapshot import LoadedSnapshot, read_snapshot
from monitor.analytics.document import account_document
from monitor.analytics.report import account_reports
from monitor.config import engine_settings, load_config
from monitor.domain.errors import BadInput
from monitor.engine import Engine
from monitor.engine_settings import EngineSettings
from monitor.replay.accounts_file import write_accounts_file
from monitor.replay.book_of_accounts import book_of_accounts
from monitor.replay.brackets_file import BracketsFile
from monitor.replay.build import build_recording, read_all_candles
from monitor.replay.candles import SECOND_NS
from monitor.replay.market import market_at
from monitor.replay.progress import with_progress
from monitor.replay.replay import ReplayResult, Watcher, alerter_at_start, engine_at_start, replay

OK, BAD_INPUT = 0, 2


def run_replay(
    recording: Path,
    *,
    decisions: Path | None = None,
    at_seq: int | None = None,
    as_json: bool = False,
    config: Path | None = None,
    batch_rows: int | None = None,
    snapshot: Path | None = None,
    out: TextIO,
    err: TextIO,
) -> int:
    """Replay a recording.

    `decisions`: the file for the decision lines. `at_seq`: stop after this seq and print the accounts as they stood, as JSON
    in the shape of `/api/v1/accounts` when `as_json`. `config`: another configuration than the recording's own.
    `batch_rows`: cut price batches anew. `snapshot`: go on from this snapshot instead of the recording's start.
    """
    try:
        with RecordingReader(recording) as reader:
            _say_what_is_replayed(reader, config, err)
            resume = None if snapshot is None else LoadedSnapshot(*read_snapshot(snapshot), snapshot)
            engine = engine_at_start(reader, _settings(config, reader.header), resume)
            alerter = alerter_at_start(reader, engine, None if config is None else load_config(config).alerting, resume)
            with _decisions_file(decisions) as lines:
                result = replay(
                    reader,
                    engine,
                    decisions=lines,
                    at_seq=at_seq,
                    batch_rows=batch_rows,
                    alerter=alerter,
                    watch=_watch(reader, engine, at_seq, err),
                )
            _print_result(result, reader.header, at_seq, out, err, as_json=as_json)
    except (BadInput, OSError) as error:
        err.write(f"marginwatch replay: {error}\n")
        return BAD_INPUT
    return OK


def run_recording_build(
    candles: Sequence[Path],
    *,
    accounts: Path,
    out_path: Path,
    start: str | None = None,
    end: str | None = None,
    out: TextIO,
    err: TextIO,
) -> int:
    """Build a recording from candle files and a file of accounts; `start` and `end` are UTC times (ISO 8601)."""
    try:
        start_ns = None if start is None else utc_ns(start, "--from")
        end_ns = None if end is None else utc_ns(end, "--to")
        built = build_recording(
            candles,
            accounts,
            out_path,
            start_ns=start_ns,
            end_ns=end_ns,
            watch=lambda inputs, total: with_progress(inputs, "inputs written", total, err, step=4096),
        )
    except (BadInput, OSError) as error:
        err.write(f"marginwatch recording build: {error}\n")
        return BAD_INPUT
    out.write(
        f"{built.path}: {built.last_seq} inputs of {built.accounts} accounts, {utc_text(built.span.start_ns)} to "
        f"{utc_text(built.span.end_ns)}, {built.bytes_written} bytes\n"
        "The prices are a proxy made from candles; their age limit is 120 s.\n"
    )
    return OK


def run_recording_accounts(
    candles: Sequence[Path],
    *,
    brackets: Path,
    count: int,
    seed: int,
    at: str,
    out_path: Path,
    out: TextIO,
    err: TextIO,
) -> int:
    """Generate a seeded book of `count` accounts that opens at the candle `at` (UTC time, ISO 8601)."""
    try:
        _require_new_book(count, out_path)
        market = market_at(utc_ns(at, "--at"), read_all_candles(candles), BracketsFile(brackets))
        write_accounts_file(out_path, book_of_accounts(market, count, seed))
    except (BadInput, OSError) as error:
        err.write(f"marginwatch recording accounts: {error}\n")
        return BAD_INPUT
    out.write(f"{out_path}: {count} accounts that open at {utc_text(market.at_ns)}\n")
    return OK


def utc_ns(text: str, field: str) -> int:
    """A time such as `2021-05-19T00:00` as UTC ns; without an offset it is UTC. Raises `BadInput`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput("expected a time such as 2021-05-19T00:00", field=field, value=text) from error
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * SECOND_NS


def utc_text(time_ns: int) -> str:
    """A UTC time to the second."""
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def accounts_json(engine: Engine, run_id: str) -> bytes:
    """All accounts as `/api/v1/accounts` shows them."""
    return orjson.dumps(
        {
            "run_id": run_id,
            "as_of_seq": engine.seq,
            "as_of_ns": engine.now_ns,
            "accounts": [account_document(report) for report in account_reports(engine)],
        }
    )


def _require_new_book(count: int, out_path: Path) -> None:
    if count < 1:
        raise BadInput("must be at least 1", field="--count", value=count)
    if out_path.exists():
        raise BadInput("the file exists", field="--out", value=str(out_path))


def _settings(config: Path | None, header: RecordingHeader) -> EngineSettings | None:
    """None: the recording's own. The age limit that the header sets for its prices holds under any configuration."""
    if config is None:
        return None
    settings = engine_settings(load_config(config), str(config))
    least = header.driver_age_limit_ns
    if least is None:
        return settings
    return replace(
        settings,
        driver_limits_ns={kind: max(limit, least) for kind, limit in settings.driver_limits_ns.items()},
        other_driver_limit_ns=max(settings.other_driver_limit_ns, least),
        kafka_limit_ns=max(settings.kafka_limit_ns, least),
    )


def _say_what_is_replayed(reader: RecordingReader, config: Path | None, err: TextIO) -> None:
    header = reader.header
    err.write(f"{reader.path}: run {header.run_id}, seq {header.first_seq} to {reader.last_seq}, written by {header.build}\n")
    if header.is_candle_proxy:
        err.write("the prices are a proxy made from candles\n")
    if config is not None:
        err.write(f"under the configuration {config}, not the one it was recorded under\n")
    if reader.torn_bytes:
        err.write(f"the end is torn: {reader.torn_bytes} bytes behind seq {reader.last_seq} are left out\n")


def _watch(reader: RecordingReader, engine: Engine, at_seq: int | None, err: TextIO) -> Watcher:
    total = (reader.last_seq if at_seq is None else at_seq) - engine.seq

    def watch(records: Iterable[Record]) -> Iterator[Record]:
        return with_progress(records, "inputs replayed", total, err, rows=lambda record: record.last_seq - record.seq + 1)

    return watch


@contextmanager
def _decisions_file(path: Path | None) -> Iterator[TextIO | None]:
    """The file under a temporary name until all lines are in it."""
    if path is None:
        yield None
        return
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _print_result(
    result: ReplayResult, header: RecordingHeader, at_seq: int | None, out: TextIO, err: TextIO, *, as_json: bool
) -> None:
    levels = ", ".join(f"{level} {count}" for level, count in sorted(result.levels.items())) or "none"
    err.write(f"{result.inputs} inputs, {result.lines} decisions; changes into levels: {levels}\n")
    if as_json:
        out.write(accounts_json(result.engine, header.run_id).decode() + "\n")
    elif at_seq is not None:
        for pool in result.engine.pool_statuses():
            level = "none" if pool.level is None else pool.level.name.lower()
            out.write(f"{pool.pool} {level} {pool.certainty.name.lower()} {pool.margin_ratio} {pool.buffer_ratio}\n")
