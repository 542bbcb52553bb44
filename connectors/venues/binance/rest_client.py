"""Signed and public REST requests, inside the venue's limits.

Source: "General Info" of USDⓈ-M futures, developers.binance.com, read 2026-11-22: signature = hex HMAC-SHA256 of the query,
`X-MBX-USED-WEIGHT-1M` counts the address's weight, 429 and 418 carry Retry-After, 403 is the firewall.
Weights are from the pages of the endpoints; the venue's own count corrects them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from connectors.venues.binance.credentials import Credentials
from connectors.venues.binance.decoding import decode
from connectors.venues.binance.numbers import nanoseconds
from connectors.venues.binance.settings import BinanceSettings
from connectors.venues.rate_gate import RateGate
from connectors.venues.socket_feed import STOP_STATUSES, retry_after_s
from monitor.domain.errors import Transient
from monitor.domain.ports import Clock

TIMESTAMP_OUTSIDE_WINDOW = -1021
LISTEN_KEY_UNKNOWN = -1125

WEIGHTS = {
    "/fapi/v1/time": 1,
    "/fapi/v1/exchangeInfo": 1,
    "/fapi/v1/premiumIndex": 10,
    "/fapi/v1/assetIndex": 10,
    "/fapi/v1/leverageBracket": 1,
    "/fapi/v1/listenKey": 1,
    "/fapi/v3/account": 5,
    "/fapi/v3/positionRisk": 5,
    "/fapi/v1/accountConfig": 5,
    "/fapi/v1/symbolConfig": 5,
    "/fapi/v1/userTrades": 5,
    "/fapi/v1/income": 30,
    "/sapi/v1/account/apiRestrictions": 1,
}


class RestRefused(Transient):
    """The venue refused a request: HTTP status, its own code (0 where it gave none) and text."""

    def __init__(self, path: str, status: int, code: int, message: str) -> None:
        super().__init__(path, status, code, message)
        self.path = path
        self.status = status
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: HTTP {self.status}, code {self.code}: {self.message}"


class RestUnreachable(Transient):
    """No answer: connection refused, cut, or too late."""


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """The bytes of a good answer with our times right before the request and right after the answer."""

    body: bytes
    sent_ns: int
    received_ns: int


class _Error(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _ServerTime(msgspec.Struct, rename={"server_time_ms": "serverTime"}):
    server_time_ms: int


_error = msgspec.json.Decoder(_Error)
_server_time = msgspec.json.Decoder(_ServerTime)
_Query = Callable[[], str]


class BinanceRest:
    """All requests of one connection to the venue; bounded in number, weight and time. `offset_ns`: venue less our clock."""

    def __init__(self, settings: BinanceSettings, session: aiohttp.ClientSession, gate: RateGate, clock: Clock) -> None:
        self._settings = settings
        self._session = session
        self._gate = gate
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.request_concurrency)
        self._timeout = aiohttp.ClientTimeout(total=settings.request_timeout_s)
        self.offset_ns = 0
        self.requests = 0

    async def public(self, path: str, parameters: dict[str, str] | None = None) -> RestAnswer:
        """A request that needs no key."""
        return await self._send("GET", self._settings.rest_url, path, lambda: urlencode(parameters or {}), {})

    async def keyed(self, method: str, path: str, credentials: Credentials) -> RestAnswer:
        """A request that needs the key alone (listen keys)."""
        return await self._send(method, self._settings.rest_url, path, str, {"X-MBX-APIKEY": credentials.key})

    async def signed(
        self, path: str, credentials: Credentials, parameters: dict[str, str] | None = None, base: str | None = None
    ) -> RestAnswer:
        """A signed GET. A timestamp outside the venue's window is measured anew and sent once more."""
        address = self._settings.rest_url if base is None else base
        headers = {"X-MBX-APIKEY": credentials.key}
        try:
            return await self._send("GET", address, path, lambda: self._query(credentials, parameters), headers)
        except RestRefused as error:
            if error.code != TIMESTAMP_OUTSIDE_WINDOW:
                raise
        await self.measure_clock()
        return await self._send("GET", address, path, lambda: self._query(credentials, parameters), headers)

    async def measure_clock(self) -> int:
        """The venue's clock less ours at the middle of one request, in ns; kept in `offset_ns`."""
        answer = await self.public("/fapi/v1/time")
        middle = (answer.sent_ns + answer.received_ns) // 2
        server_time_ms = decode(_server_time, answer.body, "/fapi/v1/time").server_time_ms
        self.offset_ns = nanoseconds(server_time_ms, "serverTime", "/fapi/v1/time") - middle
        return self.offset_ns

    def _query(self, credentials: Credentials, parameters: dict[str, str] | None) -> str:
        # Built when the request is let through: a timestamp from before a wait would be refused.
        stamp = (self._clock.now_ns() + self.offset_ns) // 1_000_000
        window = str(self._settings.receive_window_ms)
        query = urlencode({**(parameters or {}), "recvWindow": window, "timestamp": str(stamp)})
        return f"{query}&signature={credentials.sign(query)}"

    async def _send(self, method: str, base: str, path: str, query: _Query, headers: dict[str, str]) -> RestAnswer:
        async with self._slots:
            await self._gate.request(WEIGHTS[path])
            text = query()
            address = f"{base}{path}?{text}" if text else f"{base}{path}"
            self.requests += 1
            sent_ns = self._clock.now_ns()
            try:
                async with self._session.request(
                    method, URL(address, encoded=True), headers=headers, timeout=self._timeout, allow_redirects=False
                ) as response:
                    body = await response.read()
                    received_ns = self._clock.now_ns()
                    self._note(response)
                    if response.status == 200:
                        return RestAnswer(body, sent_ns, received_ns)
                    raise self._refusal(path, response, body)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise RestUnreachable(f"{path}: {type(error).__name__}") from error

    def _note(self, response: aiohttp.ClientResponse) -> None:
        used = response.headers.get("X-MBX-USED-WEIGHT-1M", "")
        if used.isascii() and used.isdigit():
            self._gate.note_used(int(used))

    def _refusal(self, path: str, response: aiohttp.ClientResponse, body: bytes) -> RestRefused:
        if response.status in STOP_STATUSES:
            wait = retry_after_s(response.headers.get("Retry-After"), response.status)
            self._gate.block(wait, f"HTTP {response.status}")
        try:
            error = _error.decode(body)
        except msgspec.DecodeError:
            error = _Error()
        return RestRefused(path, response.status, error.code, error.msg)
