"""One websocket that is kept open: connect, drain, rotate with overlap, connect again whatever ended it.

The reader only stamps the time of receipt and hands the frame to a sink that never waits, so the library's own queue never
fills: pings stay answered and nothing is late because of us (failure stories F3, F4). Every way in which a connection can
end leads to another one (F15); what cannot be connected is paced by backoff and by the venue's gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from connectors.venues.backoff import Backoff
from connectors.venues.rate_gate import RateGate
from monitor.domain.errors import Transient
from monitor.domain.ports import Clock

STOP_STATUSES = frozenset({403, 418, 429})
DEFAULT_STOP_S = {403: 300.0, 418: 120.0, 429: 60.0}
_FRAMES_IN_LIBRARY = 256
_HELD_S = 10.0


class FrameSink(Protocol):
    """What a socket tells its owner. None of these may wait."""

    def opened(self, connection: int) -> None:
        """A first or new connection is open; not called when a socket was only rotated."""

    def frame(self, raw: bytes, ts_recv_ns: int) -> None:
        """One frame, stamped."""

    def closed(self, reason: str) -> None:
        """The connection ended or could not be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketPolicy:
    """Times and limits of one socket, in seconds; see the settings of its venue."""

    rotate_after_s: float
    open_timeout_s: float
    close_timeout_s: float
    ping_interval_s: float
    compression: bool
    use_environment_proxy: bool


class SocketFeed:
    """Keeps one socket open for ever. `address` gives the URL for each attempt (it may fetch a key) and may raise Transient."""

    def __init__(
        self,
        address: Callable[[], Awaitable[str]],
        sink: FrameSink,
        policy: SocketPolicy,
        gate: RateGate,
        backoff: Backoff,
        clock: Clock,
    ) -> None:
        self._address = address
        self._sink = sink
        self._policy = policy
        self._gate = gate
        self._backoff = backoff
        self._clock = clock
        self._connection: ClientConnection | None = None
        self._cut_reason = ""
        self.connections = 0
        self.rotations = 0

    async def run(self) -> None:
        """Connect and read until cancelled."""
        while True:
            opened_at = asyncio.get_running_loop().time()
            reason = await self._life()
            self._sink.closed(reason)
            if asyncio.get_running_loop().time() - opened_at >= _HELD_S:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_s())

    def cut(self, reason: str) -> None:
        """Drop the connection at once, without a closing handshake: a socket that is silent will not answer one."""
        if self._connection is not None:
            self._cut_reason = reason
            self._connection.transport.abort()

    async def _life(self) -> str:
        """From one connection to its end; returns why it ended."""
        connection: ClientConnection | None = None
        self._cut_reason = ""
        try:
            connection = await self._open()
            self._connection = connection
            self._sink.opened(self.connections)
            while True:
                if await self._drain(connection):
                    connection = await self._rotate(connection)
                    self._connection = connection
        except ConnectionClosed as error:
            return self._cut_reason or _closing(error)
        except InvalidStatus as error:
            return self._refused(error)
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage, Transient) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            self._connection = None
            if connection is not None:
                connection.transport.abort()

    async def _open(self) -> ClientConnection:
        await self._gate.connect()
        address = await self._address()
        policy = self._policy
        connection = await connect(
            address,
            compression="deflate" if policy.compression else None,
            proxy=True if policy.use_environment_proxy else None,
            open_timeout=policy.open_timeout_s,
            close_timeout=policy.close_timeout_s,
            ping_interval=policy.ping_interval_s,
            ping_timeout=policy.ping_interval_s,
            max_queue=_FRAMES_IN_LIBRARY,
            max_size=2**24,
        )
        self.connections += 1
        return connection

    async def _drain(self, connection: ClientConnection) -> bool:
        """Read until the connection ends (raises ConnectionClosed) or is due for rotation (True)."""
        sink, clock = self._sink, self._clock
        try:
            async with asyncio.timeout(self._policy.rotate_after_s):
                while True:
                    raw = await connection.recv(decode=False)
                    sink.frame(raw, clock.now_ns())
        except TimeoutError:
            return True

    async def _rotate(self, old: ClientConnection) -> ClientConnection:
        """Open the next connection before the old one is closed; what came twice is for the sink to drop."""
        new = await self._open()
        self.rotations += 1
        self._connection = new
        await old.close()
        try:
            while True:
                self._sink.frame(await old.recv(decode=False), self._clock.now_ns())
        except ConnectionClosed:
            return new

    def _refused(self, error: InvalidStatus) -> str:
        status = error.response.status_code
        if status in STOP_STATUSES:
            wait = retry_after_s(error.response.headers.get("Retry-After"), status)
            self._gate.block(wait, f"HTTP {status}")
        return f"handshake refused with HTTP {status}"


def retry_after_s(header: str | None, status: int) -> float:
    """How long a refusal asks to stay away; a cautious default where it does not say."""
    if header is not None and header.isascii() and header.isdigit():
        return max(1.0, float(header))
    return DEFAULT_STOP_S.get(status, 60.0)


def _closing(error: ConnectionClosed) -> str:
    if error.rcvd is not None:
        return f"closed by the venue with {error.rcvd.code} {error.rcvd.reason}".rstrip()
    return "connection lost without a closing handshake"
