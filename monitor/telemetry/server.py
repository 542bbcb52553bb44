"""The HTTP listener: health, metrics, API, live stream and board on one loopback port (contract 9)."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from monitor.analytics.view import RiskView
from monitor.domain.errors import BadConfiguration, BadInput
from monitor.domain.ports import Clock
from monitor.telemetry.answers import refusal
from monitor.telemetry.api import Api, NotFound
from monitor.telemetry.board import board_routes
from monitor.telemetry.board_messages import BoardMessages
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.scanner import Scanner
from monitor.telemetry.settings import HttpSettings
from monitor.telemetry.stream import Stream, TooManyReaders

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# A page of another site could otherwise read the figures through a name of its own that resolves to loopback.
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHUTDOWN_SECONDS = 1.0


class TelemetryServer:
    """Serves until cancelled.

    `ready` gives the reasons why the daemon is not ready (empty = ready); `alerts` and `feeds` give lists of dataclasses that
    are shown as they are.
    """

    def __init__(
        self,
        view: RiskView,
        settings: HttpSettings,
        *,
        run_id: str,
        ready: Callable[[], Sequence[str]],
        alerts: Callable[[], Sequence[object]],
        feeds: Callable[[], Sequence[object]],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._scanner = Scanner(view, clock)
        self._api = Api(view, self._scanner, run_id=run_id, ready=ready, alerts=alerts, feeds=feeds)
        self._stream = Stream(
            BoardMessages(
                view,
                self._scanner,
                clock,
                run_id=run_id,
                rows=settings.board_rows,
                ready=ready,
                alerts=alerts,
                feeds=feeds,
            ),
            interval_seconds=settings.stream_interval_seconds,
            most_readers=settings.stream_clients,
        )
        self._site: web.TCPSite | None = None
        self.port = settings.port
        self.listening = asyncio.Event()

    @property
    def url(self) -> str:
        """Where the board is, once `listening` is set."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self.port}"

    async def run(self) -> None:
        """Serve until cancelled; raises `BadConfiguration` naming `--port` when the port is taken."""
        runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await self._listen(runner)
            self.listening.set()
            await self._stream.run()
        finally:
            self.listening.clear()
            await runner.cleanup()

    def application(self) -> web.Application:
        """The routes with their middleware."""
        application = web.Application(middlewares=[self._guard])
        application.add_routes(self._api.routes())
        application.add_routes(
            [web.get("/metrics", self._render_metrics), web.get("/api/v1/stream", self._stream.handle), *board_routes()]
        )
        return application

    async def _listen(self, runner: web.AppRunner) -> None:
        site = web.TCPSite(runner, self._settings.host, self._settings.port, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            raise self._cannot_listen(error) from error
        if self._settings.port == 0:
            self.port = int(runner.addresses[0][1])

    def _cannot_listen(self, error: OSError) -> BadConfiguration:
        taken = error.errno == errno.EADDRINUSE
        reason = (
            "the port is taken by another program: end it, or choose another one with --port (or http.port)"
            if taken
            else f"cannot listen on {self._settings.host}: {error.strerror or error}; choose another port with --port"
        )
        return BadConfiguration(reason, field="http.port", value=self._settings.port, source="configuration")

    async def _render_metrics(self, request: web.Request) -> web.Response:
        body = await self._metrics.render(self._scanner, stream_readers=self._stream.readers, dropped=self._stream.dropped)
        response = web.Response(body=body, headers={"Content-Type": METRICS_CONTENT_TYPE, "Cache-Control": "no-store"})
        if "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 10_000:
            response.enable_compression(web.ContentCoding.gzip)
        return response

    def _require_loopback_name(self, host: str) -> None:
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if name not in LOOPBACK_NAMES and name != self._settings.host:
            raise BadInput("this listener answers to loopback names only", field="Host", value=host)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse foreign names, turn refused input into answers that name field and value."""
        try:
            self._require_loopback_name(request.host)
            return await handler(request)
        except NotFound as error:
            return refusal(self._api.as_of(), error, 404)
        except TooManyReaders as error:
            return refusal(self._api.as_of(), error, 503)
        except BadInput as error:
            return refusal(self._api.as_of(), error, 421 if error.field == "Host" else 400)
        except web.HTTPNotFound:
            return refusal(self._api.as_of(), BadInput("no such page", field="path", value=request.path), 404)
        except web.HTTPMethodNotAllowed:
            return refusal(self._api.as_of(), BadInput("this listener is read-only", field="method", value=request.method), 405)
