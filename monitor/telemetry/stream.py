"""The live stream (server-sent events): one message a beat for every browser, bounded whatever the browsers do.

A reader has one place for a message: when it is still busy with the one before, the newer takes the place of the waiting one
and the drop is counted. Nothing is queued, so a slow browser costs one message of memory, and it shows the newest when it can.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from monitor.domain.errors import BadInput
from monitor.telemetry.board_messages import BoardMessages
from monitor.telemetry.filters import PoolFilter

STUCK_AFTER_SECONDS = 15.0


class TooManyReaders(BadInput):
    """The stream serves as many browsers as it may."""


@dataclass(slots=True, eq=False)
class StreamReader:
    """One browser: its filter, and the newest message that it was not sent yet."""

    wanted: PoolFilter
    waiting: bytes | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: int = 0
    is_ended: bool = False

    def offer(self, message: bytes) -> bool:
        """Put the message in the one place; whether an older one was dropped for it."""
        dropped = self.waiting is not None
        self.dropped += dropped
        self.waiting = message
        self.arrived.set()
        return dropped

    def end(self) -> None:
        """Let the reader go: the daemon stops."""
        self.is_ended = True
        self.arrived.set()

    async def take(self) -> bytes | None:
        """The newest message, as soon as there is one; None when the daemon stops."""
        while self.waiting is None:
            if self.is_ended:
                return None
            self.arrived.clear()
            await self.arrived.wait()
        message, self.waiting = self.waiting, None
        return message


class Stream:
    """All readers, and the beat that serves them. No reader: no work."""

    def __init__(self, messages: BoardMessages, *, interval_seconds: float, most_readers: int) -> None:
        self._messages = messages
        self._interval_seconds = interval_seconds
        self._most_readers = most_readers
        self._readers: set[StreamReader] = set()
        self._joined = asyncio.Event()
        self.dropped = 0

    @property
    def readers(self) -> int:
        """How many browsers are on the stream."""
        return len(self._readers)

    async def run(self) -> None:
        """Build one message a filter and beat until cancelled; then the readers are let go, so that a stop is quick."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._joined.wait()
                beat = loop.time()
                await self._serve_beat()
                # The work of the beat is part of it: the next begins on time, or at once when this one took longer.
                await asyncio.sleep(max(0.0, beat + self._interval_seconds - loop.time()))
        finally:
            for reader in self._readers:
                reader.end()

    async def _serve_beat(self) -> None:
        scan_age_ns = int(self._interval_seconds * 0.5e9)
        for wanted in {reader.wanted for reader in self._readers}:
            message = await self._messages.message(wanted, scan_age_ns)
            for reader in self._readers:
                if reader.wanted == wanted:
                    self.dropped += reader.offer(message)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one browser until it goes, or until it takes nothing for some seconds."""
        wanted = PoolFilter.of_query(request.query)
        if len(self._readers) >= self._most_readers:
            raise TooManyReaders("too many readers, try again later", field="http.stream_clients", value=self._most_readers)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        response.headers["X-Accel-Buffering"] = "no"
        await response.prepare(request)
        await self._serve(StreamReader(wanted), response)
        return response

    async def _serve(self, reader: StreamReader, response: web.StreamResponse) -> None:
        # The first message is built at once: a page that opens does not wait for the beat.
        reader.offer(await self._messages.message(reader.wanted, int(self._interval_seconds * 1e9)))
        self._readers.add(reader)
        self._joined.set()
        try:
            while (message := await reader.take()) is not None:
                async with asyncio.timeout(STUCK_AFTER_SECONDS):
                    await response.write(b"retry: 1000\nevent: board\ndata: " + message + b"\n\n")
        except (ConnectionError, TimeoutError):
            return  # The browser went, or takes nothing: it comes back by itself and gets the newest.
        finally:
            self._readers.discard(reader)
            if not self._readers:
                self._joined.clear()
