"""The daemon: everything wired together under one TaskGroup. Wiring only."""

from __future__ import annotations

import asyncio
import gc
import signal
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog
from prometheus_client import CollectorRegistry

from connectors.feed_health import FeedHealth
from connectors.kafka.input import KafkaInput
from connectors.kafka.output import KafkaOutput
from connectors.kafka.table_codec import strict_table
from connectors.recording.header import RecordingHeader
from connectors.venues.binance import BinanceUsdm
from monitor import __version__
from monitor.alerting.saved_state import StateWithAlerts
from monitor.clock import WallClock
from monitor.config import Config, config_to_plain, engine_settings
from monitor.domain.alert import Outcome
from monitor.domain.effects import Effect
from monitor.domain.errors import BadConfiguration
from monitor.domain.events import ValuationStarted
from monitor.domain.inputs import Input, PriceBatch
from monitor.domain.tables import TableChanged
from monitor.effect_log import log_effect
from monitor.engine import Engine
from monitor.inbox import EngineInbox
from monitor.journal import Journal
from monitor.kernels import compile_kernels
from monitor.paging import Paging
from monitor.pump import Pump
from monitor.restated_levels import restate_levels
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY, class_weights_from_toml, load_class_weights
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.server import TelemetryServer

log = structlog.get_logger(__name__)

FULL_COLLECTION_AFTER = 1_000
"""Collections of the middle generation between two of everything; Python's own figure is 10."""

CLOCK_INTERVAL_S = 0.1

DRAIN_S = 5.0
"""How long a clean end waits for Kafka to take what was decided; levels left over are told again at the next start."""

RESUME_OVERLAP_NS = 60 * 1_000_000_000
"""How far behind the last agreement fills are asked for again: known ones are told by their identity."""


