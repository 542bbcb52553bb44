"""Alerting in the daemon: the alerter, its state on disk, and the sinks, wired together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import structlog

from connectors.feed_health import FeedHealth
from connectors.notify.alertmanager import AlertmanagerSink
from connectors.notify.kafka_sink import KafkaSink
from connectors.notify.log_sink import LogSink
from connectors.notify.webhook import WebhookSink
from monitor.alerting.alert_file import AlertFile
from monitor.alerting.alerter import Alerter
from monitor.alerting.annotations import Annotator
from monitor.alerting.delivery import AlertDelivery
from monitor.alerting.describe import BookDescriber
from monitor.alerting.engine_view import EngineAlertView
from monitor.config import Config
from monitor.domain.alert import Alert, AlertSink, Delivered
from monitor.domain.effects import Effect
from monitor.domain.errors import BadInput
from monitor.domain.ports import Clock
from monitor.engine import Engine

log = structlog.get_logger(__name__)

CATCH_UP_LOOK_S = 0.1

ALERT_FILE = "alerts.json"


class Paging:
    """Decides with the engine's effects and delivers. `is_caught_up` says whether every input reached what it held at start.

    Raises `BadInput` when the alerts of the last run cannot be read: starting without them would forget open alerts.
    """

    def __init__(
        self,
        config: Config,
        engine: Engine,
        clock: Clock,
        *,
        delivered: Delivered,
        is_caught_up: Callable[[], bool],
        offer_alert: Callable[[str, Mapping[str, object]], None] | None = None,
    ) -> None:
        self._settings = config.alerting
        self._engine = engine
        self._clock = clock
        self._is_caught_up = is_caught_up
        self._view = EngineAlertView(engine)
        file = AlertFile(Path(config.state.folder) / ALERT_FILE)
        saved = file.load()
        self.alerter = self._restored(saved)
        describer = BookDescriber(engine, self.alerter.blind_subjects, engine.outlooks.holders)
        annotate = Annotator(self._settings, describer.pool, describer.blind, describer.worst_position)
        self._sinks = _sinks(config, clock, annotate, delivered, offer_alert)
        self.delivery = AlertDelivery(self.alerter.state, file, self._sinks, clock)
        self.delivery.hold()
        self.delivery.tell_again(self.alerter.open_alerts(), saved)

    def _restored(self, saved: dict[str, Any] | None) -> Alerter:
        if saved is None:
            return Alerter(self._settings, self._view)
        try:
            return Alerter.restore(self._settings, self._view, saved)
        except (KeyError, ValueError) as error:
            reason = f"{error}; move the file away to start without the alerts in it"
            raise BadInput(reason, field="version", value=saved.get("version"), source=ALERT_FILE) from error

    def on_effects(self, effects: Sequence[Effect]) -> None:
        """Decide on the effects of one input, then on what engine time has made due."""
        for effect in effects:
            self.delivery.note(self.alerter.on_effect(effect))
        if not self.delivery.is_holding:
            self.delivery.note(self.alerter.on_clock(self._engine.now_ns, self._engine.seq))

    def open_alerts(self) -> list[Alert]:
        """The alerts that are on."""
        return self.alerter.open_alerts()

    def feeds(self) -> list[FeedHealth]:
        """The health of the sinks that have a peer."""
        with_peers = (sink for sink in self._sinks if isinstance(sink, AlertmanagerSink | WebhookSink))
        return [feed for sink in with_peers for feed in sink.feeds()]

    def parts(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs beside the engine, by name."""
        sinks = [(f"sink-{type(sink).__name__}", sink.run()) for sink in self._sinks]
        return [("alert-delivery", self.delivery.run()), ("catch-up", self._catch_up()), *sinks]

    async def _catch_up(self) -> None:
        """Hold what is decided until the inputs are caught up; say so when that takes too long."""
        loop = asyncio.get_running_loop()
        late_at = loop.time() + self._settings.catching_up_page_s
        is_late = False
        while not self._is_caught_up():
            await asyncio.sleep(CATCH_UP_LOOK_S)
            if not is_late and loop.time() >= late_at:
                is_late = True
                log.error("catching_up_is_late", after_s=self._settings.catching_up_page_s)
                self.delivery.note(self._tell_catching_up(is_late=True))
                self.delivery.hold_is_late()
        self.delivery.note(self._tell_catching_up(is_late=False))
        # Our clock, not engine time: what was restored with the book is older than now and proves nothing.
        now_ns = max(self._clock.now_ns(), self._engine.now_ns)
        self.delivery.note(self.alerter.resume(now_ns, self._engine.seq))
        self.delivery.release()

    def _tell_catching_up(self, *, is_late: bool) -> Any:
        return self.alerter.on_catching_up(is_late=is_late, now_ns=self._engine.now_ns, seq=self._engine.seq)


def _sinks(
    config: Config,
    clock: Clock,
    annotate: Annotator,
    delivered: Delivered,
    offer_alert: Callable[[str, Mapping[str, object]], None] | None,
) -> list[AlertSink]:
    settings = config.notify
    random = Random()
    sinks: list[AlertSink] = []
    if settings.alertmanager is not None:
        group = config.alerting.instance_group
        sinks.append(AlertmanagerSink(settings.alertmanager, group, clock, annotate, delivered, random))
    for name, webhook in settings.webhooks.items():
        sinks.append(WebhookSink(name, webhook, clock, annotate, delivered, random))
    if offer_alert is not None:
        sinks.append(KafkaSink(offer_alert, annotate, delivered))
    if settings.log:
        sinks.append(LogSink(delivered))
    return sinks
