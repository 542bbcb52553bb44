"""Who listens to what, and what each of them is sent, faults included."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

import orjson
from aiohttp import WSMsgType, web

from connectors.simulator.exchange import Exchange
from connectors.simulator.faults import FaultSwitches
from connectors.simulator.market import Prices
from connectors.simulator.pushes import ForceOrderPush, PrivatePush, Push, TickPush
from connectors.simulator.stream_events import Payload, asset_index_events, mark_price_events

_WAITING_FRAMES = 4096  # a reader that is so far behind is cut off, as venues do
_SLOW_TICKS = 3  # streams without @1s come at every third tick
UNKNOWN_EVENT = b'{"e":"SIMULATED_UNKNOWN_EVENT","E":0,"x":{"y":null}}'


class Connection:
    """One socket: the market streams it asked for, or the account whose events it gets."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport, *, wrapped: bool) -> None:
        self.socket = socket
        self.transport = transport
        self.wrapped = wrapped
        self.streams: list[str] = []
        self.listen_key = ""
        self.events: frozenset[str] = frozenset()
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(_WAITING_FRAMES)

    def send(self, frame: bytes) -> None:
        """Queues a frame; a reader that does not keep up is cut off."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.transport.abort()

    async def write(self) -> None:
        """Sends what was queued until cancelled or disconnected."""
        try:
            while True:
                await self.socket.send_frame(await self._frames.get(), WSMsgType.TEXT)
        except (ConnectionError, RuntimeError):
            self.transport.abort()


class StreamHub:
    """All sockets of the venue. Faults are drawn from a seed of their own, so that they disturb nothing else."""

    def __init__(self, exchange: Exchange, faults: FaultSwitches) -> None:
        self.faults = faults
        self._exchange = exchange
        self._random = random.Random(f"{exchange.settings.seed}:faults")
        self.market: set[Connection] = set()
        self.private: dict[str, set[Connection]] = {}
        self.pushed = 0

    def add_private(self, account: str, connection: Connection) -> None:
        """Starts to send an account's events to a socket."""
        self.private.setdefault(account, set()).add(connection)

    def remove(self, connection: Connection) -> None:
        """Forgets a socket."""
        self.market.discard(connection)
        for listeners in self.private.values():
            listeners.discard(connection)

    def connections(self, kind: str) -> list[Connection]:
        """The sockets of one kind (`market`, `private`) or of all (`all`)."""
        private = [item for listeners in self.private.values() for item in listeners]
        return {"market": list(self.market), "private": private, "all": [*self.market, *private]}[kind]

    def publish(self, pushes: Iterable[Push]) -> None:
        """Sends what the exchange said."""
        for push in pushes:
            if isinstance(push, TickPush):
                self._publish_tick(push.prices)
            elif isinstance(push, ForceOrderPush):
                self._publish_force_order(push)
            else:
                self._publish_private(push)

    def tell(self, account: str, payload: Payload, listen_key: str) -> None:
        """Sends one message to the sockets of one listen key, whatever faults are on, and stops sending them events."""
        for connection in [item for item in self.private.get(account, ()) if item.listen_key == listen_key]:
            connection.send(framed(orjson.dumps(payload), connection, listen_key))
            self.private[account].discard(connection)

    def _publish_private(self, push: PrivatePush) -> None:
        listeners = self.private.get(push.account)
        if not listeners or self.faults.silent_private:
            return
        for event, data in self._frames_of(push):
            for connection in listeners:
                if not connection.events or event in connection.events or not event:
                    connection.send(framed(data, connection, connection.listen_key))
                    self.pushed += 1

    def _frames_of(self, push: PrivatePush) -> list[tuple[str, bytes]]:
        """(event name, JSON) of a push after the faults; an event name of "" goes to everybody."""
        faults = self.faults
        if push.is_fill and self._hits(faults.drop_fills_ratio):
            return []
        payloads = list(push.payloads)
        if len(payloads) > 1 and self._hits(faults.swap_ratio):
            payloads[-2:] = payloads[:-3:-1]
        frames: list[tuple[str, bytes]] = []
        for payload in payloads:
            data = orjson.dumps(_shifted(payload, faults.clock_shift_ms) if faults.clock_shift_ms else payload)
            event = str(payload["e"])
            if self._hits(faults.bad_json_ratio):
                frames.append(("", data[: len(data) // 2]))
            if self._hits(faults.unknown_event_ratio):
                frames.append(("", UNKNOWN_EVENT))
            frames += [(event, data)] * (2 if self._hits(faults.duplicate_ratio) else 1)
        return frames

    def _hits(self, ratio: float) -> bool:
        return ratio > 0 and self._random.random() < ratio

    def _publish_tick(self, prices: Prices) -> None:
        if self.faults.silent_market or not self.market:
            return
        frames = self._tick_frames(prices)
        slow = prices.tick % _SLOW_TICKS == 0
        for connection in self.market:
            for stream in connection.streams:
                name = stream.lower()
                every = name.endswith("@1s") or "assetindex" in name
                data = frames.get(name.removesuffix("@1s")) if every or slow else None
                if data is not None:
                    connection.send(framed(data, connection, stream))
                    self.pushed += 1

    def _tick_frames(self, prices: Prices) -> dict[str, bytes]:
        """JSON of a tick by stream name, in lower case and without its speed."""
        exchange, shift = self._exchange, self.faults.clock_shift_ms
        marks = mark_price_events(prices, exchange.catalogue, exchange.market.funding_rates, exchange.next_funding_ms, shift)
        marks = [item for item in marks if item["s"] not in self.faults.silent_symbols]
        indices = [
            item
            for item in asset_index_events(prices, exchange.catalogue, shift)
            if item["s"] not in self.faults.silent_symbols
        ]
        frames = {"!markprice@arr": orjson.dumps(marks), "!assetindex@arr": orjson.dumps(indices)}
        wanted = {stream.lower().removesuffix("@1s") for connection in self.market for stream in connection.streams}
        for suffix, events in (("@markprice", marks), ("@assetindex", indices)):
            for event in events:
                name = f"{event['s']}".lower() + suffix
                if name in wanted:
                    frames[name] = orjson.dumps(event)
        return frames

    def _publish_force_order(self, push: ForceOrderPush) -> None:
        if self.faults.silent_market:
            return
        data = orjson.dumps(push.payload)
        for connection in self.market:
            for stream in connection.streams:
                if stream.lower() in {"!forceorder@arr", f"{push.symbol.lower()}@forceorder"}:
                    connection.send(framed(data, connection, stream))


def framed(data: bytes, connection: Connection, stream: str) -> bytes:
    """The message as it goes out: alone, or in the envelope of combined streams."""
    if not connection.wrapped:
        return data
    return b'{"stream":"' + stream.encode() + b'","data":' + data + b"}"


def _shifted(payload: Payload, shift_ms: int) -> Payload:
    """The payload with its venue times moved."""
    moved: Payload = {}
    for name, value in payload.items():
        if name in {"E", "T"} and isinstance(value, int):
            moved[name] = value + shift_ms
        elif name == "o" and isinstance(value, dict):
            moved[name] = value | {"T": value["T"] + shift_ms}
        else:
            moved[name] = value
    return moved