class Daemon:
    """One run of marginwatch. `run()` serves until it is cancelled or a termination signal comes."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.run_id = uuid.uuid4().hex[:16]
        self._clock = WallClock()
        self._settings = engine_settings(config)
        self.ready = asyncio.Event()
        self._journal = Journal(config.state, self._begin_state)
        loaded = self._journal.load()
        self.engine = Engine(self._settings) if loaded is None else Engine.restore(self._settings, loaded.state)
        self._start = None if loaded is None else loaded.state
        self.inbox = EngineInbox(
            high_water=config.inbox.high_water_prices,
            event_capacity=config.inbox.events,
            now_ns=self._clock.now_ns,
            epoch=self._clock.now_ns(),
        )
        self._metrics = Metrics(
            self.engine,
            CollectorRegistry(),
            inbox_depth=lambda: len(self.inbox),
            inbox_refused=lambda: self.inbox.refused,
            pool_series=config.http.metrics_pools,
        )
        self._venues: list[BinanceUsdm] = []
        if config.venues.binance_usdm is not None:
            resume = self._resume_points()
            self._venues.append(BinanceUsdm(config.venues.binance_usdm, self.inbox, self._clock, resume))
        self._kafka_in: KafkaInput | None = None
        self._kafka_out: KafkaOutput | None = None
        if config.kafka is not None:
            positions = {lane: offset + 1 for lane, offset in self.engine.positions.items()}
            self._kafka_in = KafkaInput(config.kafka, self.inbox, self._clock, positions)
            self._kafka_out = KafkaOutput(config.kafka, self._clock, self.run_id)
        self.paging = Paging(
            config,
            self.engine,
            self._clock,
            delivered=self._note_delivered,
            is_caught_up=self._is_caught_up,
            offer_alert=None if self._kafka_out is None else self._kafka_out.offer_alert,
        )
        self.server = TelemetryServer(
            self.engine,
            config.http,
            run_id=self.run_id,
            ready=self.not_ready,
            alerts=self.alerts,
            feeds=self.feeds,
            metrics=self._metrics,
            clock=self._clock,
        )
        self._pump = Pump(
            self.engine,
            self.inbox,
            self._journal,
            deliver=self._deliver,
            decided=self._note_decided,
            now_ns=self._clock.now_ns,
        )

    # ---- running

    async def run(self) -> None:
        """Serve until cancelled or told to end; state and recording are saved at the end."""
        log.info("starting", run_id=self.run_id, version=__version__, restored_seq=self.engine.seq)
        self._journal.begin_recording(self._header())
        self.inbox.advance_clock(self._clock.now_ns())
        self._queue_tables()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._pump.run(), name="pump"),
                group.create_task(self._journal.run(), name="journal"),
                group.create_task(self._advance_clock(), name="clock"),
                group.create_task(self.server.run(), name="http"),
                group.create_task(self._start_valuing(), name="kernels"),
                group.create_task(self._say_when_ready(), name="ready"),
                *(group.create_task(venue.run(), name="venue") for venue in self._venues),
                *(group.create_task(part, name=name) for name, part in self.paging.parts()),
            ]
            writing: asyncio.Task[None] | None = None
            if self._kafka_in is not None and self._kafka_out is not None:
                tasks.append(group.create_task(self._kafka_in.run(), name="kafka-in"))
                tasks.append(group.create_task(self._after_kafka_attached(self._kafka_in, self._kafka_out), name="kafka-start"))
                writing = group.create_task(self._kafka_out.run(), name="kafka-out")
            self._end_on_signals(group, tasks, writing)

    def _end_on_signals(
        self, group: asyncio.TaskGroup, tasks: list[asyncio.Task[None]], writing: asyncio.Task[None] | None
    ) -> None:
        """SIGTERM and Ctrl-C end every task in order; a second one ends the process at once."""
        loop = asyncio.get_running_loop()

        def end() -> None:
            log.info("stopping", seq=self.engine.seq)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            for task in tasks:
                task.cancel()
            if writing is not None and self._kafka_out is not None:
                group.create_task(_end_writing(self._kafka_out, writing), name="kafka-drain")

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)

    async def _advance_clock(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_INTERVAL_S)
            self.inbox.advance_clock(self._clock.now_ns())

    async def _start_valuing(self) -> None:
        started_ns = self._clock.now_ns()
        await compile_kernels()
        log.info("kernels_ready", seconds=round((self._clock.now_ns() - started_ns) / 1e9, 1))
        await self.inbox.put(ValuationStarted())

    async def _say_when_ready(self) -> None:
        await self.server.listening.wait()
        log.info("listening", board=f"{self.server.url}/", metrics=f"{self.server.url}/metrics")
        while self.not_ready():  # noqa: ASYNC110 - readiness is read off many parts, none of which is an event
            await asyncio.sleep(CLOCK_INTERVAL_S)
        self.ready.set()
        # What stands now stands for good, and what is dropped later is seldom in a cycle: a collection that goes through all of
        # a large book holds every tick for 100 ms and more, so the full ones come a hundred times less often.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*gc.get_threshold()[:2], FULL_COLLECTION_AFTER)
        log.info("ready", accounts=self.engine.account_count)

    async def _after_kafka_attached(self, kafka_in: KafkaInput, kafka_out: KafkaOutput) -> None:
        """Keep where reading began, for a crash before the first regular snapshot; after a restart tell every level again."""
        while not kafka_in.began_at():  # noqa: ASYNC110 - the readers attach and attach again, no one event tells
            await asyncio.sleep(CLOCK_INTERVAL_S)
        if not kafka_in.began_at().keys() <= self.engine.positions.keys():
            self._journal.ask_for_snapshot()
        while not kafka_in.caught_up():  # noqa: ASYNC110 - as above
            await asyncio.sleep(CLOCK_INTERVAL_S)
        if self._start is not None:
            log.info("levels_restated", pools=await restate_levels(self.engine, kafka_out.offer_effect))

    def _begin_state(self) -> StateWithAlerts:
        """The state of now; a partition of which the engine has no record yet stands where reading began."""
        began = {} if self._kafka_in is None else self._kafka_in.began_at()
        known = self.engine.positions
        unread = [[*place, offset - 1] for place, offset in began.items() if place not in known]
        return StateWithAlerts(self.engine, self.paging.alerter, unread)

    def _resume_points(self) -> dict[str, int]:
        """From when on each account's fills are asked for after a restart: some time before its last agreed state."""
        agreed = {status.account: status.last_agreed_ns for status in self.engine.account_statuses()}
        return {account: ns - RESUME_OVERLAP_NS for account, ns in agreed.items() if ns is not None}

    def _header(self) -> RecordingHeader:
        return RecordingHeader(
            build=__version__,
            run_id=self.run_id,
            engine_settings=msgspec.to_builtins(self._settings, order="deterministic"),
            first_seq=self.engine.seq + 1,
            created_ns=self._clock.now_ns(),
            configuration=config_to_plain(self.config),
            start=self._start,
        )

    def _queue_tables(self) -> None:
        now_ns = self._clock.now_ns()
        path = self.config.tables.class_weights_file
        weights = load_class_weights() if path is None else class_weights_from_toml(_read(path).decode(), path)
        self.inbox.put_now(TableChanged(key=CLASS_WEIGHTS_KEY, versions=(weights,), ts_recv_ns=now_ns))
        for file in self.config.tables.files:
            for row in _rows(file):
                self.inbox.put_now(strict_table({"ts_recv_ns": now_ns, **row}, file))

    # ---- what the parts ask for

    def not_ready(self) -> Sequence[str]:
        """Why the daemon is not ready, in words; empty when it is."""
        reasons = [] if self.engine.is_valuing else ["compiling kernels"]
        if self._kafka_in is not None and not self._kafka_in.caught_up():
            reasons.append("catching up with Kafka")
        agreed = self.engine.agreed_accounts()
        settings = self.config.venues.binance_usdm
        expected = 0 if settings is None else len(settings.accounts)
        if expected > agreed:
            reasons.append(f"{agreed} of {expected} accounts opened")
        if not self.engine.account_count:
            reasons.append("no account yet")
        return reasons

    def feeds(self) -> list[FeedHealth]:
        """The health of every connection."""
        found = [feed for venue in self._venues for feed in venue.feeds()]
        if self._kafka_in is not None and self._kafka_out is not None:
            found += [*self._kafka_in.feeds(), *self._kafka_out.feeds()]
        return [*found, *self.paging.feeds()]

    def alerts(self) -> Sequence[object]:
        """The alerts that are on."""
        return self.paging.open_alerts()

    def _is_caught_up(self) -> bool:
        """Whether pools are valued and Kafka's inputs reached what they held at start: alerts may go out."""
        return self.engine.is_valuing and (self._kafka_in is None or self._kafka_in.caught_up())

    async def _deliver(self, effects: list[Effect]) -> None:
        for effect in effects:
            log_effect(effect)
            if self._kafka_out is not None:
                self._kafka_out.offer_effect(effect)
        self.paging.on_effects(effects)

    def _note_delivered(self, sink: str, outcome: Outcome, seconds: float | None) -> None:
        """Count one attempt at a sink, and how long a first delivery took."""
        self._metrics.alert_sent(sink, outcome.value)
        if seconds is not None:
            self._metrics.observe_decided_to_delivered(seconds)

    def _note_decided(self, item: Input, decided_ns: int) -> None:
        """Note how long the rows of a batch waited between receipt and decision, all at most as long as the first."""
        if isinstance(item, PriceBatch) and len(item):
            self._metrics.observe_receive_to_decided((decided_ns - item.ts_recv_ns[0]) / 1e9, len(item))


async def _end_writing(kafka_out: KafkaOutput, writing: asyncio.Task[None]) -> None:
    """Let Kafka take what was decided, for a while, then end the writer."""
    try:
        async with asyncio.timeout(DRAIN_S):
            while not kafka_out.is_drained():  # noqa: ASYNC110 - drained is read off queues and a writer
                await asyncio.sleep(0.02)
    except TimeoutError:
        log.warning("kafka_output_left", reason="the brokers did not take it in time", seconds=DRAIN_S)
    writing.cancel()


def _rows(path: str) -> list[dict[str, Any]]:
    """The table schedules of a file."""
    try:
        rows = orjson.loads(_read(path))
    except orjson.JSONDecodeError as error:
        raise BadConfiguration(f"not JSON: {error}", field="tables.files", value=path) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadConfiguration("expected a list of objects", field="tables.files", value=path)
    return rows


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadConfiguration(error.strerror or str(error), field="tables.files", value=path) from error
