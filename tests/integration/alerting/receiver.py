"""A webhook that collects what Alertmanager tells, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MOST_BYTES = 64 * 1024 * 1024


@dataclass
class Told:
    """One alert of one notification: by which path it came, its own state, its labels."""

    path: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass
class Receiver:
    """Everything told so far, in order. `wait_for` returns as soon as the condition holds."""

    url: str = ""
    told: list[Told] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, alertname: str, status: str | None = None, path: str | None = None, **labels: str) -> list[Told]:
        """What was told of an alert."""
        return [
            told
            for told in self.told
            if told.labels["alertname"] == alertname
            and status in (None, told.status)
            and path in (None, told.path)
            and labels.items() <= told.labels.items()
        ]

    async def wait_for(self, condition: Callable[[], object], timeout_s: float = 20.0) -> None:
        """Wait for news until the condition holds; fails with what was told so far."""
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            tail = [(told.path, told.status, told.labels) for told in self.told[-10:]]
            raise AssertionError(f"not told within {timeout_s} s; {len(self.told)} told, the last: {tail}") from None

    async def take(self, request: web.Request) -> web.Response:
        """One notification of Alertmanager (webhook version 4)."""
        body: dict[str, Any] = await request.json()
        for alert in body["alerts"]:
            self.told.append(Told(request.path, alert["status"], alert["labels"], alert["annotations"]))
        self._news.set()
        return web.Response()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free loopback port."""
    receiver = Receiver()
    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    receiver.url = f"http://127.0.0.1:{port}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
