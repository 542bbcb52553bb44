"""The simulated venue as a whole: the exchange, its servers, and the clock that drives them."""

from __future__ import annotations

import asyncio
import time

from aiohttp import web

from connectors.simulator.account import SimulatedAccount
from connectors.simulator.admin_server import AdminServer
from connectors.simulator.authentication import Keys, ListenKeys
from connectors.simulator.exchange import Exchange
from connectors.simulator.liquidation import Liquidation
from connectors.simulator.market import MarketPhase
from connectors.simulator.rest_server import RestServer
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.stream_events import listen_key_expired
from connectors.simulator.stream_hub import StreamHub
from connectors.simulator.stream_server import StreamServer

_SHUTDOWN_S = 2.0


class SimulatedVenue:
    """A venue on loopback. `start()` listens; then either `run()` follows the clock, or `step()` moves time by hand."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self.settings = settings
        start_ms = settings.start_time_ms if settings.start_time_ms is not None else time.time_ns() // 1_000_000
        self.exchange = Exchange(settings, start_ms)
        self.hub = StreamHub(self.exchange, settings.faults)
        self._listen_keys = ListenKeys(settings.seed, settings.listen_key_validity_s)
        keys = Keys(self.exchange.accounts, check_timestamps=settings.check_timestamps)
        self._rest = RestServer(self.exchange, self.hub, keys, self._listen_keys)
        self._streams = StreamServer(self.exchange, self.hub, self._listen_keys)
        self._admin = AdminServer(self.exchange, self.hub, self._rest, self.expire_listen_keys)
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def accounts(self) -> list[SimulatedAccount]:
        """All accounts, with their keys."""
        return list(self.exchange.accounts.values())

    @property
    def liquidations(self) -> list[Liquidation]:
        """What was liquidated so far, in order."""
        return list(self.exchange.liquidations)

    @property
    def rest_url(self) -> str:
        """Base of the REST paths, known after `start()`."""
        return f"http://{self.settings.host}:{self._port}"

    @property
    def stream_url(self) -> str:
        """Base of the websocket paths, known after `start()`."""
        return f"ws://{self.settings.host}:{self._port}"

    @property
    def time_ms(self) -> int:
        """The venue's time."""
        return self.exchange.time_ms

    async def start(self) -> None:
        """Listens; OSError if the port is taken."""
        app = web.Application()
        app.add_routes([*self._rest.routes(), *self._streams.routes(), *self._admin.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port)
        try:
            await site.start()
        except OSError:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Cuts all sockets and stops listening."""
        self._admin.cut("all")
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def run(self) -> None:
        """Drives the market by the wall clock until cancelled; time that was lost to a pause is made up at once."""
        begun_ns, first_ms = time.monotonic_ns(), self.exchange.time_ms
        while True:
            await asyncio.sleep(self.settings.step_interval_s)
            self._advance_to(first_ms + (time.monotonic_ns() - begun_ns) // 1_000_000)

    def step(self, seconds: float) -> None:
        """Moves venue time on by hand; what is said goes to the sockets as soon as the event loop runs."""
        self._advance_to(self.exchange.time_ms + round(seconds * 1000))

    def schedule_crash(self, start_in_s: float, fall_ratio: float, duration_s: float) -> MarketPhase:
        """A fall of BTC by `fall_ratio` (and of all else by its beta) that starts in `start_in_s` seconds."""
        return self.exchange.schedule_crash(start_in_s, fall_ratio, duration_s)

    def set_faults(self, **switches: object) -> None:
        """Sets fault switches by name; ValueError says which is unknown or wrong."""
        self._admin.set_faults(switches)

    def cut(self, kind: str = "all") -> int:
        """Cuts all `market` or `private` sockets, or `all`, without a closing handshake; returns how many."""
        return self._admin.cut(kind)

    def expire_listen_keys(self, accounts: set[str]) -> int:
        """Ends the listen keys of these accounts: `listenKeyExpired` is pushed, then nothing more. Returns how many."""
        return self._end_listen_keys(self._listen_keys.take_expired(self.exchange.time_ms, accounts))

    def _advance_to(self, time_ms: int) -> None:
        self.exchange.advance_to(time_ms)
        self.hub.publish(self.exchange.drain())
        self._end_listen_keys(self._listen_keys.take_expired(self.exchange.time_ms))

    def _end_listen_keys(self, ended: list[tuple[str, str]]) -> int:
        for key, account in ended:
            self.hub.tell(account, listen_key_expired(key, self.exchange.time_ms), key)
        return len(ended)
