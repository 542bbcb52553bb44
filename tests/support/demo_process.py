"""`marginwatch demo` as a process of its own, as a person starts it."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import aiohttp
import orjson

from tests.support.requirements import ROOT


class DemoProcess:
    """The demo on a free port. Use as an async context manager: it is stopped at the end, with Ctrl-C if it still runs."""

    def __init__(self, state: Path, *, crash_delay_s: int, crash_duration_s: int, fall_ratio: float = 0.2) -> None:
        self.state = state
        self.port = _free_port()
        self._crash = [f"--crash-delay={crash_delay_s}", f"--crash-duration={crash_duration_s}"]
        self._crash.append(f"--crash-fall={fall_ratio}")
        self._log = state / "demo.log"
        self.process: subprocess.Popen[bytes]
        self.http: aiohttp.ClientSession
        self.page_up_s = 0.0
        self.ready_s = 0.0
        self._began = 0.0

    async def __aenter__(self) -> Self:
        command = [sys.executable, "-m", "monitor", "demo", f"--port={self.port}", f"--state={self.state}", *self._crash]
        self._began = time.monotonic()
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)  # noqa: ASYNC220 - signals follow
        self.http = aiohttp.ClientSession(f"http://127.0.0.1:{self.port}")
        await until(lambda: self.answers("/livez"), 60)
        self.page_up_s = time.monotonic() - self._began
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.http.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def recording(self) -> Path:
        """The run's recording."""
        return next((self.state / "recordings").glob("*.mwr"))

    @property
    def output(self) -> str:
        """All that it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def ready(self) -> None:
        """Return once the daemon says that it is ready."""
        await until(lambda: self.answers("/readyz"), 120)
        self.ready_s = time.monotonic() - self._began

    async def answers(self, path: str) -> bool:
        """Whether the daemon answers 200 there."""
        try:
            async with self.http.get(path) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def get(self, path: str, **query: str) -> Any:
        """A JSON answer of the daemon."""
        async with self.http.get(path, params=query) as answer:
            assert answer.status == 200, await answer.text()
            return orjson.loads(await answer.read())

    async def all_accounts(self) -> list[dict[str, Any]]:
        """Every account of the API, page by page."""
        accounts: list[dict[str, Any]] = []
        query = {"limit": "200"}
        while True:
            page = await self.get("/api/v1/accounts", **query)
            accounts += page["accounts"]
            if not page.get("next_cursor"):
                return accounts
            query["cursor"] = page["next_cursor"]

    async def venue(self, path: str, body: dict[str, object] | None = None) -> Any:
        """A JSON answer of the simulated venue's controls; posts when there is a body."""
        url = orjson.loads((self.state / "venue-keys.json").read_bytes())["rest_url"]
        async with aiohttp.ClientSession(url) as http:
            request = http.get(path) if body is None else http.post(path, json=body)
            async with request as answer:
                assert answer.status == 200, await answer.text()
                return orjson.loads(await answer.read())

    async def stop(self) -> int:
        """Ctrl-C; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return await asyncio.to_thread(self.process.wait, 20)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Return once the condition holds; raises `TimeoutError` when it does not in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process answers, or does not
            await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
