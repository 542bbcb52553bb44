"""Speaks the public market stream of Binance USDⓈ-M over plain sockets: `python benchmarks/websocket_sender.py`.

Takes orders as `paced.py` says and sends one `markPriceUpdate` a frame in the combined envelope, uncompressed, of about 216
bytes as the venue's are. Handshake and frames are made by hand, so that the sender costs a tenth of what the receiver costs.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.market import ring, symbol_name
from benchmarks.paced import CHUNK_S, Order, chunk_sizes, orders, say

MOST = 2_000
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
STAMP_DIGITS = 13
INDEXES = {"e": "assetIndexUpdate", "s": "USDTUSD", "i": "1.00000000", "b": "0.0", "a": "0.0", "B": "1", "A": "1"}


class WebsocketSender:
    """One connection at a time; walks the ring of ticks."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._ticks = itertools.cycle([_frame(tick.symbol, tick.printed) for tick in ring()])
        self._client: socket.socket | None = None
        self._next_indexes = 0.0

    def accept(self) -> None:
        """Wait for the reader and shake hands."""
        self._client, _ = self._server.accept()
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = b""
        while b"\r\n\r\n" not in request:
            request += self._client.recv(4096)
        lines = dict(line.split(b": ", 1) for line in request.split(b"\r\n") if b": " in line)
        key = next(value for name, value in lines.items() if name.lower() == b"sec-websocket-key")
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        self._client.sendall(answer + accept + b"\r\n\r\n")

    def send(self, order: Order) -> int:
        """Carry out an order and say how many prices went out, the asset index of every second included.

        A reader that does not read slows it down.
        """
        if self._client is None:
            raise RuntimeError("nobody is connected")
        sent = 0
        for due in chunk_sizes(order, MOST):
            now_s = time.time()
            stamp = b"%d" % int(now_s * 1000)
            parts = [head + stamp + tail for head, tail in itertools.islice(self._ticks, due)]
            if now_s >= self._next_indexes:
                parts.append(_indexes(int(now_s * 1000)))
                self._next_indexes = now_s + 1
                sent += 1
            if parts:
                self._client.sendall(b"".join(parts))
            sent += due
            if due < MOST:
                time.sleep(CHUNK_S)
        return sent


def _frame(symbol: int, printed: str) -> tuple[bytes, bytes]:
    """A frame before and after its time of 13 digits."""
    name = symbol_name(symbol)
    head = f'{{"stream":"{name.lower()}@markPrice@1s","data":{{"e":"markPriceUpdate","E":'.encode()
    rest = {"s": name, "p": f"{printed}000000", "P": f"{printed}000000", "i": f"{printed}000000", "r": "0.00010000"}
    tail = f",{json.dumps({**rest, 'T': 1_795_392_000_000}, separators=(',', ':'))[1:]}}}".encode()
    return _header(len(head) + STAMP_DIGITS + len(tail)) + head, tail


def _indexes(stamp_ms: int) -> bytes:
    body = json.dumps({"stream": "!assetIndex@arr", "data": [{**INDEXES, "E": stamp_ms}]}).encode()
    return _header(len(body)) + body


def _header(size: int) -> bytes:
    """The header of an unmasked, unfragmented text frame of 126 to 65,535 bytes."""
    return struct.pack(">BBH", 0x81, 126, size)


def main() -> None:
    """Carry out orders until standard input ends."""
    sender = WebsocketSender()
    say(state="listening", port=sender.port)
    sender.accept()
    for order in orders():
        begun = time.monotonic()
        sent = sender.send(order)
        say(sent=sent, seconds=time.monotonic() - begun)


if __name__ == "__main__":
    main()
