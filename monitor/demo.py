"""`marginwatch demo`: the simulated venue as a process of its own, and the real daemon watching it.

Nothing here is a special path of the daemon: it gets a configuration with the venue's addresses and read-only keys, as it
would for a real venue.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import structlog

from connectors.venues.binance.settings import BinanceAccountSettings, BinanceSettings
from monitor.app import Daemon
from monitor.config import Config, LogSettings, StateSettings, VenueSettings
from monitor.domain.errors import BadConfiguration, Transient
from monitor.telemetry.settings import HttpSettings

log = structlog.get_logger(__name__)

CRASH_DELAY_S = 60.0
CRASH_FALL_RATIO = 0.2
CRASH_DURATION_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the demo may be told: the board's port, the number of accounts, the seed, where its state goes."""

    port: int = 8700
    accounts: int = 320
    seed: int = 1
    state_folder: Path | None = None
    crash_delay_s: float = CRASH_DELAY_S
    crash_duration_s: float = CRASH_DURATION_S
    crash_fall_ratio: float = CRASH_FALL_RATIO


async def run_demo(options: DemoOptions, say: Callable[[str], None]) -> None:
    """Run venue and daemon until stopped. Raises `BadConfiguration` when the port is taken, before anything starts."""
    require_free_port(options.port)
    folder = options.state_folder or Path(tempfile.mkdtemp(prefix="marginwatch-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    say(f"Starting a simulated venue with {options.accounts} cross-margin accounts (seed {options.seed}) ...")
    async with SimulatedVenueProcess(folder, options) as venue:
        config = _config(options, folder, venue.keys)
        daemon = Daemon(config)
        say(f"Starting the daemon; its board is at http://127.0.0.1:{options.port}/ (state in {folder})")
        async with asyncio.TaskGroup() as group:
            crash = group.create_task(_crash_after_ready(daemon, venue, options, say))
            await daemon.run()
            crash.cancel()
    say(f"Stopped. Replay what you saw: marginwatch replay {folder}/recordings/*.mwr --decisions decisions.jsonl")


def require_free_port(port: int) -> None:
    """Raise `BadConfiguration` naming `--port` when another program listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = f"the port is taken ({error.strerror}); choose another one with --port"
            raise BadConfiguration(reason, field="--port", value=port) from error


class SimulatedVenueProcess:
    """The simulated venue as a child process; `keys` holds its addresses and the read-only keys of its accounts."""

    def __init__(self, folder: Path, options: DemoOptions) -> None:
        self._keys_file = folder / "venue-keys.json"
        self._options = options
        self._process: asyncio.subprocess.Process | None = None
        self.keys: dict[str, Any] = {}

    async def __aenter__(self) -> SimulatedVenueProcess:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "connectors.simulator",
            "--port=0",
            f"--accounts={self._options.accounts}",
            f"--seed={self._options.seed}",
            f"--keys-file={self._keys_file}",
            "--with-parent",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Ctrl-C reaches the daemon alone; the venue is ended after it.
            start_new_session=True,
        )
        if self._process.stdout is None or not await self._process.stdout.readline():
            raise Transient("the simulated venue did not start; its reason stands above")
        self.keys = orjson.loads(self._keys_file.read_bytes())
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(5):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def crash(self, start_in_s: float, fall_ratio: float, duration_s: float) -> None:
        """Tell the market to crash."""
        body = {"start_in_s": start_in_s, "fall_ratio": fall_ratio, "duration_s": duration_s}
        url = f"{self.keys['rest_url']}/simulator/crash"
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
            answer.raise_for_status()


async def _crash_after_ready(
    daemon: Daemon, venue: SimulatedVenueProcess, options: DemoOptions, say: Callable[[str], None]
) -> None:
    await daemon.ready.wait()
    await venue.crash(options.crash_delay_s, options.crash_fall_ratio, options.crash_duration_s)
    say(
        f"READY. Open http://127.0.0.1:{options.port}/ now: in {options.crash_delay_s:g} s the market falls by about "
        f"{options.crash_fall_ratio:.0%} within {options.crash_duration_s:g} s. Ctrl-C stops the demo."
    )


def _config(options: DemoOptions, folder: Path, keys: dict[str, Any]) -> Config:
    return Config(
        http=HttpSettings(port=options.port),
        state=StateSettings(folder=str(folder)),
        log=LogSettings(level="warning"),
        venues=VenueSettings(
            binance_usdm=BinanceSettings(
                rest_url=keys["rest_url"],
                stream_url=keys["stream_url"],
                permissions_url=keys["rest_url"],
                connects_per_five_minutes=20 * options.accounts,
                request_concurrency=32,
                weight_per_minute=1_000_000,
                accounts=[_account(folder, account) for account in keys["accounts"]],
            )
        ),
    )


def _account(folder: Path, account: dict[str, str]) -> BinanceAccountSettings:
    """One account; its keys go to files, since a configuration never holds a key."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    files = {}
    for name in ("api_key", "api_secret"):
        files[name] = keys / f"{account['name']}.{name}"
        files[name].touch(mode=0o600)
        files[name].write_text(account[name], encoding="ascii")
    return BinanceAccountSettings(name=account["name"], key_file=str(files["api_key"]), secret_file=str(files["api_secret"]))
